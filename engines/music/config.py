"""What a person may set about a network that learns chorales, and presets that work or break instructively."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar

from engines.knobs import Config, Preset, knob, seed_knob
from engines.messages import ConfigError

ENGINE = "music"  # the name of its runs
TITLE = "Chorales"
# A step is about 6 x parameters x rows multiplications.
MAX_WORK_PER_STEP = 2**39  # about ten seconds on two CPU cores
MAX_WORK_PER_RUN = 2**54


@dataclass(frozen=True)
class MusicConfig(Config):
    """Settings of one training run of a chorale network."""

    time_of: ClassVar[tuple[str, ...]] = ("steps", "layers", "width", "rows", "batch")
    data_of: ClassVar[tuple[str, ...]] = ()
    free_in_a_fork: ClassVar[tuple[str, ...]] = ("lr", "batch", "steps", "dropout", "decay")

    layers: int = knob(6, "Layers", "How many blocks, one after the other.", low=1, high=24, step=1)
    width: int = knob(128, "Width", "Numbers for each sixteenth between the layers.", low=16, high=512, step=16)
    steps: int = knob(2000, "Steps", "How many updates before the run ends.", low=10, high=200_000, step=10)
    transpose: bool = knob(
        True, "All keys", "Each piece is learnt in all keys in which its voices keep to their ranges."
    )
    part: float = knob(
        1.0, "Part of the chorales", "The share that is learnt from; the rest is left out.", low=0.005, high=1.0,
        more=True,
    )  # fmt: skip
    rows: int = knob(
        64, "Sixteenths", "How long a passage the model sees while it learns.", low=16, high=256, step=16, more=True
    )
    batch: int = knob(16, "Batch size", "Passages a step.", low=1, high=512, step=1, more=True)
    lr: float = knob(5e-3, "Learning rate", "How far each step moves the weights.", low=1e-6, high=1.0, more=True)
    dropout: float = knob(
        0.0, "Dropout", "Share of numbers left out at random, against learning by heart.", low=0.0, high=0.8, more=True
    )
    decay: float = knob(0.05, "Weight decay", "How strongly weights are pulled to zero.", low=0.0, high=1.0, more=True)
    seed: int = seed_knob()

    def check(self) -> None:
        """Bounds the memory and time of a step, and the time of the run."""
        weights = 4 * self.layers * self.width**2 + 900 * self.width
        work = 6 * weights * self.batch * self.rows
        if work > MAX_WORK_PER_STEP:
            raise ConfigError("Layers, Width, Sixteenths and Batch size are too large together; lower one.")
        if work * self.steps > MAX_WORK_PER_RUN:
            raise ConfigError(
                "With these Layers, this Width, Sixteenths and Batch size there may be at most {steps} steps.",
                steps=MAX_WORK_PER_RUN // work,
            )


PRESETS: Mapping[str, Preset] = MappingProxyType(
    {
        "default": Preset(
            "Chorales in four voices",
            "From single notes to chords that follow one another as Bach's do, in a minute or two.",
        ),
        "small": Preset(
            "A small network",
            "Three layers see less than two quarters to either side: chords become right, phrases do not.",
            {"layers": 3, "width": 64},
        ),
        "long": Preset(
            "A larger one, for longer",
            "Ten layers and more steps: after a quarter of an hour the voices lead one another.",
            {"layers": 10, "width": 192, "steps": 8000, "dropout": 0.1},
        ),
        "one_key": Preset(
            "In their own keys alone",
            "Without transposing there is less to learn from: soon new chorales cost it more.",
            {"transpose": False},
        ),
        "rate": Preset(
            "Break it: learning rate too high",
            "Each step overshoots: it learns how often each note comes, and nothing more.",
            {"lr": 0.5},
        ),
        "by_heart": Preset(
            "Break it: learning by heart",
            "Three chorales, and nothing against it: soon it recites, and knows new ones less and less.",
            {"part": 0.01, "transpose": False},
        ),
    }
)
