"""The bundled melodies as the networks see them: a token for each sixteenth, and what can be heard of each.

Token 0 is a rest, 1 that the note before is held, 2 that the melody is over, 3 + i that the pitch LOWEST + i begins.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from engines.data.cards import ASSETS
from engines.music.melody_vae.bars import END, HIGHEST, LOWEST
from engines.music.melody_vae.config import BOTH, JIGS

HELD, OVER, FIRST = 1, 2, 3
TOKENS = FIRST + HIGHEST - LOWEST + 1
MODES = ("Major", "Minor", "Dorian", "Mixolydian")
METRES = ("4/4, as of reels", "6/8, as of jigs")
DENSITIES = ("Few notes", "Some notes", "Many notes")
MEASURED = 500  # held-out melodies that are used; the others would tell no more, and take longer
CALM, BUSY = 0.4, 0.55  # notes a sixteenth, at which the one begins and the other ends


@dataclass(frozen=True, eq=False)
class Melodies:
    """Melodies int8 [N, ROWS] and the mode of each one's tune, uint8 [N], as MODES counts."""

    cells: np.ndarray
    modes: np.ndarray

    def __len__(self) -> int:
        return len(self.cells)

    def first(self, count: int) -> Melodies:
        """So many of them."""
        return Melodies(self.cells[:count], self.modes[:count])


@dataclass(frozen=True)
class Corpus:
    """Two parts that share no tune, and no melody."""

    train: Melodies
    held: Melodies


@cache
def everything() -> tuple[Melodies, np.ndarray]:
    """All melodies, and which are held out, bool [N]."""
    with np.load(ASSETS / "melodies" / "melodies.npz", allow_pickle=False) as file:
        return Melodies(file["melodies"], file["modes"]), file["held"].astype(bool)


def load(metre: str = BOTH, share: float = 1.0) -> Corpus:
    """The melodies of a metre, or of both; of those to learn from only a share, at least one."""
    every, held = everything()
    wanted = np.ones(len(every), bool) if metre == BOTH else (metres(every.cells) == (metre == JIGS))
    train, other = np.flatnonzero(wanted & ~held), np.flatnonzero(wanted & held)
    # They lie tune by tune; in an order by chance, always alike, any part of them is as mixed as the whole.
    train, other = (np.random.default_rng(0).permutation(part) for part in (train, other))
    parts = train[: max(1, round(len(train) * share))], other[:MEASURED]
    return Corpus(*(Melodies(every.cells[part], every.modes[part]) for part in parts))


def to_tokens(cells: np.ndarray) -> np.ndarray:
    """Tokens int64 of melodies int8 [..., ROWS]."""
    cells = cells.astype(np.int64)
    return np.select([cells == END, cells == 0, cells < 0], [OVER, 0, HELD], cells - LOWEST + FIRST)


def to_cells(tokens: np.ndarray) -> np.ndarray:
    """Melodies int8 [N, ROWS] of what a network wrote, int [N, ROWS]: two bars each, held on or silent where it erred.

    A melody is over where the network says so at most of the rows that only 4/4 has; nowhere else.
    """
    tokens = np.asarray(tokens)
    short = (tokens[:, 24:] == OVER).mean(1) > 0.5
    cells = np.zeros(tokens.shape, np.int8)
    sounding = np.zeros(len(tokens), np.int8)
    for row in range(tokens.shape[1]):
        now = tokens[:, row]
        begins = now >= FIRST
        sounding = np.where(begins, now - FIRST + LOWEST, np.where(now == HELD, sounding, 0)).astype(np.int8)
        cells[:, row] = np.where(begins, sounding, -sounding)
    cells[short, 24:] = END
    return cells


# --- what can be heard -------------------------------------------------------------------------------------------


def metres(cells: np.ndarray) -> np.ndarray:
    """0 for 4/4, 1 for 6/8, int64 [N]."""
    return (cells[:, -1] == END).astype(np.int64)


def densities(cells: np.ndarray) -> np.ndarray:
    """How busy each is, as DENSITIES counts, int64 [N]."""
    share = (cells > 0).sum(1) / (cells != END).sum(1)
    return np.digitize(share, (CALM, BUSY))
