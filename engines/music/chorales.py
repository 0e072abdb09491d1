"""Bach's chorales as the networks see them: a token for each cell of the grid, pieces in three fixed parts.

Token 0 is a rest, 1 + 2 i the pitch LOWEST + i where a note begins, 2 + 2 i the same held on; HIDDEN and OUTSIDE are
what a network sees of a cell that it must find, and of one before the piece begins or after it ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from engines.data.cards import ASSETS
from engines.music.grid import FREE, HIGHEST, LOWEST, RANGES, Chorale

TOKENS = 1 + 2 * (HIGHEST - LOWEST + 1)
HIDDEN, OUTSIDE = TOKENS, TOKENS + 1
MOST_SHIFT = 6  # semitones up and down
PHASES = 17  # places in a bar that are told apart, the last for rows outside of the piece
FAR = 9  # sixteenths; known cells that lie further away count as this far
STEPS = (0, 0, 1, 2, 3, 3, 4, 4, 5, 5)  # of distances 0 to FAR, those that the network's table tells apart
WIDEST = 5  # after which layers the dilation begins anew: 1, 2, 4, 8, 16 sixteenths
TRAIN, HELD, TEST = 0, 1, 2


@dataclass(frozen=True)
class Corpus:
    """Three parts that share no piece."""

    train: tuple[Chorale, ...]
    held: tuple[Chorale, ...]
    test: tuple[Chorale, ...]


@cache
def everything() -> tuple[tuple[str, ...], tuple[Chorale, ...], np.ndarray]:
    """The BWV numbers, the pieces, and the part of each, int [N]."""
    with np.load(ASSETS / "chorales" / "chorales.npz", allow_pickle=False) as file:
        cells, bars, pickups = file["grid"], file["bars"].tolist(), file["pickups"].tolist()
        grids = np.split(cells, np.cumsum(file["lengths"])[:-1])
        pieces = tuple(Chorale(*each) for each in zip(grids, bars, pickups, strict=True))
        return tuple(file["names"].tolist()), pieces, file["parts"].astype(int)


def load(share: float = 1.0) -> Corpus:
    """All pieces; of those to learn from only a share, at least one."""
    _, pieces, parts = everything()
    train, held, test = (tuple(pieces[i] for i in np.flatnonzero(parts == part)) for part in (TRAIN, HELD, TEST))
    return Corpus(train[: max(1, round(len(train) * share))], held, test)


def to_tokens(grid: np.ndarray) -> np.ndarray:
    """Tokens int64, of the same shape, of a grid int8 whose pitches lie from LOWEST to HIGHEST; FREE is HIDDEN."""
    cells = grid.astype(np.int64)
    places = 2 * (np.abs(cells) - LOWEST)
    return np.select([cells == FREE, cells == 0, cells > 0], [HIDDEN, 0, places + 1], places + 2)


def to_cells(tokens: np.ndarray) -> np.ndarray:
    """The inverse of to_tokens: int8, FREE where HIDDEN."""
    pitches = LOWEST + (tokens - 1) // 2
    cells = np.select([tokens == HIDDEN, tokens == 0, tokens % 2 == 1], [FREE, 0, pitches], -pitches)
    return cells.astype(np.int8)


def shifts(piece: Chorale) -> tuple[int, int]:
    """By how many semitones it can go down and up so that each voice stays in its range: (-down, up), 0 within."""
    down, up = MOST_SHIFT, MOST_SHIFT
    for voice, (low, high) in enumerate(RANGES):
        pitches = piece.sounding[:, voice]
        pitches = pitches[pitches > 0]
        if len(pitches):
            down, up = min(down, int(pitches.min()) - low), min(up, high - int(pitches.max()))
    return -max(0, down), max(0, up)


def join(pieces: Sequence[Chorale]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """All rows one after the other, int8 [T, 4], their places in the bar, int64 [T], and each piece's first, [N]."""
    grid = np.concatenate([piece.grid for piece in pieces])
    phases = np.concatenate([piece.phases for piece in pieces])
    lengths = [len(piece) for piece in pieces]
    return grid, phases, np.cumsum([0, *lengths[:-1]])
