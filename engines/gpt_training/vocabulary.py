"""Text to numbers and back: the characters of a text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from engines.gpt_training.config import MAX_VOCABULARY

END = "\n"  # before the first and after the last character of a document
UNKNOWN = "\ufffd"


@dataclass(frozen=True)
class Characters:
    """A token a character, the commonest first; END is the first of all."""

    characters: tuple[str, ...]

    @classmethod
    def of(cls, texts: Iterable[str], limit: int = MAX_VOCABULARY) -> Characters:
        """The characters of these texts; where there are more than `limit`, the rarest become UNKNOWN."""
        counts: Counter[str] = Counter()
        for text in texts:
            counts.update(text)
        counts.pop(END, None)
        found = sorted(counts, key=lambda c: (-counts[c], c))
        return cls((END, *(found if len(found) < limit else [UNKNOWN, *found[: limit - 2]])))

    @cached_property
    def _ids(self) -> dict[str, int]:
        return {character: i for i, character in enumerate(self.characters)}

    def __len__(self) -> int:
        return len(self.characters)

    def encode(self, text: str) -> list[int]:
        """The token of each character; KeyError with a character that is not known, where there is no UNKNOWN."""
        unknown = self._ids.get(UNKNOWN)
        return [self._ids[c] if unknown is None else self._ids.get(c, unknown) for c in text]

    def missing(self, text: str) -> list[str]:
        """Characters of `text` that have no token, each once, in order."""
        return [c for c in dict.fromkeys(text) if c not in self._ids]

    def decode(self, ids: Sequence[int]) -> str:
        """The text of these tokens."""
        return "".join(self.characters[i] for i in ids)
