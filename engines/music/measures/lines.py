"""What counting alone reaches, as lines to compare a network with: each voice by itself, from left to right.

n-grams with interpolated absolute discounting (Ney, Essen and Kneser 1994): from each count a discount goes to the
next shorter n-gram; below the single tokens all are alike likely. And the plainest guess: the last note is held on.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engines.music.chorales import TOKENS, to_tokens
from engines.music.grid import VOICES, Chorale

ORDERS = (1, 2, 5)
DISCOUNT = 0.75
HOLD = "Hold the last note"
START = TOKENS  # stands before the first cell
BASE = TOKENS + 1


def lines(train: Sequence[Chorale], held: Sequence[Chorale]) -> dict[str, float]:
    """Name -> nats a note of the held-out pieces: for each order of n-grams, and HOLD."""
    found: dict[str, list[np.ndarray]] = {}
    for voice in range(len(VOICES)):
        learnt, asked = (_windows(pieces, voice) for pieces in (train, held))
        for order in ORDERS:
            shares = _shares(learnt[:, -order:], asked[:, -order:])
            found.setdefault(f"{order}-gram", []).append(shares)
        found.setdefault(HOLD, []).append(_holding(learnt, asked))
    return {name: float(-np.log(np.concatenate(shares)).mean()) for name, shares in found.items()}


def _windows(pieces: Sequence[Chorale], voice: int) -> np.ndarray:
    """Each cell's token after those before it, int64 [T, longest order]."""
    longest = max(ORDERS)
    rows = []
    for piece in pieces:
        tokens = np.concatenate([np.full(longest - 1, START), to_tokens(piece.grid[:, voice])])
        rows.append(np.lib.stride_tricks.sliding_window_view(tokens, longest))
    return np.concatenate(rows)


def _shares(learnt: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """The probability of the last token of each row of `asked` after the others, float64 [T]."""
    shares = np.full(len(asked), 1.0 / TOKENS)
    for order in range(1, learnt.shape[1] + 1):
        grams, wanted = _number(learnt[:, -order:]), _number(asked[:, -order:])
        known, counts = np.unique(grams, return_counts=True)
        contexts, totals = np.unique(grams // BASE, return_counts=True)
        _, different = np.unique(known // BASE, return_counts=True)  # tokens that come after each context
        count, total = _look(known, counts, wanted), _look(contexts, totals, wanted // BASE)
        left = DISCOUNT * _look(contexts, different, wanted // BASE) / np.maximum(total, 1)
        shares = np.maximum(count - DISCOUNT, 0) / np.maximum(total, 1) + np.where(total > 0, left, 1.0) * shares
    return shares


def _number(rows: np.ndarray) -> np.ndarray:
    """A number for each row of tokens, int64 [T], of which // BASE is that of the row without its last."""
    return rows @ BASE ** np.arange(rows.shape[1])[::-1]


def _look(known: np.ndarray, counts: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """The counts of those asked for, 0 for unknown ones; `known` ascends."""
    place = np.searchsorted(known, asked).clip(max=len(known) - 1)
    return np.where(known[place] == asked, counts[place], 0)


def _holding(learnt: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """The probability of each token if the last note goes on as often as it does, and else any token comes."""

    def held(windows: np.ndarray) -> np.ndarray:
        before = windows[:, -2]
        return windows[:, -1] == np.where((before == 0) | (before == START), 0, (before - 1) // 2 * 2 + 2)

    going_on = held(learnt)
    share = going_on.mean()
    counts = np.bincount(learnt[~going_on, -1], minlength=TOKENS) + DISCOUNT
    others = counts / counts.sum()
    return np.where(held(asked), share, (1 - share) * others[asked[:, -1]])
