"""What a person may set about a diffusion run, and presets that work or break in an instructive way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar

from engines.data.cards import DATASETS
from engines.knobs import Config, Preset, knob, seed_knob
from engines.messages import ConfigError

ENGINE = "diffusion_training"  # the name of its runs
# One step is about batch x features^2 x (size after the first layer)^2 multiplications, up to a constant.
MAX_WORK_PER_STEP = 2**30  # about four seconds on two CPU cores, and less than 4 GB of activations
MAX_WORK_PER_RUN = 2**45  # about a day on two CPU cores


@dataclass(frozen=True)
class DiffusionConfig(Config):
    """Settings of one training run of a diffusion model, and of how pictures are then made."""

    time_of: ClassVar[tuple[str, ...]] = ("steps", "dataset", "objective", "conditional", "size", "features", "batch")
    data_of: ClassVar[tuple[str, ...]] = ("dataset", "whole", "size")
    loss_of: ClassVar[tuple[str, ...]] = ("objective",)
    free_in_a_fork: ClassVar[tuple[str, ...]] = ("lr", "batch", "steps", "guidance", "sampler", "sampling_steps")

    dataset: str = knob(
        "fashion_mnist",
        "Dataset",
        "The real pictures that the network learns to draw out of noise.",
        choices={name: card.label or card.title for name, card in DATASETS.items()} | {"own": "Your own pictures"},
    )
    objective: str = knob(
        "flow",
        "Objective",
        "What the network predicts of a noisy picture, and along which path noise is mixed in.",
        choices={"flow": "Flow matching", "epsilon": "DDPM: the noise", "v": "DDPM: v"},
    )
    conditional: bool = knob(
        True, "Class-conditional", "The network is told the class, so that you can ask for one and guide towards it."
    )
    guidance: float = knob(
        1.0,
        "Guidance scale",
        "How far samples are pushed towards their class; 1 is none, large is garish.",
        low=0.0,
        high=30.0,
        step=0.5,
    )
    sampler: str = knob(
        "dpmpp",
        "Sampler",
        "How noise becomes a picture, step by step.",
        choices={
            "euler": "Euler (DDIM)",
            "heun": "Heun",
            "dpmpp": "DPM-Solver++ (2M)",
            "ddpm": "DDPM: with fresh noise",
        },
        more=True,
    )
    sampling_steps: int = knob(
        10, "Sampling steps", "Steps from noise to a picture; few are quick and rough.", low=1, high=200, step=1
    )
    whole: bool = knob(
        False, "Whole dataset", "Download all the pictures instead of using the bundled ones.", more=True
    )
    pictures: int = knob(
        0,
        "Training pictures",
        "Learn from only so many of the pictures; 0 takes them all.",
        low=0,
        high=100_000,
        step=1,
        more=True,
    )
    size: int = knob(
        28,
        "Image size",
        "Width and height of the pictures; larger is slower.",
        choices={28: "28 px", 32: "32 px", 64: "64 px"},
        more=True,
    )
    features: int = knob(
        32,
        "Features",
        "Width of the network; wider draws better and slower.",
        low=8,
        high=128,
        step=8,
        more=True,
    )
    batch: int = knob(
        32, "Batch size", "Pictures that the network learns from in one step.", low=4, high=512, step=4, more=True
    )
    steps: int = knob(
        10_000,
        "Steps",
        "How often the network is updated before the run ends.",
        low=10,
        high=200_000,
        step=10,
        more=True,
    )
    lr: float = knob(2e-3, "Learning rate", "How far each step moves the network.", low=1e-6, high=0.5, more=True)
    ema: float = knob(
        0.999,
        "EMA",
        "Pictures come from a running average of the weights, which is steadier; 0 switches it off.",
        low=0.0,
        high=0.9999,
        more=True,
    )
    seed: int = seed_knob()

    def check(self) -> None:
        """Bounds the memory and time of a step, and the time of the run."""
        work = self.batch * self.features**2 * grid_side(self.size) ** 2
        if work > MAX_WORK_PER_STEP:
            raise ConfigError("Batch size, Features and Image size are too large together; lower one.")
        if work * self.steps > MAX_WORK_PER_RUN:
            raise ConfigError(
                "With this Batch size, these Features and this Image size there may be at most {steps} steps.",
                steps=MAX_WORK_PER_RUN // work,
            )


def patch(size: int) -> int:
    """Pixels on a side that the network takes as one place: convolutions over all pixels take four times as long."""
    return 4 if size > 32 else 2


def grid_side(size: int) -> int:
    """Places on a side of the network's largest map."""
    return size // patch(size)


PRESETS: Mapping[str, Preset] = MappingProxyType(
    {
        "default": Preset("Fast and good", "Clothes out of noise, of the class that you ask for."),
        "digits": Preset("Digits", "Handwritten digits, which are soon learned.", {"dataset": "mnist"}),
        "emoji": Preset("Emoji in colour", "Faces and signs at 32 px.", {"dataset": "emoji", "size": 32}),
        "ddpm": Preset(
            "DDPM of 2020",
            "The network predicts the noise, and every step of sampling adds fresh noise: 100 small steps.",
            {"objective": "epsilon", "sampler": "ddpm", "sampling_steps": 100},
        ),
        "few_steps": Preset(
            "Break it: too few steps",
            "Two steps from noise to a picture, each to an average of many pictures: a blur.",
            {"sampling_steps": 2, "sampler": "euler"},
        ),
        "guided_too_far": Preset(
            "Break it: guidance too high",
            "Samples are pushed so hard towards their class that they burn out.",
            {"guidance": 15.0},
        ),
        "memorise": Preset(
            "Break it: learning by heart",
            "Twenty pictures only: soon all samples are copies of them.",
            {"pictures": 20},
        ),
        "lr_too_high": Preset(
            "Break it: learning rate too high",
            "Each step overshoots, and the network forgets what it knew.",
            {"lr": 0.3, "ema": 0.0},
        ),
    }
)
