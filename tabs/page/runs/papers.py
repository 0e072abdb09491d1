"""The panel with the measures that papers print, of a run's model beside what the real thing reaches."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from html import escape
from typing import Any, Protocol

import gradio as gr

from engines.knobs import Config
from engines.messages import Message
from engines.running.events import Events, Metrics, Note, Progress
from tabs.page.forms import Form
from tabs.page.json_input import json_object
from tabs.page.language import t
from tabs.page.markup import Say, panel, paragraph, speaker
from tabs.page.polite import polite

MEASURING: dict[str, Any] = {"concurrency_limit": 1, "concurrency_id": "papers"}
Told = Callable[[Mapping[str, Metrics], Say], str]  # what was found, by its group, as HTML


class Measuring(Protocol):
    """Actions on runs that can be measured."""

    def named(self, name: str, prefix: str) -> Callable[..., Any]:
        """A handler as an endpoint; it has `papers`."""

    def measuring(self, run_id: str, config: Config) -> Events:
        """The events of measuring a run's model as papers do."""


class PapersPanel:
    """A button, on how much the measures rest, and what was found."""

    def __init__(self, actions: Measuring, prefix: str, config: type[Config], about: Message, told: Told) -> None:
        self.actions, self.prefix, self.told = actions, prefix, told
        gr.Markdown(t(about))
        with gr.Row():
            self.form = Form(config, f"{prefix}-papers")
            self.form.add_rest()
        with gr.Row(elem_classes="controls"):
            self.start = gr.Button(t("Measure"), elem_id=f"{prefix}-papers-start", min_width=140)
            self.stop = gr.Button(t("Stop"), elem_id=f"{prefix}-papers-stop", min_width=100)
        self.found = panel(f"{prefix}-papers-found")

    def wire(self, *shown: gr.components.Component) -> None:
        """Follow the run that the view shows."""
        hidden: dict[str, Any] = {"visible": False}
        going = self.start.click(
            self.show, [*shown, *self.form.widgets], self.found, api_visibility="private", **MEASURING
        )
        self.stop.click(None, cancels=[going])
        asked, told = [gr.Textbox(**hidden), json_object()], gr.JSON(**hidden)
        gr.Button(**hidden).click(
            self.actions.named("papers", self.prefix), asked, told, api_name=f"{self.prefix}_papers", **MEASURING
        )

    def show(self, run: str, request: gr.Request, *values: Any) -> Iterator[str]:
        """How far it is, and what was found at the end, or why there is nothing."""
        say, found = speaker(request), {}
        try:
            with polite(request):
                for event in self.actions.measuring(run, self.form.read(values)):
                    match event:
                        case Note(message):
                            yield paragraph(say(message))
                        case Progress(step, total):
                            yield paragraph(say(Message("Step {step} of {total}", step=step, total=total)))
                        case Metrics():
                            found[event.group] = event
                yield self.told(found, say)
        except gr.Error as problem:
            yield paragraph(escape(problem.message), "trouble")
            raise
