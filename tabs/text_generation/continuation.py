"""The Continue panel: a base model's way of writing on, and how likely a text is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr

from engines.catalog import ModelCard
from engines.running.events import Events
from engines.text_generation.engine import continue_text, perplexity
from tabs.page.forms import Form
from tabs.page.language import t
from tabs.page.polite import polite
from tabs.page.shared import FOLLOW, QUICK
from tabs.page.tokens.view import token_view
from tabs.text_generation.actions import WRITING, TextActions, start_and_stop

BLANK = (
    "The text ends in a blank. Most words begin with theirs, so the model now has to go on without one, which it"
    " hardly ever read: take the blank away for a better text."
)
EXAMPLE = "Once upon a time, in a small town by the sea,"
POEM = "春风"  # the same for models of Chinese quatrains


class ContinuePanel:
    """Its components, and the handlers that update them."""

    def __init__(self, actions: TextActions) -> None:
        self.actions = actions
        self.text = gr.Textbox(
            EXAMPLE, label=t("Text to continue or to measure"), lines=8, max_lines=8, elem_id="text-text"
        )
        with gr.Row(elem_classes="controls"):
            self.start, self.stop = start_and_stop("text-continue", t("Continue"))
            self.undo = gr.Button(t("Undo"), elem_id="text-undo", min_width=90)
            self.measure = gr.Button(t("How likely is this text?"), elem_id="text-measure", min_width=260)
        self.hint = gr.Markdown(t(BLANK), visible=False, elem_id="text-hint")
        self.language_hint = gr.Markdown(visible=False, elem_id="text-continue-hint")
        self.before = gr.State("")
        self.tokens = token_view("text-tokens", {"start": "text-continue-start", "stop": "text-continue-stop"})

    def wire(self, form: Form) -> None:
        """Connect events to handlers."""
        self.form = form
        inputs, outputs = [self.text, *form.widgets], [self.text, self.tokens]
        # by itself, since a state is kept only when its handler has ended
        begun = self.start.click(lambda text: text, self.text, self.before, **QUICK)
        begun.then(self.write, inputs, outputs, **WRITING)
        asked, hints = [self.text, form["model"]], [self.hint, self.language_hint]
        self.text.change(self.show_hints, asked, hints, **FOLLOW)
        form["model"].input(self.show_hints, asked, hints, **QUICK)
        form["model"].input(self.fit_example, asked, self.text, **QUICK)
        self.measure.click(self.perplexity, inputs, outputs, **WRITING)
        self.undo.click(self.take_back, self.before, outputs, **QUICK)
        self.stop.click(self.actions.stopper("continue"), None, None, **QUICK)

    def write(self, text: str, request: gr.Request, *values: Any) -> Iterator[tuple]:
        """Write on from the text, in the same box."""
        with polite(request):
            config = self.actions.admit(self.form.read(values), request)
            events = self.actions.events(continue_text, config, text)
            yield from self._stream(events, text, request)

    def perplexity(self, text: str, request: gr.Request, *values: Any) -> Iterator[tuple]:
        """Tint the text by how likely the model finds each token."""
        with polite(request):
            config = self.actions.admit(self.form.read(values), request)
            events = self.actions.events(perplexity, config, text)
            yield from self._stream(events, text, request)

    def _stream(self, events: Events, text: str, request: gr.Request) -> Iterator[tuple]:
        for writing in self.actions.stream(events, request, "continue"):
            grown = text + writing.text if writing.text else gr.skip()  # a person may edit it until then
            yield writing.instead or (grown, writing.lines)

    def show_hints(self, text: str, model: str, request: gr.Request) -> list[dict[str, Any]]:
        """One where a text ends in a blank, which matters to models of words; one where the model can't read it."""
        card = self.actions.offer.known(model)
        words = not (card and card.beginning)
        blank = words and text.endswith((" ", "\t", "\u3000", "\xa0"))
        return [gr.update(visible=blank), self.actions.offer.hint(model, text, request, chat=False)]

    def fit_example(self, text: str, model: str) -> Any:
        """The example that this model can read, in place of another one; what a person wrote stays."""
        card = self.actions.offer.known(model)
        wanted = example_for(card) if card else text
        return wanted if text in (EXAMPLE, POEM) and text != wanted else gr.skip()

    def take_back(self, before: str, request: gr.Request) -> tuple:
        """The text as it was before it was continued."""
        return self.actions.end(request, "continue", (before or gr.skip(), ""))


def example_for(card: ModelCard) -> str:
    """A text for this model to go on with."""
    return POEM if card.beginning and card.beginning.quatrains else EXAMPLE
