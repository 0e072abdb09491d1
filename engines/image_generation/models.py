"""The one image model that is loaded, shared by everyone. Importing this loads no torch."""

from __future__ import annotations

import functools
import threading
from collections import deque
from collections.abc import Callable, Generator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from engines.data.cards import ASSETS
from engines.image_generation.catalog import IMAGE_MODELS, ImageCard, find_image_model
from engines.image_generation.drawing import ImageModel
from engines.messages import ConfigError, EngineError, Message
from engines.running.events import Event, Note
from engines.weights import Stopped, fetch, in_background

BEAT = 0.25  # seconds between two looks whether it is one's turn
EMOJI_FOLDER = ASSETS / "emoji_model"


class Lease:
    """A loaded model that the holder alone may use; call `release` when done."""

    def __init__(self, owner: ImageModels, ticket: object, card: ImageCard, model: ImageModel) -> None:
        self.card, self.model = card, model
        self._owner, self._ticket = owner, ticket

    def release(self) -> None:
        """Let the next in line go on; the model stays loaded until another one is wanted."""
        self._owner._leave(self._ticket)


class ImageModels:
    """Holds at most one model and lends it to one drawing at a time, in order. Made once an app, passed down."""

    def __init__(self, allow_any_model: bool = False) -> None:
        self.allow_any_model = allow_any_model
        self._changed = threading.Condition()
        self._loading = (
            threading.Lock()
        )  # also held by a loading that was given up, so that memory is not needed twice
        self._line: deque[object] = deque()  # whoever is first may load and use the model
        self._card: ImageCard | None = None
        self._model: ImageModel | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled, they become those of the process that reads it, which keeps its own."""
        return _of_this_process, (self.allow_any_model,)

    def use(self, model_id: str) -> Generator[Event, bool, Lease | None]:
        """Yields Note and Download until it is the caller's turn and the model is loaded; None if told to stop.

        Raises ConfigError for a model that is not offered, EngineError if it cannot be had or does not fit.
        """
        card = self._offered(model_id)
        folder = yield from self.fetch(model_id)
        if folder is None:
            return None
        ticket = object()
        with self._changed:
            self._line.append(ticket)
        lease = None
        try:
            if (yield from self._wait(ticket)):
                model = yield from self._load(card, folder, ticket)
                lease = Lease(self, ticket, card, model)
        except Stopped:
            return None
        finally:
            if lease is None:
                self._leave(ticket)
        return lease

    def loaded(self) -> str:
        """The id of the model in memory, "" if there is none."""
        return self._card.id if self._card and self._model else ""

    def forget(self, lease: Lease) -> None:
        """Free the model of a lease, as when memory has run out; the lease is still to be released."""
        lease.model = None
        self._free()

    def close(self) -> None:
        """Free everything, as when the app ends."""
        self._free()

    def _offered(self, model_id: str) -> ImageCard:
        card = find_image_model(model_id)
        if card.kind == "gan":
            raise EngineError("This generator is not here any more: train it again, or open its exported file.")
        if card.id not in IMAGE_MODELS and not self.allow_any_model:
            raise ConfigError(
                "This app offers only the models of its catalog: {known}. Its owner can start it with"
                " --allow-any-model.",
                known=", ".join(IMAGE_MODELS),
            )
        return card

    def fetch(self, model_id: str) -> Generator[Event, bool, Path | None]:
        """The folder with the model's files; fetched before waiting in line, so that nobody waits for it."""
        card = self._offered(model_id)
        if card.kind == "emoji":
            if not (EMOJI_FOLDER / "model.safetensors").is_file():
                raise EngineError("The bundled model is missing from this copy of the program; fetch it again.")
            return EMOJI_FOLDER
        from engines.image_generation.hub.pipeline_files import check_library, pipeline_files

        check_library()
        return (yield from fetch(card, choose=pipeline_files))

    def _wait(self, ticket: object) -> Generator[Event, bool, bool]:
        """True once the ticket is the first in line, False if told to stop."""
        while True:
            with self._changed:
                position = self._line.index(ticket)
                if position and not self._changed.wait_for(lambda: self._line[0] is ticket, BEAT):
                    position = self._line.index(ticket)
                else:
                    position = 0
            if position == 0:
                return True
            if (yield Note(Message("In line: place {position}", position=position))):
                return False

    def _leave(self, ticket: object) -> None:
        with self._changed:
            if ticket in self._line:
                self._line.remove(ticket)
            self._changed.notify_all()

    def _load(self, card: ImageCard, folder: Path, ticket: object) -> Generator[Event, bool, ImageModel]:
        if self._loading.acquire(blocking=False):
            try:
                if self._model and self._card == card:
                    return self._model
            finally:
                self._loading.release()
        note = Note(Message("Loading {model}", model=card.title))
        return (yield from in_background(lambda: self._replace(card, folder, ticket), note))

    def _replace(self, card: ImageCard, folder: Path, ticket: object) -> ImageModel | None:
        with self._loading:
            if ticket not in self._line:  # given up meanwhile, and another may use the model by now
                return None
            if self._model is None or self._card != card:
                self._free()
                self._model, self._card = load_image_model(card, folder), card
            return self._model

    def _free(self) -> None:
        model, self._model, self._card = self._model, None, None
        if model is None:
            return
        from engines.device import release_memory

        model.close()
        del model
        release_memory()


@functools.lru_cache
def _of_this_process(allow_any_model: bool) -> ImageModels:
    return ImageModels(allow_any_model)


def _load_emoji(card: ImageCard, folder: Path) -> ImageModel:
    from engines.image_generation.emoji.model import EmojiModel

    return EmojiModel(card, folder)


def _load_pipeline(card: ImageCard, folder: Path) -> ImageModel:
    from engines.image_generation.hub.model import HubModel

    return HubModel(card, folder)


# The kind of a model's card -> what makes the model of its folder; each imports its libraries when it is called.
LOADERS: Mapping[str, Callable[[ImageCard, Path], ImageModel]] = MappingProxyType(
    {"emoji": _load_emoji, "diffusers": _load_pipeline}
)


def load_image_model(card: ImageCard, folder: Path) -> ImageModel:
    """The model in `folder`; EngineError if its files are damaged or do not fit into memory."""
    from engines.device import is_out_of_memory, release_memory

    try:
        return LOADERS[card.kind](card, folder)
    except Exception as problem:
        if not is_out_of_memory(problem):
            raise
        release_memory()
    raise EngineError("{model} is too large for this device's memory. Choose a smaller model.", model=card.title)
