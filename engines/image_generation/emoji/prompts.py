"""The bundled model's prompts as texts: known ones from its files, others by MiniLM, fetched when needed.

MiniLM reads English, so what is written in another language is given to it as `reading` puts it. If asked to, words
that are no known phrase are read as the emoji's name that the prior finds nearest in meaning, their colour before it;
sentences in another language by `meaning`, or word by word where its encoder cannot be had.
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

from engines.catalog import ENCODERS, READER
from engines.image_generation.emoji.combining.plan import COLOURS
from engines.image_generation.emoji.files import load_phrases, plain
from engines.image_generation.emoji.meaning import CHINESE, Meaning, Meant, load_encoder
from engines.image_generation.emoji.prior import BONUS, Prior, having, load_prior
from engines.image_generation.emoji.reading import Reader, Reading, by_meaning
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
        self._meaning = Meaning(self._phrases)

    def encode(
        self, prompts: Sequence[str], by_name: bool = False
    ) -> Generator[Event, bool, dict[str, Tensor] | None]:
        """The text of each prompt that is not empty; yields while MiniLM is fetched; None if told to stop.

        With `by_name` words that are no known phrase have the text of a name, and a Caption tells of which.
        EngineError if MiniLM is needed and cannot be had, or if nothing of a prompt is understood.
        """
        prompts = [prompt for prompt in dict.fromkeys(prompts) if prompt.strip()]
        read, lacking = {}, None
        if by_name:
            try:
                read = yield from self._read_freely(prompts)
            except EngineError as problem:
                lacking = Message(
                    "To read it by meaning needs {model}. {reason}", model=READER.title, reason=problem.message
                )
        if read is None:
            return None
        wanted = {
            prompt: read[prompt].name if prompt in read else self._understood(prompt, lacking) for prompt in prompts
        }
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
        told = [
            *(one.told for one in read.values()),
            *(name for phrase, name in meant.items() if lacking or name != phrase),
        ]
        if told:
            yield Caption(READ, what_is_read(told, lacking))
        return found

    def _read_freely(self, prompts: Sequence[str]) -> Generator[Event, bool, dict[str, Meant] | None]:
        """What those prompts are read as that the table would read word by word; see `Meaning.read`."""
        readings = {prompt: self._reader.read(prompt) for prompt in prompts}
        free = [prompt for prompt, reading in readings.items() if by_meaning(reading, self._phrases)]
        read = yield from self._meaning.read(free)
        return read and {prompt: in_its_colour(meant, prompt, readings[prompt]) for prompt, meant in read.items()}

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
        """(the prior, the names that it chooses from, which of them can be drawn, bool [E])."""
        prior, names = load_prior()
        return prior, [name for name, _ in names], torch.tensor([name in self._phrases for name, _ in names])

    def _named(self, phrase: str, thing: str) -> str:
        """What is drawn for a phrase: the name nearest to the thing it tells of, in the one colour that it has."""
        prior, names, drawable = self._prior
        name = thing
        if thing not in self._phrases and drawable.any():
            sure = having(thing)
            fits = prior(self._text(thing)[None, :SENTENCE])[0] + BONUS * torch.tensor([one in sure for one in names])
            name = names[int(fits.masked_fill(~drawable, -torch.inf).argmax())]
        colours = [word for word in phrase.split() if word in COLOURS]
        return coloured(name, colours[0]) if len(colours) == 1 else name

    def _understood(self, prompt: str, lacking: Message | None = None) -> str:
        """The prompt in English words that the model has met."""
        if english := self._reader.read(prompt).english:
            return plain(english)
        unread = Message(
            "The bundled model knows no word of “{prompt}”. It reads names of emoji in English, Chinese, Japanese,"
            " Korean, Russian, Spanish, French and German.",
            prompt=prompt[:QUOTED],
        )
        hint = Message("Under “Wording” choose “Nearest emoji” to have it read by meaning.")
        raise EngineError("{before} {next}", before=unread, next=lacking or hint)

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
        self._encoder = yield from load_encoder(folder, ENCODER)
        return True


def without_colours(phrase: str) -> str:
    """The phrase without the model's colours; if it has nothing else, as it is."""
    return " ".join(word for word in phrase.split() if word not in COLOURS) or phrase


def coloured(name: str, colour: str) -> str:
    """The name in this colour, in place of one that it tells."""
    return f"{colour} {without_colours(name)}"


def in_its_colour(meant: Meant, prompt: str, reading: Reading) -> Meant:
    """It in the one colour that the prompt tells, which Chinese says with a word of its own: a face may turn 红."""
    colours = [word for word in reading.english.split() if word in COLOURS]
    if len(colours) != 1 or (CHINESE.search(prompt) and "色" not in prompt):
        return meant
    name = coloured(meant.name, colours[0])
    return Meant(name, meant.told.replace(meant.name, name))


def what_is_read(names: Sequence[str], lacking: Message | None = None) -> Message:
    """What prompts were read as, and what was lacking to read them by meaning."""
    english = ", ".join(f"“{name}”" for name in names)
    if lacking is None:
        return Message("The model reads: {english}.", english=english)
    return Message(
        "{before} {next}", before=Message("Read word by word, as {english}.", english=english), next=lacking
    )


def drain(events: Generator[Event, bool, Any]) -> Any:
    """Run a generator to its end; its result."""
    results: list[Any] = []

    def collect() -> Generator[Event, bool, None]:
        results.append((yield from events))

    for _ in collect():
        pass
    return results[0]
