"""The bundled model's prompts as texts: known ones from its files, others by MiniLM, fetched when needed.

MiniLM reads English, so what is written in another language is given to it as `reading` puts it. If asked to, words
that are no known phrase are read as the emoji's name that the prior finds nearest in meaning, their colour before it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Generator, Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from engines.catalog import ENCODERS
from engines.image_generation.emoji.combining.plan import COLOURS
from engines.image_generation.emoji.files import load_phrases, plain
from engines.image_generation.emoji.prior import Prior, load_prior
from engines.image_generation.emoji.reading import Reader
from engines.image_generation.emoji.texts import SENTENCE, text_of
from engines.messages import EngineError, Message
from engines.running.events import Caption, Event, Note
from engines.weights import Stopped, fetch, in_background

REMEMBERED = 256  # prompts
QUOTED = 40  # characters of a prompt in a sentence
READ = "prompt"  # the group of the captions that tell what a prompt was read as
ENCODER = ENCODERS["all-MiniLM-L6-v2"]


class Prompts:
    """Prompts as texts [TEXT], the latest ones remembered. For one thread at a time."""

    def __init__(self, folder: Path) -> None:
        self._reader = Reader()
        self._known = load_phrases(folder)
        self._phrases = self._known.places
        self._remembered: OrderedDict[str, Tensor] = OrderedDict()
        self._encoder: Any = None  # MiniLM, once a prompt needs it

    def encode(
        self, prompts: Sequence[str], by_name: bool = False
    ) -> Generator[Event, bool, dict[str, Tensor] | None]:
        """The text of each prompt that is not empty; yields while MiniLM is fetched; None if told to stop.

        With `by_name` words that are no known phrase have the text of a name, and a Caption tells of which.
        EngineError if MiniLM is needed and cannot be had, or if nothing of a prompt is understood.
        """
        wanted = {prompt: self._understood(prompt) for prompt in prompts if prompt.strip()}
        meant = {phrase: phrase for phrase in wanted.values()}
        if by_name:
            things = {phrase: without_colours(phrase) for phrase in meant if phrase not in self._phrases}
            if not (yield from self._read(things.values())):
                return None
            meant |= {phrase: self._named(phrase, thing) for phrase, thing in things.items()}
        if not (yield from self._read(meant.values())):
            return None
        found = {prompt: self._text(meant[phrase]) for prompt, phrase in wanted.items()}
        while len(self._remembered) > REMEMBERED:
            self._remembered.popitem(last=False)
        if moved := [name for phrase, name in meant.items() if name != phrase]:
            english = ", ".join(f"“{name}”" for name in moved)
            yield Caption(READ, Message("The model reads: {english}.", english=english))
        return found

    def _read(self, phrases: Iterable[str]) -> Generator[Event, bool, bool]:
        """Have the texts of these phrases at hand; False if told to stop."""
        unknown = [phrase for phrase in set(phrases) - self._phrases.keys() if phrase not in self._remembered]
        if not unknown:
            return True
        try:
            if not (yield from self._load_encoder()):
                return False
            note = Note(Message("Reading the prompt"))
            texts = yield from in_background(lambda: self._encode_now(unknown), note)
        except Stopped:
            return False
        self._remembered.update(zip(unknown, texts, strict=True))
        return True

    @cached_property
    def _prior(self) -> tuple[Prior, list[str], Tensor]:
        """(the prior, what each name that it chooses from is told as, their sentence vectors)."""
        prior, names = load_prior()
        known = [name for name, told in names.items() if {name, told} <= self._phrases.keys()]
        vectors = torch.stack([self._text(name)[:SENTENCE] for name in known] or [torch.zeros(SENTENCE)])
        return prior, [names[name] for name in known], vectors

    def _named(self, phrase: str, thing: str) -> str:
        """What is drawn for a phrase: the name nearest to the thing it tells of, in the one colour that it has."""
        prior, names, vectors = self._prior
        name = thing
        if names and thing not in self._phrases:
            name = names[int(prior(self._text(thing)[None, :SENTENCE], vectors).argmax())]
        colours = [word for word in phrase.split() if word in COLOURS]
        return coloured(name, colours[0]) if len(colours) == 1 else name

    def _understood(self, prompt: str) -> str:
        if not (english := self._reader.read(prompt).english):
            raise EngineError(
                "The bundled model knows no word of “{prompt}”. It reads names of emoji in English, Chinese, Japanese,"
                " Korean, Russian, Spanish, French and German.",
                prompt=prompt[:QUOTED],
            )
        return plain(english)

    def _text(self, phrase: str) -> Tensor:
        if phrase in self._phrases:
            return self._known.text(phrase)
        self._remembered.move_to_end(phrase)
        return self._remembered[phrase]

    def _encode_now(self, phrases: Sequence[str]) -> list[Tensor]:
        """One at a time and by one thread, since padding and more threads change the last bits."""
        torch.set_num_threads(1)
        return [self._text_of(*self._encoder.encode_words([phrase])) for phrase in phrases]

    def _text_of(self, vectors: np.ndarray, states: Sequence[np.ndarray]) -> Tensor:
        return text_of(torch.from_numpy(vectors[0]), self._known.axes.words(torch.from_numpy(states[0])))

    def _load_encoder(self) -> Generator[Event, bool, bool]:
        if self._encoder is not None:
            return True
        try:
            folder = yield from fetch(ENCODER)
        except EngineError as problem:
            raise EngineError(
                "Only the names of emoji and the example prompts can be drawn now: other words need {model}. {reason}",
                model=ENCODER.title,
                reason=problem.message,
            ) from problem
        if folder is None:
            return False

        def load() -> Any:
            from engines.data.sentences import SentenceEncoder

            return SentenceEncoder(folder)

        self._encoder = yield from in_background(load, Note(Message("Loading {model}", model=ENCODER.title)))
        return True


def without_colours(phrase: str) -> str:
    """The phrase without the model's colours; if it has nothing else, as it is."""
    return " ".join(word for word in phrase.split() if word not in COLOURS) or phrase


def coloured(name: str, colour: str) -> str:
    """The name in this colour, in place of one that it tells."""
    return f"{colour} {without_colours(name)}"


def drain(events: Generator[Event, bool, Any]) -> Any:
    """Run a generator to its end; its result."""
    results: list[Any] = []

    def collect() -> Generator[Event, bool, None]:
        results.append((yield from events))

    for _ in collect():
        pass
    return results[0]
