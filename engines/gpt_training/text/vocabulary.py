"""Text to numbers and back: the characters of a text, and pairs that often stand together."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from engines.gpt_training.config import MAX_PAIRS, MAX_VOCABULARY

if TYPE_CHECKING:
    from tokenizers import Tokenizer

END = "\n"  # before the first and after the last character of a document
UNKNOWN = "\ufffd"
MOST_LEARNT = 3_000_000  # characters that pairs are learnt from
AT_ONCE = 100_000  # characters turned into pairs together: of a long text's tokens much is kept besides
# Pairs are learnt within a word with the space before it, within signs, never over a line's end.
PIECES = r" ?[\p{L}\p{N}]+| ?[^\s\p{L}\p{N}]+|\s"


@dataclass(frozen=True)
class Vocabulary:
    """A token a character, the commonest first, END first of all; after them tokens that two others make."""

    characters: tuple[str, ...]
    pairs: tuple[tuple[str, str], ...] = ()  # in the order in which they were learnt

    @classmethod
    def of(cls, texts: Sequence[str], limit: int = MAX_VOCABULARY, pairs: int = 0) -> Vocabulary:
        """The characters of these texts; where there are more than `limit`, the rarest become UNKNOWN.

        With `pairs` as many of the commonest pairs: byte-pair encoding on characters (Sennrich et al. 2016).
        """
        counts: Counter[str] = Counter()
        for text in texts:
            counts.update(text)
        for mark in (END, UNKNOWN):
            counts.pop(mark, None)
        found = sorted(counts, key=lambda c: (-counts[c], c))
        characters = (END, *(found if len(found) < limit else [UNKNOWN, *found[: limit - 2]]))
        return cls(characters, _learn_pairs(texts, characters, pairs) if pairs else ())

    def to_facts(self) -> dict[str, Any]:
        """What `of_facts` needs, ready for JSON."""
        facts: dict[str, Any] = {"vocabulary": "".join(self.characters)}
        return facts | ({"pairs": [list(pair) for pair in self.pairs]} if self.pairs else {})

    @classmethod
    def of_facts(cls, facts: Any) -> Vocabulary:
        """The inverse of to_facts; ValueError for anything else, which an uploaded file may hold."""
        characters, pairs = facts.get("vocabulary"), facts.get("pairs", [])
        if not isinstance(characters, str) or not 1 < len(characters) <= MAX_VOCABULARY or characters[0] != END:
            raise ValueError("not a vocabulary")
        if len(set(characters)) < len(characters) or not isinstance(pairs, list) or len(pairs) > MAX_PAIRS:
            raise ValueError("not a vocabulary")
        known = set(characters)
        for pair in pairs:
            if not (isinstance(pair, list) and len(pair) == 2 and all(isinstance(one, str) for one in pair)):
                raise ValueError("not pairs of tokens")
            if not known.issuperset(pair):
                raise ValueError("a pair of unknown tokens")
            known.add("".join(pair))
        return cls(tuple(characters), tuple((a, b) for a, b in pairs))

    @cached_property
    def tokens(self) -> tuple[str, ...]:
        """The text of each token."""
        return tuple(dict.fromkeys((*self.characters, *map("".join, self.pairs))))

    def __len__(self) -> int:
        return len(self.tokens)

    @cached_property
    def lengths(self) -> np.ndarray:
        """Characters of each token, int32 [V]."""
        return np.array([len(token) for token in self.tokens], np.int32)

    @cached_property
    def _table(self) -> np.ndarray:
        """Code point -> token, int32; -1 for those that are not known where there is no UNKNOWN."""
        known = UNKNOWN in self.characters
        table = np.full(0x110000, self.characters.index(UNKNOWN) if known else -1, np.int32)
        table[[ord(character) for character in self.characters]] = np.arange(len(self.characters))
        return table

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        return make_tokenizer(self)

    def encode(self, text: str) -> np.ndarray:
        """Tokens int32 [T]; KeyError with a character that is not known, where there is no UNKNOWN."""
        ids = self._table[codes(text)]
        if len(ids) and ids.min() < 0:
            raise KeyError(text[int(ids.argmin())])
        if not self.pairs:
            return ids
        parts = (text[start : start + AT_ONCE] for start in range(0, len(text), AT_ONCE))
        return np.concatenate([np.zeros(0, np.int32), *map(self._encode_pairs, parts)])

    def _encode_pairs(self, text: str) -> np.ndarray:
        return np.array(self._tokenizer.encode(text).ids, np.int32)

    def missing(self, text: str) -> list[str]:
        """Characters of `text` that have no token, each once, in order."""
        known = set(self.characters)
        return [c for c in dict.fromkeys(text) if c not in known]

    def decode(self, ids: Iterable[int]) -> str:
        """The text of these tokens."""
        return "".join(self.tokens[i] for i in ids)


def codes(text: str) -> np.ndarray:
    """The code points of a text, uint32 [T]."""
    return np.frombuffer(text.encode("utf-32-le", "replace"), np.uint32)


def make_tokenizer(vocabulary: Vocabulary) -> Tokenizer:
    """The same as a tokenizer of Hugging Face, whose vocabulary has our numbers."""
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers

    known = UNKNOWN in vocabulary.characters
    numbers = {token: i for i, token in enumerate(vocabulary.tokens)}
    tokenizer = Tokenizer(models.BPE(numbers, list(vocabulary.pairs), unk_token=UNKNOWN if known else None))
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(PIECES), "isolated")
    tokenizer.decoder = decoders.Fuse()
    return tokenizer


def first(texts: Sequence[str], most: int) -> list[str]:
    """The first texts, the last of them cut, that have so many characters together."""
    found, left = [], most
    for text in texts:
        if left <= 0:
            break
        found.append(text[:left])
        left -= len(text)
    return found


def _learn_pairs(texts: Sequence[str], characters: Sequence[str], count: int) -> tuple[tuple[str, str], ...]:
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(PIECES), "isolated")
    size = len(set().union(*texts, characters)) + count
    trainer = trainers.BpeTrainer(vocab_size=size, initial_alphabet=list(characters), show_progress=False)
    tokenizer.train_from_iterator(first(texts, MOST_LEARNT), trainer)
    known = set(characters) - {END, UNKNOWN}
    merges = json.loads(tokenizer.to_str())["model"]["merges"]
    return tuple((a, b) for a, b in merges if known.issuperset(a + b))
