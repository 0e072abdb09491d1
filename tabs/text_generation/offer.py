"""Which models a visitor may choose among, and what the page says of them."""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import gradio as gr

from engines.catalog import MODELS, POEM_MODEL, ModelCard, fitting_models
from engines.messages import Message, PlaygroundError, listed
from engines.text_generation.config import RUN, SERVED, TextConfig
from engines.text_generation.models import Models
from engines.weights import out_of_reach
from tabs.page.language import ENGLISH, language_of, t, translate
from tabs.text_generation.own_runs import OwnRuns

CHINESE = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\u3040-\u30ff]")
REACH_SECONDS = 600.0  # for which it holds whether a model's files can be had
NAMED = 2  # models that a hint names
CONTINUES = "{model} only goes on with texts: use the panel Continue, or choose another model for a chat."
SUITED = ("temperature", "repetition_penalty")  # settings that follow the model, unless they were moved


class Offer:
    """The catalog, the models of the text server, and visitors' own."""

    def __init__(self, models: Models, own: OwnRuns) -> None:
        self.models, self.own = models, own
        self._reached: dict[str, tuple[float, bool]] = {}  # model -> when it was asked, and whether it can be had
        self._lock = threading.Lock()

    def card(self, model_id: str) -> ModelCard:
        """What to know of a model; PlaygroundError if it is not offered or gone."""
        name = str(model_id)  # scripts may send anything
        return self.own.find(name) if name.startswith(RUN) else self.models.card(name)

    def known(self, model_id: str) -> ModelCard | None:
        """The same, None in place of an error."""
        with suppress(PlaygroundError):
            return self.card(model_id)
        return None

    def choices(self, owner: str, request: gr.Request | None) -> list[tuple[Any, str]]:
        """Titles and ids: the server's, the visitor's own, and the catalog's, those first that suit them."""
        language = language_of(request)
        own = [(translate(card.title, language), card.id) for card in self.own.of(owner)]
        return [*self._served(language), *own, *self._catalog(language)]

    def _served(self, language: str) -> list[tuple[str, str]]:
        with suppress(PlaygroundError):
            names = self.models.server.names() if self.models.server else ()
            titled = (Message("{model}, on the text server", model=name) for name in names)
            return [(translate(title, language), SERVED + name) for title, name in zip(titled, names, strict=True)]
        return []

    def _catalog(self, language: str) -> list[tuple[Any, str]]:
        if language == ENGLISH:
            return catalog_choices()
        first = [MODELS[POEM_MODEL], *self.readers()]
        sized = [(f"{card.title} · {gigabytes(card)} GB", card.id) for card in first[1:]]
        ids = {card.id for card in first}
        rest = [choice for choice in catalog_choices() if choice[1] not in ids]
        return [(t(first[0].title), first[0].id), *sized, *rest]

    def readers(self) -> list[ModelCard]:
        """The smallest chat models of the catalog that read more than English, if their files can be had now."""
        fitting = [card for card in fitting_models(memory()) if card.kind == "chat" and not card.english_only]
        return fitting[:NAMED] if fitting and self._within_reach(fitting[0]) else []

    def _within_reach(self, card: ModelCard) -> bool:
        """Whether a model's files can be had; it may take seconds to find out, which is done now and then only."""
        with self._lock:
            asked, reached = self._reached.get(card.id, (-REACH_SECONDS, False))
            if time.monotonic() - asked > REACH_SECONDS:
                reached = out_of_reach(card) is None
                self._reached[card.id] = time.monotonic(), reached
            return reached

    # --- what is said of them ----------------------------------------------------------------------------------

    def about(self, model_id: str, request: gr.Request | None = None) -> str:
        """What a model is good for; of the catalog's also its parameters, memory and licence."""
        card = self.known(model_id)
        return translate(about(card), language_of(request)) if card else ""

    def describe(self, model_id: str, request: gr.Request) -> dict[str, Any]:
        """The dropdown's help for the chosen model, in the visitor's language."""
        return gr.update(info=self.about(model_id, request))

    def language_for(self, model_id: str, request: gr.Request) -> str:
        """The language in which to write to this model: the visitor's, where the model knows more than English."""
        card = self.known(model_id)
        return ENGLISH if card and card.english_only else language_of(request)

    def hint(self, model_id: str, text: str, request: gr.Request, chat: bool) -> dict[str, Any]:
        """What to know before a text is sent to this model, as an update of a Markdown; hidden if that is nothing."""
        card = self.known(model_id)
        said = self._hint(card, text or "", chat) if card else None
        return gr.update(visible=bool(said), value=translate(said, language_of(request)) if said else "")

    def _hint(self, card: ModelCard, text: str, chat: bool) -> Message | None:
        if chat and card.kind != "chat" and text.strip():
            return Message(CONTINUES, model=card.title)
        if not card.english_only or not CHINESE.search(text):
            return None
        readers = self.readers()
        if readers:
            names = [f"{reader.title} ({gigabytes(reader)} GB)" for reader in readers]
            able = "{model} knows English only, and answers Chinese with nonsense. These read Chinese: {models}."
            return Message(able, model=card.title, models=listed(names))
        return Message(
            "{model} knows English only, and answers Chinese with nonsense. The files of those that chat in Chinese,"
            " such as {other}, are not to be had now; {poems} writes Chinese poems in the panel Continue.",
            model=card.title,
            other=MODELS["Qwen2.5-0.5B-Instruct"].title,
            poems=MODELS[POEM_MODEL].title,
        )


def about(card: ModelCard) -> str:
    """What a person should know of a model before choosing it."""
    if not (card.repo or card.bundled):
        return card.note
    needs = Message(
        "{parameters} million parameters, {memory} GB of memory, licence {licence}",
        parameters=f"{card.parameters / 1e6:,.0f}",
        memory=f"{card.memory() / 1e9:.1f}",
        licence=card.licence,
    )
    return Message("{before} {next}", before=card.note, next=needs)


def suited(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that a catalog's model writes best with, where they are not the usual ones."""
    model = settings.get("model", TextConfig.model)
    card = MODELS.get(model) if isinstance(model, str) else None
    return dict(card.settings) if card else {}


def suit(card: ModelCard | None, values: Mapping[str, Any]) -> dict[str, Any]:
    """Of the settings that follow the model those that are to change: not the ones that a person has moved."""
    usual = {name: knob.default for name, knob in TextConfig.knobs().items() if name in SUITED}
    suiting = [usual, *(dict(one.settings) for one in MODELS.values())]
    wanted = {**usual, **(dict(card.settings) if card else {})}
    untouched = {name for name in SUITED if values[name] in [one.get(name, usual[name]) for one in suiting]}
    return {name: value for name, value in wanted.items() if name in untouched}


def memory() -> int:
    """Bytes of this machine's memory."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") if hasattr(os, "sysconf") else 8 * 10**9


def catalog_choices() -> list[tuple[Any, str]]:
    """Every model of the catalog, those that fit this machine's memory first."""
    return [(t(card.title) if card.bundled else card.title, card.id) for card in fitting_models(memory())]


def gigabytes(card: ModelCard) -> str:
    """The size of a model's files, of two bytes a parameter."""
    return f"{2 * card.parameters / 1e9:.1f}"
