"""A tune from a model that has learnt tunes, the bundled one or a run's, and what there is to say of it.

Plain functions, so that a worker can be told to call them.
"""

from __future__ import annotations

import lzma
from dataclasses import dataclass, replace
from functools import lru_cache

from engines.data.cards import ASSETS
from engines.gpt_training.config import MASKED, OF_TUNES, GptConfig
from engines.gpt_training.measures.copies import Copies
from engines.gpt_training.use import Writer
from engines.messages import ConfigError, EngineError
from engines.music.measures.tunes import score, steps_of
from engines.music.score.abc import read_line
from engines.music.score.marks import NOTE, UNKNOWN, Tune
from engines.running.events import Weights

KEYS = ("G", "D", "A", "C", "F", "Bb", "Em", "Am", "Dm", "Gm", "Bm", "Ador", "Amix", "Dmix")
METERS = ("6/8", "4/4", "2/4", "3/4", "9/8")
DRAWN = 8  # tunes, of which the best is kept
TOP_P = 0.95
EXAMPLES = ASSETS / "tune_model" / "examples.txt"


@dataclass(frozen=True)
class Judged:
    """What was measured of one tune."""

    bars: float  # share of bars that add up, from 0 to 1
    in_key: float  # share of notes
    closes: bool  # on the tonic
    notes: int
    copied: int  # notes in a row that a bundled tune has too, in any key


def compose(
    config: GptConfig | None, weights: Weights | None, key: str, meter: str, temperature: float, seed: int
) -> str:
    """A tune in one line: of DRAWN the one whose bars add up best, that closes on the tonic, and copies least.

    `config` and `weights` are those of a run, None for the bundled model. ConfigError if the run learnt no tunes.
    """
    if config is not None and (config.data not in OF_TUNES or config.model == MASKED):
        raise ConfigError("This run's model writes no tunes.")
    writer = Writer.bundled_tunes() if config is None or weights is None else Writer.of(config, weights)
    start = f"[M:{meter}][K:{key}]"
    return max(writer.write([start] * DRAWN, temperature, TOP_P, seed), key=_worth)


def readable(line: str) -> Tune:
    """A line that a model wrote as a tune, without the signs that are none; EngineError if no note is in it."""
    tune = read_line(line)
    if tune is None or all(mark.kind != NOTE for mark in tune.marks):
        raise EngineError("What the model wrote is no tune yet; let it learn for longer.")
    return replace(tune, marks=tuple(mark for mark in tune.marks if mark.kind != UNKNOWN))


def judge(line: str) -> Judged:
    """What is measured of a tune in one line."""
    found, steps = score([line]), steps_of(line)
    copied = len(copies().longest(steps))
    return Judged(found.bars, found.in_key, found.closes == 1.0, len(steps), copied)


@lru_cache(maxsize=1)
def copies() -> Copies:
    """The steps of the bundled tunes."""
    with lzma.open(ASSETS / "tunes" / "tunes.txt.xz", "rt", encoding="ascii") as file:
        return Copies([steps_of(line) for line in file.read().split("\n")])


def prepare() -> None:
    """Loads what the first tune would wait for."""
    Writer.bundled_tunes()
    copies()


def examples() -> list[str]:
    """Tunes that the bundled model wrote, each in one line."""
    return EXAMPLES.read_text("ascii").split("\n")


def _worth(line: str) -> tuple[float, ...]:
    found = judge(line)
    return found.bars, float(found.closes), -found.copied / max(1, found.notes), found.in_key
