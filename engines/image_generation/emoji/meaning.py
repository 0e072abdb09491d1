"""What a prompt in another language than English means: the emoji that fits it best, by multilingual-e5-small.

For prompts that the table of words does not read as a whole; the encoder is fetched when the first one comes.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Container, Generator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch

from engines.catalog import READER, ModelCard
from engines.clip_training.convert import CONVERT, QUERY
from engines.image_generation.emoji.prior import OTHER_LANGUAGES, Prior, load_prior
from engines.messages import Message
from engines.running.events import Event, Note
from engines.weights import Stopped, fetch, in_background

REMEMBERED = 256  # texts
CHINESE = re.compile("[\u3400-\u9fff]")
OTHER_ASIAN = re.compile("[\u3040-\u30ff\uac00-\ud7af]")


@dataclass(frozen=True)
class Meant:
    """The emoji that a text is read as."""

    name: str  # as it is drawn
    told: str  # as the text's reader is told it


class Meaning:
    """Reads texts as emoji whose names are `known`, the latest ones remembered. For one thread at a time."""

    def __init__(self, known: Container[str]) -> None:
        self._known = known
        self._remembered: OrderedDict[str, Meant] = OrderedDict()
        self._encoder: Any = None  # once a text needs it

    def read(self, texts: Sequence[str]) -> Generator[Event, bool, dict[str, Meant] | None]:
        """What each text is read as; yields while the encoder is fetched; None if told to stop.

        EngineError if it is needed and cannot be had.
        """
        unknown = [text for text in dict.fromkeys(texts) if text not in self._remembered]
        if unknown:
            try:
                if not (yield from self._load_encoder()):
                    return None
                found = yield from in_background(lambda: self._nearest(unknown), Note(Message("Reading the prompt")))
            except Stopped:
                return None
            self._remembered.update(zip(unknown, found, strict=True))
        for text in texts:
            self._remembered.move_to_end(text)
        read = {text: self._remembered[text] for text in texts}
        while len(self._remembered) > REMEMBERED:
            self._remembered.popitem(last=False)
        return read

    @cached_property
    def _prior(self) -> tuple[Prior, list[tuple[str, str]], torch.Tensor]:
        """(the prior, name and Chinese name of each emoji, which of them can be drawn, bool [E])."""
        prior, names = load_prior(OTHER_LANGUAGES)
        return prior, names, torch.tensor([name in self._known for name, _ in names])

    def _nearest(self, texts: Sequence[str]) -> list[Meant]:
        """One at a time and by one thread, as Prompts reads them."""
        torch.set_num_threads(1)
        prior, names, drawable = self._prior
        found = []
        for text in texts:
            vector = torch.from_numpy(self._encoder.encode([QUERY + text]))
            name, chinese = names[int(prior(vector)[0].masked_fill(~drawable, -torch.inf).argmax())]
            in_chinese = CHINESE.search(text) and not OTHER_ASIAN.search(text)
            found.append(Meant(name, f"{chinese} ({name})" if in_chinese and chinese else name))
        return found

    def _load_encoder(self) -> Generator[Event, bool, bool]:
        if self._encoder is not None:
            return True
        folder = yield from fetch(READER, CONVERT)
        if folder is None:
            return False
        self._encoder = yield from load_encoder(folder, READER)
        return True


def load_encoder(folder: Path, card: ModelCard) -> Generator[Event, bool, Any]:
    """The encoder whose files lie in a folder; yields while it is loaded. Stopped if told to."""

    def load() -> Any:
        from engines.data.sentences import SentenceEncoder

        return SentenceEncoder(folder)

    return (yield from in_background(load, Note(Message("Loading {model}", model=card.title))))
