"""What a person may set about a VAE run, and presets that work or break in an instructive way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar

from engines.data.cards import DATASETS
from engines.knobs import Config, Preset, knob, seed_knob
from engines.messages import ConfigError

ENGINE = "vae_training"  # the name of its runs
# One step is about 2 x batch x features^2 x size^2 multiplications, up to a constant.
MAX_WORK_PER_STEP = 2**34  # about two seconds on two CPU cores, and less than 4 GB of activations
MAX_WORK_PER_RUN = 2**49  # about a day on two CPU cores


@dataclass(frozen=True)
class VaeConfig(Config):
    """Settings of one training run of a variational autoencoder."""

    time_of: ClassVar[tuple[str, ...]] = (
        "steps",
        "dataset",
        "architecture",
        "likelihood",
        "conditional",
        "size",
        "latent",
        "features",
        "batch",
    )
    data_of: ClassVar[tuple[str, ...]] = ("dataset", "whole", "size")
    loss_of: ClassVar[tuple[str, ...]] = ("likelihood", "sigma", "binarise", "beta")
    free_in_a_fork: ClassVar[tuple[str, ...]] = ("beta", "sigma", "lr", "batch", "steps")

    dataset: str = knob(
        "fashion_mnist",
        "Dataset",
        "The real pictures that it learns to write down in a few numbers, and to draw from them.",
        choices={name: card.label or card.title for name, card in DATASETS.items()} | {"own": "Your own pictures"},
    )
    architecture: str = knob(
        "conv",
        "Architecture",
        "Convolutions know that neighbouring pixels belong together; the MLP of 2014 treats every pixel by itself.",
        choices={"conv": "Convolutions", "mlp": "MLP"},
    )
    likelihood: str = knob(
        "gaussian",
        "Likelihood",
        "What a pixel's distance from its reconstruction costs: squared, or as a coin that shows black or white.",
        choices={"gaussian": "Gaussian", "bernoulli": "Bernoulli"},
    )
    latent: int = knob(
        16,
        "Latent size",
        "In how many numbers a picture is written down; with 2 the map shows all of them.",
        low=2,
        high=64,
        step=1,
    )
    beta: float = knob(
        1.0,
        "Beta",
        "How much the KL divergence weighs: 1 is a VAE, more is tidier and blurrier, 0 an autoencoder.",
        low=0.0,
        high=1000.0,
    )
    conditional: bool = knob(
        False, "Class-conditional", "Both networks are told the class, so that you can ask for one."
    )
    sigma: float = knob(
        0.3,
        "Noise of a pixel",
        "Standard deviation of the Gaussian, where white is 1: less keeps more detail and leaves more holes; 0 takes"
        " what suits the errors best.",
        low=0.0,
        high=1.0,
        more=True,
    )
    binarise: bool = knob(
        False,
        "Black and white",
        "Draws each pixel anew as black or white, its grey being the chance, as published likelihoods of MNIST"
        " do; for Bernoulli.",
        more=True,
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
    features: int = knob(
        16,
        "Features",
        "Width of both networks; wider draws better and slower.",
        low=8,
        high=128,
        step=8,
        more=True,
    )
    batch: int = knob(
        32,
        "Batch size",
        "How many pictures it looks at in one step.",
        low=4,
        high=512,
        step=4,
        more=True,
    )
    steps: int = knob(
        20_000,
        "Steps",
        "How often both networks are updated before the run ends.",
        low=10,
        high=200_000,
        step=10,
        more=True,
    )
    lr: float = knob(4e-3, "Learning rate", "How far each step moves both networks.", low=1e-6, high=0.5, more=True)
    seed: int = seed_knob()

    def check(self) -> None:
        """Bounds the memory and time of a step, and the time of the run; and what does not go together."""
        if self.binarise and self.likelihood != "bernoulli":
            raise ConfigError(
                "Black and white pixels are for the Bernoulli likelihood: choose that, or switch them off."
            )
        if 0 < self.sigma < 0.01:
            raise ConfigError("Noise of a pixel must be 0, or at least {least}.", least=0.01)
        work = 2 * self.batch * self.features**2 * self.size**2
        if work > MAX_WORK_PER_STEP:
            raise ConfigError("Batch size, Features and Image size are too large together; lower one.")
        if work * self.steps > MAX_WORK_PER_RUN:
            raise ConfigError(
                "With this Batch size, these Features and this Image size there may be at most {steps} steps.",
                steps=MAX_WORK_PER_RUN // work,
            )


PRESETS: Mapping[str, Preset] = MappingProxyType(
    {
        "default": Preset("Fast and good", "Clothes that you can recognise within seconds, and a map of them."),
        "map": Preset(
            "A map of digits",
            "Two latent numbers only: every digit has its place on a map that you can walk on.",
            {"dataset": "mnist", "latent": 2, "likelihood": "bernoulli"},
        ),
        "digits": Preset(
            "Digits by class",
            "It is told which digit to draw, so the latent numbers are left to tell of the handwriting.",
            {"dataset": "mnist", "conditional": True},
        ),
        "emoji": Preset("Emoji in colour", "Small faces and things in colour.", {"dataset": "emoji", "size": 32}),
        "collapse": Preset(
            "Break it: posterior collapse",
            "The KL divergence weighs so much that the encoder says nothing, and every picture comes out the same.",
            {"beta": 1000.0},
        ),
        "blurry": Preset(
            "Break it: blurry pictures",
            "The KL divergence weighs too much: few latent numbers are used, and details are averaged away.",
            {"beta": 20.0},
        ),
        "holes": Preset(
            "Break it: holes in the latent space",
            "Nothing holds the latent numbers together: reconstructions are sharp, but new pictures are of nothing.",
            {"beta": 0.0},
        ),
    }
)
