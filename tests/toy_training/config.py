"""What a person may set about a toy run."""

from __future__ import annotations

from dataclasses import dataclass

from engines.data.cards import DATASETS
from engines.knobs import Config, Preset, knob, seed_knob

ENGINE = "toy_training"


@dataclass(frozen=True)
class ToyConfig(Config):
    """Settings of a model that knows the mean picture and how noisy each pixel is."""

    dataset: str = knob("mnist", "Dataset", choices={**{name: name for name in DATASETS}, "own": "Your own pictures"})
    conditional: bool = knob(False, "Class-conditional")
    whole: bool = knob(False, "Whole dataset", more=True)
    size: int = knob(28, "Image size", choices={28: "28 px", 32: "32 px", 64: "64 px"}, more=True)
    batch: int = knob(64, "Batch size", low=4, high=512, step=4, more=True)
    steps: int = knob(2000, "Steps", low=10, high=200_000, step=10, more=True)
    lr: float = knob(0.05, "Learning rate", low=1e-6, high=1.0, more=True)
    seed: int = seed_knob()


PRESETS = {"default": Preset("Mean and noise", "The mean picture, and noise around it.")}
