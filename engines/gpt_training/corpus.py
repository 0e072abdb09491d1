"""What is read and learnt: documents as one stream of tokens, with a part held out."""

from __future__ import annotations

import lzma
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engines.data.cards import ASSETS
from engines.gpt_training.form import Prosody, lines_of, prosody
from engines.gpt_training.vocabulary import END, Characters

HELD_OUT = 0.05
MARKS = "，。，。"


@dataclass(frozen=True)
class Part:
    """Tokens int32 [T] of documents, END before each and after the last, and where a piece of text may begin and ends.

    A piece is tokens[start : start + context + 1], of which those from `end` on do not count.
    """

    tokens: np.ndarray
    starts: np.ndarray
    ends: np.ndarray
    characters: int  # that are predicted when each document is read once, its END counted


@dataclass(frozen=True)
class Corpus:
    """Documents, the vocabulary of all, and the two parts."""

    train_texts: tuple[str, ...]
    held_texts: tuple[str, ...]
    vocabulary: Characters
    train: Part
    held: Part


def poems() -> list[str]:
    """The bundled quatrains with their punctuation, 60,000."""
    with lzma.open(ASSETS / "poems" / "poems.txt.xz", "rt", encoding="utf-16-le") as file:
        return [punctuated(line) for line in file.read().split("\n")]


def punctuated(characters: str) -> str:
    """Four lines of equal length with ，。，。 after them."""
    length = len(characters) // 4
    return "".join(characters[i * length : (i + 1) * length] + MARKS[i] for i in range(4))


def plan_of(poem: str, prosody: Prosody) -> str:
    """What a quatrain is to become, such as 七平东：, for its seven characters, a level start and the rhyme group.

    Start is the tone of the second character of line 1 in the form, as the handbooks name it: the opposite of
    line 2's.
    """
    lines = lines_of(poem)
    names = [name for name in prosody.common(lines[1][-1], lines[3][-1]) if "平" in name]
    start = "仄" if prosody.starts_level(lines) else "平"
    return f"{'五' if len(lines[0]) == 5 else '七'}{start}{min(names)[-1] if names else '韵'}："


def build(documents: Sequence[str], context: int, seed: int = 0) -> Corpus:
    """Splits short documents by chance, always alike for a seed, and turns them into tokens."""
    order = np.random.default_rng(seed).permutation(len(documents))
    count = max(1, round(len(documents) * HELD_OUT))
    held = tuple(documents[i] for i in order[:count])
    train = tuple(documents[i] for i in order[count:])
    vocabulary = Characters.of(documents)
    return Corpus(train, held, vocabulary, _part(train, vocabulary), _part(held, vocabulary))


def _part(texts: Sequence[str], vocabulary: Characters) -> Part:
    encoded = [vocabulary.encode(END + text) for text in texts]
    ends = np.cumsum([len(ids) for ids in encoded])
    tokens = np.array([i for ids in encoded for i in ids] + vocabulary.encode(END), np.int32)
    return Part(tokens, np.concatenate([[0], ends[:-1]]), ends + 1, int(ends[-1]))


def planned_poems() -> list[str]:
    """The bundled quatrains, each after its plan."""
    return [plan_of(poem, prosody()) + poem for poem in poems()]
