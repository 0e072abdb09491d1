"""What counting alone reaches: n-gram models of the same text, as lines to compare a network with.

Interpolated Kneser-Ney smoothing (Kneser and Ney 1995, in the form of Chen and Goodman 1999, section 2.7): from each
count a discount D = n1 / (n1 + 2 n2) goes to the next shorter n-gram, which counts the different characters that it
follows instead of how often it comes; below the single characters all are alike likely.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engines.gpt_training.text.vocabulary import END, Vocabulary

ORDERS = (1, 2, 5)
MOST = 3_000_000  # characters that are counted; of a longer text the first ones


def held_out_nats(
    train: Sequence[str], held: Sequence[str], vocabulary: Vocabulary, orders: Sequence[int] = ORDERS
) -> dict[int, float]:
    """Order -> mean nats a character of the held-out documents, the end of each counted; at most MOST are counted."""
    longest = max(orders)
    characters = Vocabulary(vocabulary.characters)
    learnt, seen = _stream(_first(train, MOST), characters, longest)
    tested, asked = _stream(_first(held, MOST // 10), characters, longest)
    tokens = np.concatenate([learnt, tested])
    counted = np.concatenate([seen, np.zeros(len(tested), bool)])
    where = np.flatnonzero(np.concatenate([np.zeros(len(learnt), bool), asked]))
    grams = _number(tokens, longest)
    return {order: float(-np.log(_shares(grams[:order], counted, where, len(characters))).mean()) for order in orders}


def _first(texts: Sequence[str], most: int) -> list[str]:
    """The first texts, the last of them cut, that have so many characters together."""
    found, left = [], most
    for text in texts:
        if left <= 0:
            break
        found.append(text[:left])
        left -= len(text)
    return found


def _stream(texts: Sequence[str], vocabulary: Vocabulary, longest: int) -> tuple[np.ndarray, np.ndarray]:
    """Tokens int64 of all texts, each after as many ENDs as a context is long; and which of them count, bool."""
    pad = END * (longest - 1) if longest > 1 else ""
    lengths = np.array([len(text) + 1 for text in texts])  # with the END after it
    tokens = vocabulary.encode("".join(f"{pad}{text}{END}" for text in texts)).astype(np.int64)
    counts = np.ones(len(tokens), bool)
    begins = np.cumsum(lengths + len(pad)) - lengths - len(pad)
    for place in range(len(pad)):
        counts[begins + place] = False
    return tokens, counts


def _number(tokens: np.ndarray, longest: int) -> list[np.ndarray]:
    """For each order, the number of the n-gram that ends at each place, int64 [T], equal for equal ones."""
    grams = [tokens]
    for _ in range(longest - 1):
        before = np.concatenate([[0], grams[-1][:-1]])
        _, numbers = np.unique(before * (tokens.max() + 1) + tokens, return_inverse=True)
        grams.append(numbers)
    return grams


def _shares(grams: list[np.ndarray], counted: np.ndarray, where: np.ndarray, vocabulary: int) -> np.ndarray:
    """The probability of the characters at `where`, float64, by the n-grams up to the longest given."""
    shares = np.full(len(where), 1.0 / vocabulary)
    for order, numbers in enumerate(grams):
        ends = numbers[counted]
        if order + 1 < len(grams):  # how many different characters stand before each, instead of how often it comes
            _, first = np.unique(grams[order + 1][counted], return_index=True)
            ends, places = ends[first], np.flatnonzero(counted)[first]
        else:
            places = np.flatnonzero(counted)
        counts = np.bincount(ends, minlength=numbers.max() + 1)
        contexts = grams[order - 1] if order else np.zeros(len(numbers) + 1, np.int64)
        size = contexts.max() + 1
        totals = np.bincount(contexts[places - 1], minlength=size)
        _, at = np.unique(ends, return_index=True)
        different = np.bincount(contexts[places[at] - 1], minlength=size)
        once, twice = (counts == 1).sum(), (counts == 2).sum()
        discount = once / max(1, once + 2 * twice)
        total = totals[contexts[where - 1]]
        known = np.maximum(counts[numbers[where]] - discount, 0) / np.maximum(total, 1)
        left = np.where(total > 0, discount * different[contexts[where - 1]] / np.maximum(total, 1), 1.0)
        shares = known + left * shares
    return shares
