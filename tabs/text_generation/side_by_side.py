"""The Side by side panel: one prompt under two settings, or two models, written at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import gradio as gr

from engines.text_generation.config import TextConfig
from tabs.page.forms import Form, make_widget
from tabs.page.language import t
from tabs.page.polite import polite
from tabs.page.shared import FOLLOW, QUICK, after
from tabs.page.tokens.view import token_view
from tabs.text_generation.actions import WRITING, TextActions, start_and_stop
from tabs.text_generation.settings import text_form

CAREFUL, BOLD = 0.2, 1.2  # temperatures at first, so that there is something to compare
EXAMPLE = "Describe a rainy day in two sentences."


class PairPanel:
    """Its components, and the handlers that update them."""

    def __init__(self, actions: TextActions) -> None:
        self.actions = actions
        self.prompt = gr.Textbox(EXAMPLE, label=t("One prompt for both"), lines=2, elem_id="text-both")
        self.hints = [gr.Markdown(visible=False, elem_id=f"text-{side}-hint") for side in ("left", "right")]
        with gr.Row(elem_classes="controls"):
            self.start, self.stop = start_and_stop("text-both", t("Write both"))
        controls = {"start": "text-both-start", "stop": "text-both-stop"}
        with gr.Row():
            with gr.Column(min_width=280):
                gr.Markdown(t("**Left**: the settings beside, at the temperature below"))
                knob = replace(TextConfig.knobs()["temperature"], default=CAREFUL)
                self.left = token_view("text-left", controls)
                self.temperature = make_widget("temperature", knob, "left")
            with gr.Column(min_width=280):
                gr.Markdown(t("**Right**: the settings below"))
                self.right = token_view("text-right", controls)
                self.right_form = text_form("right", actions.offer)
                self.right_form["temperature"].value = BOLD

    def wire(self, form: Form) -> None:
        """Connect events to handlers; `form` has the settings of the left side."""
        left = [self.temperature if widget is form["temperature"] else widget for widget in form.widgets]
        for panel, view, settings, widgets in (
            ("left", self.left, form, left),
            ("right", self.right, self.right_form, self.right_form.widgets),
        ):
            self.start.click(self._writer(panel, settings), [self.prompt, *widgets], view, **WRITING)
        models = [form["model"], self.right_form["model"]]
        typed = [self.prompt, *models]
        changed = after(self.prompt.change, *(model.change for model in models))
        changed.then(self.show_hints, typed, self.hints, **FOLLOW)
        self.stop.click(self.actions.stopper("left", "right"), None, None, **QUICK)

    def show_hints(self, prompt: str, left: str, right: str, request: gr.Request) -> list[dict[str, Any]]:
        """What to know before the prompt is sent to these models; once if they are the same."""
        first, second = (self.actions.offer.hint(model, prompt, request, chat=False) for model in (left, right))
        return [first, second if left != right else gr.update(visible=False)]

    def _writer(self, panel: str, form: Form) -> Callable[..., Iterator[str]]:
        def write(prompt: str, request: gr.Request, *values: Any) -> Iterator[str]:
            with polite(request):
                yield from self.actions.answer(form.read(values), prompt, request, panel)

        return write
