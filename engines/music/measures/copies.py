"""What is copied from the chorales learnt from: the longest run of notes of a voice that stands in one, in any key."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from engines.music.grid import Chorale, runs

FIRST = 0x100  # code point of the first letter
WIDEST, LONGEST = 40, 63  # semitones between two notes, and sixteenths of one, that are told apart


class Copies:
    """The voices of some pieces, to look runs up in."""

    def __init__(self, pieces: Sequence[Chorale]) -> None:
        self._all = "\0".join(_letters(column) for piece in pieces for column in piece.grid.T)

    def longest(self, piece: Chorale) -> int:
        """Notes of the longest run that a voice of the piece shares with any voice: their steps and lengths."""
        best = 0
        for column in piece.grid.T:
            letters, start = _letters(column), 0
            while start + best < len(letters):
                if letters[start : start + best + 1] in self._all:
                    best += 1
                else:
                    start += 1
        return best + 1 if best else 0


def _letters(column: np.ndarray) -> str:
    """A letter for each note after the first: by how much it lies above the one before, and how long that is."""
    found = []
    for (before, _, length), (after, _, _) in pairwise(runs(column)):
        step = max(-WIDEST, min(WIDEST, after - before)) + WIDEST
        found.append(chr(FIRST + step * (LONGEST + 1) + min(LONGEST, length)))
    return "".join(found)
