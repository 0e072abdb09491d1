"""What a person may set about a GAN run, and presets that work or break in an instructive way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar

from engines.data.cards import DATASETS
from engines.knobs import Config, Preset, knob, seed_knob
from engines.messages import ConfigError

ENGINE = "gan_training"  # the name of its runs
# One step is about (D steps + 1) x batch x features^2 x size^2 multiplications, up to a constant.
MAX_WORK_PER_STEP = 2**34  # about two seconds on two CPU cores, and less than 4 GB of activations
MAX_WORK_PER_RUN = 2**49  # about a day on two CPU cores


@dataclass(frozen=True)
class GanConfig(Config):
    """Settings of one adversarial training run."""

    time_of: ClassVar[tuple[str, ...]] = (
        "steps", "dataset", "architecture", "objective", "conditional", "size", "latent", "features", "batch",
        "d_steps",
    )  # fmt: skip
    data_of: ClassVar[tuple[str, ...]] = ("dataset", "whole", "size")
    loss_of: ClassVar[tuple[str, ...]] = ("objective",)
    free_in_a_fork: ClassVar[tuple[str, ...]] = ("lr_g", "lr_d", "batch", "steps", "d_steps", "gamma", "beta1")

    dataset: str = knob(
        "fashion_mnist",
        "Dataset",
        "The real pictures that G learns to imitate.",
        choices={name: card.label or card.title for name, card in DATASETS.items()} | {"own": "Your own pictures"},
    )
    architecture: str = knob(
        "dcgan",
        "Architecture",
        "DCGAN draws with convolutions; the MLP of 2014 treats every pixel by itself.",
        choices={"dcgan": "DCGAN", "mlp": "MLP"},
    )
    objective: str = knob(
        "non_saturating",
        "Objective",
        "What D and G compete for.",
        choices={
            "non_saturating": "Non-saturating",
            "least_squares": "Least squares",
            "wgan_gp": "WGAN-GP",
            "hinge": "Hinge",
            "relativistic": "Relativistic + R1 + R2",
            "minimax": "Minimax, saturating",
        },
    )
    conditional: bool = knob(
        True, "Class-conditional", "Both networks are told the class, so that you can ask for one."
    )
    whole: bool = knob(
        False, "Whole dataset", "Download all the pictures instead of using the bundled ones.", more=True
    )
    size: int = knob(
        28,
        "Image size",
        "Width and height of the pictures; larger is slower.",
        choices={28: "28 px", 32: "32 px", 64: "64 px"},
        more=True,
    )
    latent: int = knob(
        32,
        "Latent size",
        "How many random numbers G starts a picture from.",
        low=2,
        high=512,
        step=1,
        more=True,
    )
    features: int = knob(
        32,
        "Features",
        "Width of both networks; wider draws better and slower.",
        low=8,
        high=128,
        step=8,
        more=True,
    )
    batch: int = knob(
        64,
        "Batch size",
        "Pictures of each kind that D compares in one step.",
        low=4,
        high=512,
        step=4,
        more=True,
    )
    steps: int = knob(
        20_000,
        "Steps",
        "How often G is updated before the run ends.",
        low=10,
        high=200_000,
        step=10,
        more=True,
    )
    lr_g: float = knob(2e-3, "Learning rate of G", "How far each step moves G.", low=1e-6, high=0.5, more=True)
    lr_d: float = knob(2e-3, "Learning rate of D", "How far each step moves D.", low=1e-6, high=0.5, more=True)
    beta1: float = knob(
        0.5,
        "Beta1",
        "Momentum of Adam; GANs like less than the usual 0.9.",
        low=0.0,
        high=0.99,
        step=0.01,
        more=True,
    )
    d_steps: int = knob(
        1,
        "D steps per G step",
        "How often D learns for each time G does.",
        low=1,
        high=10,
        step=1,
        more=True,
    )
    gamma: float = knob(
        1.0,
        "Gradient penalty",
        "How strongly D's gradient is held back, 1 being usual; only for WGAN-GP and Relativistic.",
        low=0.0,
        high=100.0,
        more=True,
    )
    ema: float = knob(
        0.98,
        "EMA",
        "Pictures come from a running average of G's weights, which is steadier; 0 switches it off.",
        low=0.0,
        high=0.9999,
        more=True,
    )
    seed: int = seed_knob()

    def check(self) -> None:
        """Bounds the memory and time of a step, and the time of the run."""
        work = (self.d_steps + 1) * self.batch * self.features**2 * self.size**2
        if work > MAX_WORK_PER_STEP:
            raise ConfigError(
                "Batch size, Features, Image size and D steps per G step are too large together; lower one."
            )
        if work * self.steps > MAX_WORK_PER_RUN:
            raise ConfigError(
                "With this Batch size, these Features and this Image size there may be at most {steps} steps.",
                steps=MAX_WORK_PER_RUN // work,
            )


PRESETS: Mapping[str, Preset] = MappingProxyType(
    {
        "default": Preset("Fast and good", "Clothes that you can recognise long before the run is over."),
        "steady": Preset(
            "Steadier: R3GAN",
            "The relativistic objective with both gradient penalties: slower, and hard to upset.",
            {"objective": "relativistic", "conditional": False},
        ),
        "digits": Preset(
            "Digits by class",
            "G is told which digit to draw, so that you can ask for one.",
            {"dataset": "mnist"},
        ),
        "emoji": Preset(
            "Emoji in colour",
            "Small faces and things in colour.",
            {"dataset": "emoji", "size": 32, "conditional": False},
        ),
        "mode_collapse": Preset(
            "Break it: mode collapse",
            "D learns so slowly that G fools it with one or two pictures, and draws only those.",
            {"architecture": "mlp", "conditional": False, "lr_g": 3e-3, "lr_d": 5e-5, "beta1": 0.9, "ema": 0.9},
        ),
        "d_too_strong": Preset(
            "Break it: D too strong",
            "D is always right, so the gradient of G vanishes and it learns nothing.",
            {"objective": "minimax", "conditional": False, "d_steps": 5, "lr_g": 2e-4},
        ),
        "lr_too_high": Preset(
            "Break it: learning rate too high",
            "Each step overshoots: the losses explode and the pictures are garbage.",
            {"architecture": "mlp", "conditional": False, "lr_g": 0.03, "lr_d": 0.03, "ema": 0.0},
        ),
    }
)
