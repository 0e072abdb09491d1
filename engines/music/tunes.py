"""A tune from a model that has learnt tunes, the bundled one or a run's, and what there is to say of it.

Plain functions, so that a worker can be told to call them.
"""

from __future__ import annotations

import lzma
from dataclasses import dataclass, replace
from functools import lru_cache

from engines.data.cards import ASSETS
from engines.gpt_training.config import FOLK, MASKED, OF_TUNES, TUNES, GptConfig
from engines.gpt_training.measures.copies import Copies
from engines.gpt_training.use import Writer
from engines.messages import ConfigError, EngineError
from engines.music.measures.tunes import count_bars, score, steps_of
from engines.music.score.abc import read_line
from engines.music.score.folk_songs import songs
from engines.music.score.marks import NOTE, UNKNOWN, Tune
from engines.running.events import Weights

KEYS = ("G", "D", "A", "C", "F", "Bb", "Em", "Am", "Dm", "Gm", "Bm", "Ador", "Amix", "Dmix")
METERS = ("6/8", "4/4", "2/4", "3/4", "9/8")
ANY = 0  # number of bars
DRAWN, DRAWN_LONG = 8, 24  # tunes, of which the best is kept; where a length is asked for, which many miss
TOP_P = 0.95
EXAMPLES = ASSETS / "tune_model" / "examples.txt"


@dataclass(frozen=True)
class Judged:
    """What was measured of one tune."""

    bars: float  # share of bars that add up, from 0 to 1
    length: int  # bars
    in_key: float  # share of notes
    closes: bool  # on the tonic
    notes: int
    copied: int  # notes in a row that a bundled tune has too, in any key


def compose(
    config: GptConfig | None, weights: Weights | None, key: str, meter: str, temperature: float, seed: int,
    bars: int = ANY,
) -> str:  # fmt: skip
    """A tune in one line: of those drawn one as long as asked, whose bars add up best, that closes, and copies least.

    `config` and `weights` are those of a run, None for the bundled model. ConfigError if the run learnt no tunes, or,
    where a number of bars is asked for, if its tunes do not say how many they have.
    """
    if config is not None and (config.data not in OF_TUNES or config.model == MASKED):
        raise ConfigError("This run's model writes no tunes.")
    writer = Writer.bundled_tunes() if config is None or weights is None else Writer.of(config, weights)
    if bars and not writer.config.bars:
        raise ConfigError("This run's tunes do not say how many bars they have: train one with Length first.")
    start = f"[M:{meter}][K:{key}]" + (f"[N:{bars}]" if bars else "")
    written = writer.write([start] * drawn(bars), temperature, TOP_P, seed)
    return max(written, key=lambda line: _worth(judge(line, writer.config.data), bars))


def drawn(bars: int) -> int:
    """Of how many tunes the best is kept, if so many bars are asked for."""
    return DRAWN_LONG if bars else DRAWN


def readable(line: str) -> Tune:
    """A line that a model wrote as a tune, without the signs that are none; EngineError if no note is in it."""
    tune = read_line(line)
    if tune is None or all(mark.kind != NOTE for mark in tune.marks):
        raise EngineError("What the model wrote is no tune yet; let it learn for longer.")
    return replace(tune, marks=tuple(mark for mark in tune.marks if mark.kind != UNKNOWN))


def judge(line: str, data: str = TUNES) -> Judged:
    """What is measured of a tune in one line, by a model that learnt from `data`."""
    found, steps, tune = score([line]), steps_of(line), read_line(line)
    copied, length = len(copies(data == FOLK).longest(steps)), count_bars(tune) if tune else 0
    return Judged(found.bars, length, found.in_key, found.closes == 1.0, len(steps), copied)


@lru_cache(maxsize=2)
def copies(folk: bool = False) -> Copies:
    """The steps of the bundled tunes, or of the folk songs."""
    if folk:
        return Copies([steps_of(line) for line in songs()])
    with lzma.open(ASSETS / "tunes" / "tunes.txt.xz", "rt", encoding="ascii") as file:
        return Copies([steps_of(line) for line in file.read().split("\n")])


def prepare() -> None:
    """Loads what the first tune would wait for."""
    Writer.bundled_tunes()
    copies()


def examples() -> list[str]:
    """Tunes that the bundled model wrote, each in one line."""
    return EXAMPLES.read_text("ascii").split("\n")


def _worth(found: Judged, bars: int) -> tuple[float, ...]:
    return (
        float(bars in (ANY, found.length)),
        found.bars,
        float(found.closes),
        -found.copied / max(1, found.notes),
        found.in_key,
    )
