"""What a person may set about a run that brings words and pictures together, and presets that work or break."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar

from engines.knobs import Config, Preset, knob, seed_knob
from engines.messages import ConfigError

ENGINE = "clip_training"  # the name of its runs
TITLE = "Words and pictures"
SIZE = 32  # pixels a side of the pictures
MAX_WORK_PER_STEP = 2**38  # multiplications; about ten seconds on two CPU cores
MAX_WORK_PER_RUN = 2**51


@dataclass(frozen=True)
class ClipConfig(Config):
    """Settings of one training run of a picture encoder against frozen sentence vectors."""

    time_of: ClassVar[tuple[str, ...]] = ("steps", "width", "batch")
    data_of: ClassVar[tuple[str, ...]] = ("language",)

    language: str = knob(
        "both",
        "Names of emoji",
        "In which language it is told what a picture shows. The vectors know both, so one helps with the other.",
        choices={"both": "English and Chinese", "en": "English alone", "zh": "Chinese alone"},
    )
    batch: int = knob(
        128, "Batch size", "Pictures and names a step: each picture must find its own name among so many.", low=2,
        high=512, step=1,
    )  # fmt: skip
    temperature: float = knob(
        0.07, "Temperature at the start", "Similarities are divided by it: small asks for a clear winner.", low=0.001,
        high=10.0,
    )  # fmt: skip
    fixed: bool = knob(False, "Keep the temperature", "Else it is learnt with all else.")
    steps: int = knob(600, "Steps", "How many updates before the run ends.", low=10, high=100_000, step=10)
    augment: bool = knob(
        True, "Vary the pictures", "Each is shifted, turned and scaled a little, at every step anew.", more=True
    )
    part: float = knob(
        1.0, "Part of the emoji", "The share that is learnt from; the rest is left out.", low=0.02, high=1.0, more=True
    )
    width: int = knob(24, "Width", "Channels of the first convolution.", low=4, high=128, step=4, more=True)
    space: int = knob(64, "Size of the space", "Numbers that stand for a picture or a name.", low=2, high=256, step=2,
                      more=True)  # fmt: skip
    lr: float = knob(3e-3, "Learning rate", "How far each step moves the weights.", low=1e-6, high=10.0, more=True)
    dropout: float = knob(
        0.1, "Dropout", "Share of numbers left out at random, against learning by heart.", low=0.0, high=0.8, more=True
    )
    decay: float = knob(0.05, "Weight decay", "How strongly weights are pulled to zero.", low=0.0, high=1.0, more=True)
    seed: int = seed_knob()

    def check(self) -> None:
        """Bounds the memory and time of a step, and the time of the run."""
        work = 3 * self.batch * 9 * self.width**2 * SIZE**2
        if work > MAX_WORK_PER_STEP:
            raise ConfigError("Width and Batch size are too large together; lower one.")
        if work * self.steps > MAX_WORK_PER_RUN:
            raise ConfigError(
                "With this Width and Batch size there may be at most {steps} steps.", steps=MAX_WORK_PER_RUN // work
            )


PRESETS: Mapping[str, Preset] = MappingProxyType(
    {
        "default": Preset(
            "Emoji and their names",
            "In English and Chinese: the diagonal lights up within a minute.",
        ),
        "english": Preset(
            "English alone",
            "No Chinese name is learnt from; look at how many are found all the same.",
            {"language": "en"},
        ),
        "few": Preset(
            "Few at a time",
            "Among four names it is easy to find the right one, and little is learnt from it.",
            {"batch": 4},
        ),
        "long": Preset(
            "A larger one, for longer",
            "More channels and steps: it finds nearly all names that it has learnt, and a few more of the others.",
            {"width": 48, "steps": 4000, "dropout": 0.2},
        ),
        "rate": Preset(
            "Break it: learning rate too high",
            "Each step overshoots: all pictures land in one place, and it can only guess.",
            {"lr": 3.0},
        ),
        "flat": Preset(
            "Break it: temperature too high",
            "Similarities divided by ten are all alike: the loss stays at that of guessing, whatever it knows.",
            {"temperature": 10.0, "fixed": True},
        ),
        "by_heart": Preset(
            "Break it: learning by heart",
            "Few emoji, always the same: soon it knows every one of them, and none of the others.",
            {"part": 0.1, "augment": False, "batch": 64, "dropout": 0.0},
        ),
    }
)
