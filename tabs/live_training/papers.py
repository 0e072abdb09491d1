"""The panel with the measures that papers print, of a run's model beside what real pictures reach."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

import gradio as gr

from engines.live_training.exam.papers import MADE, MEASURES, REAL, PapersConfig
from engines.messages import Message
from engines.running.events import Metrics, Note, Progress
from tabs.live_training.actions import FamilyActions
from tabs.page.forms import Form
from tabs.page.json_input import json_object
from tabs.page.language import t
from tabs.page.markup import Say, panel, paragraph, speaker, table
from tabs.page.polite import polite

ABOUT = (
    "FID, Inception Score, KID, precision and recall in the features of Inception, as papers print them. They rest on"
    " few pictures here, so the row of real pictures says what a perfect model would reach. It takes minutes on a CPU."
)
BETTER = {"FID": "↓", "Inception Score": "↑", "KID": "↓", "Precision": "↑", "Recall": "↑"}
MEASURING: dict[str, Any] = {"concurrency_limit": 1, "concurrency_id": "papers"}


class PapersPanel:
    """A button, on how many pictures, and the table."""

    def __init__(self, actions: FamilyActions, prefix: str) -> None:
        self.actions, self.prefix = actions, prefix
        gr.Markdown(t(ABOUT))
        with gr.Row():
            self.form = Form(PapersConfig, f"{prefix}-papers")
            self.form.add_rest()
        with gr.Row(elem_classes="controls"):
            self.start = gr.Button(t("Measure"), elem_id=f"{prefix}-papers-start", min_width=140)
            self.stop = gr.Button(t("Stop"), elem_id=f"{prefix}-papers-stop", min_width=100)
        self.found = panel(f"{prefix}-papers-found")

    def wire(self, live: gr.HTML) -> None:
        """Follow the run that the view shows."""
        hidden: dict[str, Any] = {"visible": False}
        going = self.start.click(
            self.show, [live, *self.form.widgets], self.found, api_visibility="private", **MEASURING
        )
        self.stop.click(None, cancels=[going])
        asked, told = [gr.Textbox(**hidden), json_object()], gr.JSON(**hidden)
        gr.Button(**hidden).click(
            self.actions.named("papers", self.prefix), asked, told, api_name=f"{self.prefix}_papers", **MEASURING
        )

    def show(self, run: str, request: gr.Request, *values: Any) -> Iterator[str]:
        """How far it is, and the table at the end, or why there is none."""
        say, found = speaker(request), {}
        try:
            with polite(request):
                for event in self.actions.measuring(run, self.form.read(values)):
                    match event:
                        case Note(message):
                            yield paragraph(say(message))
                        case Progress(step, total):
                            yield paragraph(say(Message("Step {step} of {total}", step=step, total=total)))
                        case Metrics(count, numbers, group):
                            found[group], found["count"] = numbers, count
                yield told_in_table(found, say)
        except gr.Error as problem:
            yield paragraph(escape(problem.message), "trouble")
            raise


def told_in_table(found: Mapping[str, Any], say: Say) -> str:
    """Both rows, and on how many pictures they rest."""
    rows = [
        [say(name), *(number(key, found[group][key]) for key in MEASURES)]
        for group, name in ((MADE, Message("Made pictures")), (REAL, Message("Other real pictures")))
    ]
    head = ["", *(f"{say(key)} {BETTER[key]}" for key in MEASURES)]
    rests = say(Message("On {count} pictures each, against as many real ones; KID times 1,000.", count=found["count"]))
    return table(head, rows) + paragraph(rests)


def number(measure: str, value: float) -> str:
    """As papers print it."""
    return f"{value:.2f}" if measure in ("FID", "Inception Score", "KID") else f"{value:.3f}"
