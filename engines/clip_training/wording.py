"""What words mean, as vectors beside those of the emoji's names: by the encoder, if it is here, else by looking up."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from engines.catalog import READER
from engines.clip_training.convert import CONVERT, QUERY
from engines.clip_training.pairs import load_names, load_vectors, projected
from engines.data.sentences import SentenceEncoder
from engines.image_generation.emoji.reading import GLUE, LETTERS, Reader
from engines.messages import ConfigError, Message
from engines.running.events import Events
from engines.weights import fetch

OFFERED = 3  # names for words that are not known


@dataclass(frozen=True, eq=False)
class Wording:
    """A text as the towers take it."""

    vector: np.ndarray  # unit vector, float32 [D]
    how: Message | None = None  # how it was understood, where that is other than by its own vector


def fetch_reader() -> Events:
    """Have the encoder here; what is yielded tells how far that is. EngineError if it is not to be had."""
    yield from fetch(READER, CONVERT)


def understand(texts: Sequence[str], free: bool = False) -> list[Wording]:
    """What these texts mean: by the encoder, which must be here then, if `free`, else by the names that stand in them.

    ConfigError, which says what is known, for one that no name has a word of.
    """
    if not free:
        exact = {name.lower(): i for names in load_names() for i, name in enumerate(names)}
        return [look_up(text, exact) for text in texts]
    vectors = projected(encoder(Outcome(fetch(READER, CONVERT)).end()).encode([QUERY + text for text in texts]))
    return [Wording(vector) for vector in vectors]


class Outcome:
    """What a generator yields, and then, as `value`, what it returns."""

    def __init__(self, generator: Generator[Any, Any, Any]) -> None:
        self.generator, self.value = generator, None

    def __iter__(self) -> Iterator[Any]:
        self.value = yield from self.generator

    def end(self) -> Any:
        """What it returns, whatever it yields before."""
        for _ in self:
            pass
        return self.value


@cache
def encoder(folder: Path) -> SentenceEncoder:
    """The encoder, loaded once a process."""
    return SentenceEncoder(folder)


def look_up(text: str, exact: dict[str, int]) -> Wording:
    """The vector of a name, else the mean of the names that have most of the text's words."""
    vectors, (english, _) = load_vectors(), load_names()
    text = " ".join(text.split())
    if (place := exact.get(text.lower())) is not None:
        language = next(i for i, names in enumerate(load_names()) if names[place].lower() == text.lower())
        return Wording(vectors[language, place])
    reading = Reader().read(text)
    words = {form for word in LETTERS.findall(reading.english.lower()) if word not in GLUE for form in forms(word)}
    shared = np.array([len(words & set(LETTERS.findall(name.lower()))) for name in english])
    if not shared.max():
        near = ", ".join(reading.near[:OFFERED])
        raise ConfigError(
            "No name of an emoji has a word of “{text}”. Try {near}, or tick Free wording.",
            text=text[:40],
            near=near or "dog, 苹果",
        )
    best = np.flatnonzero(shared == shared.max())
    mean = vectors[0, best].mean(0)
    names = ", ".join(english[i] for i in best[:OFFERED])
    how = Message("“{text}” was looked up among the names: {names}.", text=text[:40], names=names)
    return Wording(mean / np.linalg.norm(mean), how)


def forms(word: str) -> tuple[str, ...]:
    """A word and what it is without the ending of a plural."""
    return (word, word[:-1]) if word.endswith("s") and len(word) > 3 else (word,)
