"""Chinese folk songs of the Essen collection, read where the user's own music21 lies.

Helmut Schaffrath's collection, encoded in ABC by Seymour Shlien, may be distributed with music21 for non-commercial
use only. So none of its 1,224 songs is in this app, and none leaves the machine with a run.
"""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction
from importlib.util import find_spec
from pathlib import Path

from engines.messages import ConfigError, EngineError
from engines.music.measures.tunes import add_up
from engines.music.score.abc import line_of, read
from engines.music.score.marks import BAR, Mark, Tune, lengths

PACKAGE, FILES = "music21", ("han1.abc", "han2.abc")
SHORTEST, LONGEST = 40, 191  # characters of a song in one line


def songs() -> list[str]:
    """The songs in one line of ABC each; too short or long ones and those whose bars do not add up are left out.

    EngineError if music21 is not installed, or has them no more.
    """
    parts = (part for path in _files() for part in re.split(r"\n(?=X:)", path.read_text("utf-8", "replace")))
    found = (_read(part) for part in parts)
    lines = dict.fromkeys(line_of(song) for song in found if song and all(add_up(song)))
    return [line for line in lines if SHORTEST <= len(line) <= LONGEST]


def _files() -> list[Path]:
    """The files of the package, which is looked for and not imported."""
    spec = find_spec(PACKAGE)
    folders = [Path(place) / "corpus" / "essenFolksong" for place in (spec and spec.submodule_search_locations) or ()]
    found = [folder / name for folder in folders for name in FILES if (folder / name).is_file()]
    if not found:
        raise EngineError(
            "The Chinese folk songs come with the package music21, and their licence does not let this app ship them."
            " Whoever runs the app may install it: pip install music21."
        )
    return found


def _read(text: str) -> Tune | None:
    """One song; None where it has no metre, or another one in each bar."""
    try:
        return with_bars(read(text.replace("\r\n", "\n")))
    except ConfigError:
        return None


def with_bars(tune: Tune) -> Tune:
    """The tune with a bar line after each full bar, which the files leave out where a line of music ends."""
    marks: list[Mark] = []
    filled = Fraction(0)
    for mark, length in zip(tune.marks, lengths(tune.marks), strict=True):
        if mark.kind == BAR:
            filled = Fraction(0)
        elif filled == tune.full:
            marks.append(Mark(BAR, "|"))
            filled = Fraction(0)
        marks.append(mark)
        filled += length
    return replace(tune, marks=(*marks, *([Mark(BAR, "|")] if marks and marks[-1].kind != BAR else ())))
