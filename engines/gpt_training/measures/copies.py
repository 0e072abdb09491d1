"""What is copied from the text learnt from: the longest run of characters of a written text that stands in it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engines.gpt_training.text.vocabulary import codes

RUN = 8  # characters; a longer copied run than a line of seven is no chance
FACTOR = np.uint64(0x9E3779B97F4A7C15)


class Copies:
    """The runs of RUN characters of some texts, as sorted hashes: the longest run of a text is found in a moment."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._all = "\0".join(texts)
        self._runs = np.sort(_hashes(self._all))

    def longest(self, text: str) -> str:
        """The longest run of at least RUN characters that stands in one of the texts; "" if there is none."""
        hashes = _hashes(text)
        if not len(hashes) or not len(self._runs):
            return ""
        found = self._runs[np.minimum(np.searchsorted(self._runs, hashes), len(self._runs) - 1)] == hashes
        best = ""
        for start in np.flatnonzero(found).tolist():
            end = start + max(RUN, len(best) + 1)
            while end <= len(text) and found[end - RUN] and text[start:end] in self._all:
                best = text[start:end]
                end += 1
        return best


def _hashes(text: str) -> np.ndarray:
    """A number for each run of RUN characters, uint64 [T - RUN + 1] or none."""
    places = codes(text).astype(np.uint64)
    hashes = np.zeros(max(0, len(places) - RUN + 1), np.uint64)
    for place in range(RUN):
        hashes *= FACTOR
        hashes += places[place : place + len(hashes)]
        hashes ^= hashes >> np.uint64(29)
    return hashes
