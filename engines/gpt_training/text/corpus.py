"""What is read and learnt: documents as one stream of tokens, with a part held out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engines.gpt_training.text.vocabulary import END, Vocabulary
from engines.messages import ConfigError

HELD_OUT = 0.05
MANY = 100  # documents, of which whole ones are held out; of fewer the end of each
LONGEST = 1024  # tokens that no piece exceeds
MOST_STARTS = 1_000_000  # places where a piece may begin; in longer texts they lie further apart


@dataclass(frozen=True)
class Part:
    """Tokens int32 [T] of documents, END before each and after the last, and where a piece of text may begin and ends.

    A piece is tokens[start : start + context + 1], of which those from `end` on do not count.
    """

    tokens: np.ndarray
    starts: np.ndarray
    ends: np.ndarray

    def first(self, count: int) -> Part:
        """The first so many pieces alone."""
        last = self.starts[:count].max() + LONGEST
        return Part(self.tokens[:last], self.starts[:count], np.minimum(self.ends[:count], last))


@dataclass(frozen=True)
class Corpus:
    """Documents, the vocabulary of all, and the two parts."""

    train_texts: tuple[str, ...]
    held_texts: tuple[str, ...]
    vocabulary: Vocabulary
    train: Part
    held: Part
    longest: int  # tokens of a document, its END counted: no piece needs to be longer


def build(documents: Sequence[str], context: int, seed: int = 0, share: float = 1.0, pairs: int = 0) -> Corpus:
    """Splits documents into a part to learn from, of which only a `share` is taken, and one to hold out.

    Of many, whole ones are held out by chance, always alike for a seed; of few, the end of each. ConfigError if the
    context is longer than all of the text.
    """
    train, held = split(documents, seed, share)
    vocabulary = Vocabulary.of((*train, *held), pairs=pairs)
    encoded = [vocabulary.encode(END + text) for text in train]
    longest = max(map(len, encoded))
    if len(documents) < MANY and context >= longest:
        raise ConfigError(
            "Context must be below {count}, the number of tokens that there are to learn from.", count=longest
        )
    step = max(1, sum(map(len, encoded)) // MOST_STARTS)
    tested = _part([vocabulary.encode(END + text) for text in held], context, context, whole=True)
    return Corpus(train, held, vocabulary, _part(encoded, context, step), tested, longest)


def split(documents: Sequence[str], seed: int = 0, share: float = 1.0) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What is learnt from, and what is held out; see build."""
    if len(documents) < MANY:
        cuts = [round(len(text) * (1 - HELD_OUT)) for text in documents]
        train = tuple(text[: max(1, round(cut * share))] for text, cut in zip(documents, cuts, strict=True))
        return train, tuple(text[cut:] for text, cut in zip(documents, cuts, strict=True))
    order = np.random.default_rng(seed).permutation(len(documents))
    count = round(len(documents) * HELD_OUT)
    learnt = order[count : count + max(1, round((len(documents) - count) * share))]
    return tuple(documents[i] for i in learnt), tuple(documents[i] for i in order[:count])


def _part(encoded: Sequence[np.ndarray], context: int, step: int, whole: bool = False) -> Part:
    """A piece begins every `step` tokens while there is a whole one left; with `whole` till all was in one."""
    lengths = np.array([len(ids) for ids in encoded])
    ends = np.cumsum(lengths)
    tokens = np.concatenate([*encoded, np.zeros(1, np.int32)])  # END is token 0
    room = lengths if whole else np.maximum(1, lengths - context + step)
    counts = -(-room // step)
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    starts = np.repeat(ends - lengths, counts) + step * within
    return Part(tokens, starts, np.repeat(ends + 1, counts))
