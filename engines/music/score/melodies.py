"""Melodies to harmonise: a few that everybody knows, long in the public domain, and those of held-out chorales."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from engines.messages import ConfigError
from engines.music.chorales import HELD, everything
from engines.music.grid import FREE, RANGES, VOICES, Chorale

NOTE = re.compile(r"([A-G])([#b]?)(\d)(?::(\d+))?|(\|)")
CLASSES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
# Name -> (rows of a bar, rows of the pickup that are missing, notes). A number is sixteenths, a quarter without one.
TUNES: Mapping[str, tuple[int, int, str]] = MappingProxyType(
    {
        "Ode to Joy (Beethoven)": (
            16, 0,
            "E5 E5 F5 G5 | G5 F5 E5 D5 | C5 C5 D5 E5 | E5:6 D5:2 D5:8 |"
            " E5 E5 F5 G5 | G5 F5 E5 D5 | C5 C5 D5 E5 | D5:6 C5:2 C5:8",
        ),
        "Jasmine Flower 茉莉花 (China)": (
            16, 0,
            "E5 E5:2 G5:2 A5:2 C5:2 C5:2 A4:2 | G4 G4:2 A4:2 G4:8 | E5 E5:2 G5:2 A5:2 C5:2 C5:2 A4:2 |"
            " G4 G4:2 A4:2 G4:8 | G5 G5 G5 E5:2 G5:2 | A5 A5 G5:8 | E5 D5:2 E5:2 G5 E5:2 D5:2 | C5 C5:2 D5:2 C5:8",
        ),
        "Twinkle, twinkle (France)": (
            16, 0,
            "C5 C5 G5 G5 | A5 A5 G5:8 | F5 F5 E5 E5 | D5 D5 C5:8 |"
            " G5 G5 F5 F5 | E5 E5 D5:8 | G5 G5 F5 F5 | E5 E5 D5:8",
        ),
        "Frère Jacques 两只老虎 (France)": (
            16, 0,
            "F4 G4 A4 F4 | F4 G4 A4 F4 | A4 Bb4 C5:8 | A4 Bb4 C5:8 | C5:2 D5:2 C5:2 Bb4:2 A4 F4 |"
            " C5:2 D5:2 C5:2 Bb4:2 A4 F4 | F4 C4 F4:8 | F4 C4 F4:8",
        ),
        "Greensleeves (England)": (
            12, 8,
            "A4 | C5:8 D5 | E5:6 F5:2 E5 | D5:8 B4 | G4:6 A4:2 B4 | C5:8 A4 | A4:6 G#4:2 A4 | B4:8 G#4 | E4:12",
        ),
    }
)  # fmt: skip
CHORALES = 8  # held-out melodies that are offered


def names() -> list[str]:
    """All melodies that there are, by name."""
    bwv, _, parts = everything()
    held = [f"BWV {bwv[i]}" for i in np.flatnonzero(parts == HELD)]
    return [*TUNES, *held[:CHORALES]]


def melody(name: str) -> Chorale:
    """A melody as the soprano of a piece whose other voices are to be found; ConfigError for an unknown name."""
    if isinstance(name, str) and name in TUNES:
        bar, pickup, notes = TUNES[name]
        return under(_column(notes), bar, pickup)
    bwv, pieces, _ = everything()
    if isinstance(name, str) and name in names():
        piece = pieces[bwv.index(name.removeprefix("BWV "))]
        rows = min(len(piece), 12 * piece.bar - piece.pickup)
        return under(piece.grid[:rows, 0], piece.bar, piece.pickup)
    raise ConfigError("There is no melody called {name}; there are {known}.", name=repr(name)[:40],
                      known=", ".join(names()))  # fmt: skip


def under(column: np.ndarray, bar: int, pickup: int, tempo: float = 84.0) -> Chorale:
    """A soprano int8 [T], put by octaves where most of it lies in its range, over voices that are to be found."""
    pitches = np.abs(column.astype(int))
    low, high = RANGES[0]
    octaves = max(range(-4, 5), key=lambda n: (_inside(pitches + 12 * n, pitches, low, high), -abs(n)))
    moved = np.where(column == 0, 0, np.sign(column) * (pitches + 12 * octaves))
    if _inside(pitches + 12 * octaves, pitches, low, high) < (pitches > 0).sum():
        raise ConfigError("The melody spans too much for a soprano, who sings from A3 to A5, in any octave.")
    grid = np.full((len(column), len(VOICES)), FREE, np.int8)
    grid[:, 0] = moved
    return Chorale(grid, bar, pickup, tempo)


def _inside(moved: np.ndarray, pitches: np.ndarray, low: int, high: int) -> int:
    return int(((moved >= low) & (moved <= high) & (pitches > 0)).sum())


def _column(text: str) -> np.ndarray:
    """The rows of a melody in the notation of TUNES, int8 [T]."""
    rows: list[int] = []
    for letter, sign, octave, length, bar in NOTE.findall(text):
        if not bar:
            pitch = 12 * (int(octave) + 1) + CLASSES[letter] + {"#": 1, "b": -1, "": 0}[sign]
            rows += [pitch] + [-pitch] * (int(length or 4) - 1)
    return np.array(rows, np.int8)
