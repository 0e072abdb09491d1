"""How often the right one is found, and the matrix of how near each picture is to each name. Needs no torch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engines.clip_training.pairs import LANGUAGES, Pairs

BEST = (1, 5)
LETTERS = 24  # of a name in the matrix
LEVELS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz+-"  # a letter for each shade of the matrix


def found_within(similar: np.ndarray, right: np.ndarray, best: Sequence[int] = BEST) -> tuple[float, ...]:
    """The share of rows of float [N, M] whose right column, of bool [N, M], is among the `best` largest."""
    nearest = np.where(right, similar, -np.inf).max(1, keepdims=True)
    rank = (np.where(right, -np.inf, similar) >= nearest).sum(1)
    return tuple(float((rank < count).mean()) for count in best)


def retrieval(pairs: Pairs, pictures: np.ndarray, words: np.ndarray, emoji: np.ndarray) -> dict[str, float]:
    """Among these emoji: from a picture to its name, and from a name to one of its pictures, in each language.

    `pictures` float [P, space] and `words` float [languages, N, space] are unit vectors. Gives, from 0 to 1, such as
    "en picture 5": the share of pictures whose English name is among the five nearest ones.
    """
    mine = np.isin(pairs.emoji, emoji)
    right = pairs.emoji[mine, None] == emoji
    found = {}
    for language, each in zip(LANGUAGES, words, strict=True):
        similar = pictures[mine] @ each[emoji].T
        sides = {"picture": found_within(similar, right), "word": found_within(similar.T, right.T)}
        found |= {
            f"{language} {side} {k}": v for side, values in sides.items() for k, v in zip(BEST, values, strict=True)
        }
    return found


def mean_of(found: dict[str, float], side: str, best: int) -> float:
    """The mean over the languages."""
    return float(np.mean([found[f"{language} {side} {best}"] for language in LANGUAGES]))


def matrix(pairs: Pairs, pictures: np.ndarray, words: np.ndarray) -> str:
    """How near `pictures`, those of the shown emoji, are to their names: a letter of LEVELS for each, row by row.

    A name is the mean of its languages. Each row goes from its mean, and all that is below it, to the largest
    similarity of the matrix; nothing is brightened beyond that, so a matrix that has learnt little stays dark.
    """
    names = words[:, pairs.shown].mean(0)
    similar = pictures @ names.T
    above = np.clip(similar - similar.mean(1, keepdims=True), 0, 1)
    levels = np.clip(above * len(LEVELS), 0, len(LEVELS) - 1).astype(int)
    return "".join(LEVELS[level] for level in levels.ravel())


def names_shown(pairs: Pairs) -> tuple[str, ...]:
    """The names of the matrix, a text for each language, a line for each name."""
    return tuple("\n".join(names[one][:LETTERS] for one in pairs.shown) for names in pairs.names)
