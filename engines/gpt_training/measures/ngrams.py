"""What counting alone reaches: n-gram models of the same text, as lines to compare a network with.

Interpolated Kneser-Ney smoothing (Kneser and Ney 1995, in the form of Chen and Goodman 1999, section 2.7): from each
count a discount D = n1 / (n1 + 2 n2) goes to the next shorter n-gram, which counts the different characters that it
follows instead of how often it comes; below the single characters all are alike likely.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engines.gpt_training.text.vocabulary import END, Vocabulary, first

ORDERS = (1, 2, 5)
MOST = 3_000_000  # characters that are counted; of a longer text the first ones


def held_out_nats(
    train: Sequence[str], held: Sequence[str], vocabulary: Vocabulary, orders: Sequence[int] = ORDERS
) -> dict[int, float]:
    """Order -> mean nats a character of the held-out documents, the end of each counted; at most MOST are counted."""
    longest = max(orders)
    characters = Vocabulary(vocabulary.characters)
    learnt, seen = _stream(first(train, MOST), characters, longest)
    tested, asked = _stream(first(held, MOST // 10), characters, longest)
    tokens = np.concatenate([learnt, tested])
    counted = np.concatenate([seen, np.zeros(len(tested), bool)])
    where = np.flatnonzero(np.concatenate([np.zeros(len(learnt), bool), asked]))
    grams = _number(tokens, longest)
    return {order: float(-np.log(_shares(grams[:order], counted, where, len(characters))).mean()) for order in orders}


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
    places = np.flatnonzero(counted)
    for order, numbers in enumerate(grams):
        contexts = grams[order - 1] if order else np.zeros_like(numbers)
        longest = order + 1 == len(grams)
        # But for the longest, how many different characters stand before each, instead of how often it comes.
        each = places if longest else _one_of_each(grams[order + 1], places)
        counts = np.bincount(numbers[each], minlength=numbers.max() + 1)
        size = contexts.max() + 1
        totals = np.bincount(contexts[each - 1], minlength=size)
        different = np.bincount(contexts[_one_of_each(numbers, each) - 1], minlength=size)
        once, twice = (counts == 1).sum(), (counts == 2).sum()
        discount = once / max(1, once + 2 * twice)
        before = contexts[where - 1]
        total = np.maximum(totals[before], 1)
        known = np.maximum(counts[numbers[where]] - discount, 0) / total
        left = np.where(totals[before] > 0, discount * different[before] / total, 1.0)
        shares = known + left * shares
    return shares


def _one_of_each(numbers: np.ndarray, places: np.ndarray) -> np.ndarray:
    """One of the places of each number that stands at any of them."""
    found = np.full(numbers.max() + 1, -1)
    found[numbers[places]] = places
    return found[found >= 0]
