"""The embeddings of the bundled model's prompts: known ones from its files, others by MiniLM, fetched when needed.

MiniLM reads English, so what is written in another language is given to it as `reading` puts it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from engines.catalog import ENCODERS
from engines.image_generation.emoji.files import load_phrases, plain
from engines.image_generation.emoji.reading import Reader
from engines.messages import EngineError, Message
from engines.running.events import Event, Note
from engines.weights import Stopped, fetch, in_background

REMEMBERED = 256  # prompts
QUOTED = 40  # characters of a prompt in a sentence
ENCODER = ENCODERS["all-MiniLM-L6-v2"]


class Prompts:
    """Prompts as unit vectors [384], the latest ones remembered. For one thread at a time."""

    def __init__(self, folder: Path) -> None:
        self._reader = Reader()
        self._phrases, self._vectors = load_phrases(folder)
        self._remembered: OrderedDict[str, Tensor] = OrderedDict()
        self._encoder: Any = None  # MiniLM, once a prompt needs it

    def encode(self, prompts: Sequence[str]) -> Generator[Event, bool, dict[str, Tensor] | None]:
        """The vector of each prompt that is not empty; yields while MiniLM is fetched; None if told to stop.

        EngineError if MiniLM is needed and cannot be had, or if nothing of a prompt is understood.
        """
        wanted = {prompt: self._understood(prompt) for prompt in prompts if prompt.strip()}
        unknown = [phrase for phrase in set(wanted.values()) - self._phrases.keys() if phrase not in self._remembered]
        if unknown:
            try:
                if not (yield from self._load_encoder()):
                    return None
                note = Note(Message("Reading the prompt"))
                vectors = yield from in_background(lambda: self._encode_now(unknown), note)
            except Stopped:
                return None
            self._remembered.update(zip(unknown, vectors, strict=True))
        found = {prompt: self._vector(phrase) for prompt, phrase in wanted.items()}
        while len(self._remembered) > REMEMBERED:
            self._remembered.popitem(last=False)
        return found

    def _understood(self, prompt: str) -> str:
        if not (english := self._reader.read(prompt).english):
            raise EngineError(
                "The bundled model knows no word of “{prompt}”. It reads names of emoji in English, Chinese, Japanese,"
                " Korean, Russian, Spanish, French and German.",
                prompt=prompt[:QUOTED],
            )
        return plain(english)

    def _vector(self, phrase: str) -> Tensor:
        if phrase in self._phrases:
            return F.normalize(self._vectors[self._phrases[phrase]].float(), dim=0)
        self._remembered.move_to_end(phrase)
        return self._remembered[phrase]

    def _encode_now(self, phrases: Sequence[str]) -> list[Tensor]:
        """One at a time and by one thread, since padding and more threads change the last bits."""
        torch.set_num_threads(1)
        return [torch.from_numpy(self._encoder.encode([phrase])[0]) for phrase in phrases]

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


def drain(events: Generator[Event, bool, Any]) -> Any:
    """Run a generator to its end; its result."""
    results: list[Any] = []

    def collect() -> Generator[Event, bool, None]:
        results.append((yield from events))

    for _ in collect():
        pass
    return results[0]
