"""What a person may set about a VAE of melodies, and presets that work or break instructively."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar

from engines.knobs import Config, Preset, knob, seed_knob
from engines.messages import ConfigError

ENGINE = "melodies"  # the name of its runs
TITLE = "Melody VAE"
BOTH, REELS, JIGS = "both", "4/4", "6/8"
GRU, CONV = "gru", "conv"
TOLD = 48  # numbers that stand for a token
LOG_VARIANCE = (-14.0, 8.0)  # of q(z|x); with a beta of 0 it would go on falling for ever
# A step is about 6 x batch x 32 x 8 width^2 multiplications.
MAX_WORK_PER_STEP = 2**37  # about three seconds on two CPU cores
MAX_WORK_PER_RUN = 2**53


@dataclass(frozen=True)
class MelodyConfig(Config):
    """Settings of one training run of a VAE of two-bar melodies."""

    time_of: ClassVar[tuple[str, ...]] = ("steps", "decoder", "width", "batch")
    data_of: ClassVar[tuple[str, ...]] = ("metre",)
    loss_of: ClassVar[tuple[str, ...]] = ()
    free_in_a_fork: ClassVar[tuple[str, ...]] = (
        *("beta", "free", "forget", "lr", "batch", "steps"),
        *("dropout", "decay"),
    )

    metre: str = knob(
        BOTH, "Metre", "Which melodies it learns: of reels and the like, of jigs, or both.",
        choices={BOTH: "Both", REELS: "4/4", JIGS: "6/8"},
    )  # fmt: skip
    latent: int = knob(
        16, "Latent size", "In how many numbers a melody is written down; with 2 the map shows all of them.", low=2,
        high=64, step=1,
    )  # fmt: skip
    decoder: str = knob(
        CONV, "Decoder", "Writes all sixteenths at once, or one by one, each knowing those before.",
        choices={CONV: "All at once (convolutions)", GRU: "Note by note (GRU)"},
    )  # fmt: skip
    beta: float = knob(
        0.2, "Beta", "How much the KL divergence weighs: 1 is a VAE; less remembers more of each melody.", low=0.0,
        high=100.0,
    )  # fmt: skip
    steps: int = knob(2000, "Steps", "How many updates before the run ends.", low=10, high=200_000, step=10)
    free: float = knob(
        0.0, "Free nats", "So many nats of KL divergence cost nothing, against a silent encoder.", low=0.0, high=100.0,
        more=True,
    )  # fmt: skip
    forget: float = knob(
        0.0, "Forgotten notes", "Share of the notes before that the decoder by notes is not told while it learns.",
        low=0.0, high=1.0, more=True,
    )  # fmt: skip
    part: float = knob(
        1.0, "Part of the melodies", "The share that is learnt from; the rest is left out.", low=0.001, high=1.0,
        more=True,
    )  # fmt: skip
    width: int = knob(96, "Width", "Numbers for each moment in both networks.", low=16, high=512, step=16, more=True)
    batch: int = knob(64, "Batch size", "Melodies a step.", low=1, high=512, step=1, more=True)
    lr: float = knob(3e-3, "Learning rate", "How far each step moves the weights.", low=1e-6, high=1.0, more=True)
    dropout: float = knob(
        0.0, "Dropout", "Share of numbers left out at random, against learning by heart.", low=0.0, high=0.8, more=True
    )
    decay: float = knob(0.01, "Weight decay", "How strongly weights are pulled to zero.", low=0.0, high=1.0, more=True)
    seed: int = seed_knob()

    def check(self) -> None:
        """Bounds the memory and time of a step, and the time of the run."""
        work = 6 * 8 * 32 * self.batch * self.width**2
        if work > MAX_WORK_PER_STEP:
            raise ConfigError("Width and Batch size are too large together; lower one.")
        if work * self.steps > MAX_WORK_PER_RUN:
            raise ConfigError(
                "With this Width and Batch size there may be at most {steps} steps.", steps=MAX_WORK_PER_RUN // work
            )


PRESETS: Mapping[str, Preset] = MappingProxyType(
    {
        "default": Preset(
            "Melodies in sixteen numbers",
            "Within a minute most notes of a melody that it has never seen come back from sixteen numbers.",
        ),
        "map": Preset(
            "A map that shows all",
            "Two latent numbers only: the map is the whole latent space, and details are lost.",
            {"latent": 2},
        ),
        "by_notes": Preset(
            "Note by note, as MusicVAE",
            "The decoder hears what it has written: melodies flow better, and z is asked less.",
            {"decoder": GRU, "beta": 0.05, "forget": 0.5},
        ),
        "collapse": Preset(
            "Break it: posterior collapse",
            "A decoder that knows the notes before needs no z, and telling a nat costs one: the encoder falls silent.",
            {"decoder": GRU, "beta": 1.0},
        ),
        "holes": Preset(
            "Break it: holes in the latent space",
            "Nothing holds the latent numbers together: melodies come back, but new ones are of nothing.",
            {"beta": 0.0},
        ),
        "by_heart": Preset(
            "Break it: learning by heart",
            "Some 160 melodies only: soon it knows these, and new ones less and less.",
            {"part": 0.01},
        ),
    }
)
