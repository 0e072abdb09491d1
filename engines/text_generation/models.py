"""The language models that are loaded, shared by everyone. Importing this loads no torch."""

from __future__ import annotations

import functools
import gc
import importlib
import sys
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engines.catalog import ModelCard
from engines.messages import EngineError, Message
from engines.running.events import Event, Note
from engines.text_generation.config import SERVED, find_model
from engines.weights import Stopped, fetch, in_background

if TYPE_CHECKING:
    from engines.text_generation.batcher import Batcher
    from engines.text_generation.model import LanguageModel
    from engines.text_generation.servers.server import TextServer

CONVERT = (sys.executable, "-m", "engines.text_generation.convert")


def warm_up() -> None:
    """Import what the usual models need, which takes longer than reading them: best before somebody asks for one."""
    importlib.import_module("engines.text_generation.batcher")
    for kind in ("llama", "gpt2"):
        importlib.import_module(f"transformers.models.{kind}.modeling_{kind}")


@dataclass(eq=False)
class Loaded:
    """A model in memory and how many are using it; call `release` when done."""

    owner: Models
    model: LanguageModel
    batcher: Batcher
    users: int = 0

    def release(self) -> None:
        """The caller does not need the model any more; it stays loaded until another one is wanted."""
        with self.owner.lock:
            self.users -= 1


class Models:
    """Loads models when they are wanted and frees those that nobody uses. Made once an app, passed down."""

    def __init__(self, allow_any_model: bool = False, server: TextServer | None = None) -> None:
        """`server` has models beside those that are loaded here."""
        self.allow_any_model, self.server = allow_any_model, server
        self.own: ModelCard | None = None  # a visitor's
        self.lock = threading.Lock()
        self._loading = threading.Lock()  # one at a time, so that memory is never needed twice
        self._loaded: dict[str, Loaded] = {}

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled, they become those of the process that reads it, which keeps its own and asks no server."""
        return _of_this_process, (self.allow_any_model, self.own)

    def card(self, model_id: str) -> ModelCard:
        """What to know of a model; ConfigError for one that is not offered, EngineError if a server does not tell."""
        if self.own and self.own.id == model_id:
            return self.own
        server = self.serving(model_id)
        return server.card(model_id) if server else find_model(model_id, self.allow_any_model)

    def serving(self, model_id: str) -> TextServer | None:
        """The server that computes this model; None for one that is loaded here."""
        return self.server if model_id.startswith(SERVED) else None

    def with_own(self, card: ModelCard) -> Models:
        """The same models, what is loaded included, and one more, which lies in the card's own folder."""
        other = object.__new__(Models)
        other.__dict__ = {**self.__dict__, "own": card}
        return other

    def open(self, model_id: str) -> Generator[Event, bool, Loaded | None]:
        """Yields Note and Download until the model is loaded; returns it, or None if told to stop.

        Raises ConfigError for a model that is not offered, EngineError if it cannot be had or does not fit.
        """
        card = self.card(model_id)
        while True:
            with self.lock:
                loaded = self._loaded.get(_key(card))
                if loaded:
                    loaded.users += 1
                    return loaded
            folder = yield from self.fetch(model_id)
            if folder is None:
                return None
            note = Note(Message("Loading {model}", model=card.title))
            try:
                yield from in_background(lambda folder=folder: self._load(card, folder), note)
            except Stopped:
                return None

    def fetch(self, model_id: str) -> Generator[Event, bool, Path | None]:
        """The folder with the model's files, see weights.fetch; ConfigError for a model that is not offered."""
        card = self.card(model_id)
        if card.folder:
            return Path(card.folder)
        return (yield from fetch(card, _unpack if card.bundled else CONVERT))

    def loaded(self) -> tuple[str, ...]:
        """The models in memory: their ids, of visitors' own their folders."""
        with self.lock:
            return tuple(self._loaded)

    def close(self) -> None:
        """Free everything, as when the app ends."""
        self._free(idle_only=False)

    def _load(self, card: ModelCard, folder: Path) -> None:
        with self._loading, _no_garbage():
            if _key(card) in self.loaded():
                return
            from engines.device import is_out_of_memory, release_memory
            from engines.text_generation.batcher import Batcher
            from engines.text_generation.model import load_model

            self._free(idle_only=True)
            try:
                self._check_memory(card)
                model = load_model(card, folder)
                loaded = Loaded(self, model, Batcher(model))
            except Exception as problem:
                if not is_out_of_memory(problem):
                    raise
                release_memory()
                raise _too_large(card) from None
            with self.lock:
                self._loaded[_key(card)] = loaded

    def _check_memory(self, card: ModelCard) -> None:
        """EngineError if the model cannot fit into the memory that is free now."""
        from engines.device import free_memory

        if card.parameters and card.memory() > free_memory():
            with self.lock:
                busy = bool(self._loaded)
            if not busy:
                raise _too_large(card)
            raise EngineError(
                "{model} does not fit into memory beside the model that others are using. Try again later, or choose"
                " a smaller one.",
                model=card.title,
            )

    def _free(self, idle_only: bool) -> None:
        from engines.device import release_memory

        with self.lock:
            gone = [key for key, loaded in self._loaded.items() if not (idle_only and loaded.users)]
            freed = [self._loaded.pop(key) for key in gone]
        for loaded in freed:
            loaded.batcher.close()
            del loaded.model, loaded.batcher
        if freed:
            del loaded, freed
            release_memory()


def _key(card: ModelCard) -> str:
    """Under what a model is kept in memory; one that was trained further has another folder."""
    return card.folder or card.id


def _unpack(folder: Path) -> None:
    """Turn the bundled model's files into what transformers loads."""
    from engines.gpt_training.take_home.export import export
    from engines.gpt_training.use import bundled

    export(*bundled(), folder)


def _of_this_process(allow_any_model: bool, own: ModelCard | None) -> Models:
    models = _the_models(allow_any_model)
    return models.with_own(own) if own else models


@functools.lru_cache
def _the_models(allow_any_model: bool) -> Models:
    return Models(allow_any_model)


@contextmanager
def _no_garbage() -> Iterator[None]:
    """Do not look for garbage meanwhile: among the million objects of an import that takes a fifth of its time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _too_large(card: ModelCard) -> EngineError:
    return EngineError("{model} is too large for this device's memory. Choose a smaller model.", model=card.title)
