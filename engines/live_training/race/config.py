"""What a person may set about a race: which data, and how many seconds of computing each entry gets."""

from __future__ import annotations

from dataclasses import dataclass

from engines.data.cards import DATASETS
from engines.knobs import Config, knob, seed_knob

FEWEST = 2  # entries; the most are those of a comparison
OVERHEAD = 1.25  # of its seconds, that a race takes with its exams


@dataclass(frozen=True)
class RaceConfig(Config):
    """The same for all entries, whatever their other settings."""

    dataset: str = knob(
        "fashion_mnist",
        "Dataset",
        "The pictures that all entries learn from; language models learn the text of their settings.",
        choices={name: card.label or card.title for name, card in DATASETS.items()},
    )
    seconds: int = knob(
        60, "Seconds each", "Of computing for each entry; they take turns on this device.", low=5, high=3600, step=5
    )
    seed: int = seed_knob()
