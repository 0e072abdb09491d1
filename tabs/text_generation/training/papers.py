"""The panel with the measures that papers print of language models, beside what counting and real texts reach."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import gradio as gr

from engines.data.text_scores import SCORES
from engines.gpt_training.papers import COUNTING, MADE, PERPLEXITY, REAL, PapersConfig
from engines.messages import Message
from engines.running.events import Metrics
from tabs.page.markup import Say, paragraph, table
from tabs.page.runs.papers import PapersPanel
from tabs.text_generation.training.actions import GptActions

ABOUT = Message(
    "Perplexity of the held-out text; and BLEU, ROUGE and distinct-n of how the model goes on after held-out"
    " beginnings, against how they really go on. A text can go on well in many ways, so the column of other real texts"
    " says how little a good one may score. It takes about half a minute on a CPU."
)


class TextPapersPanel(PapersPanel):
    """The same for the run above, or the bundled model."""

    actions: GptActions

    def __init__(self, actions: GptActions, prefix: str) -> None:
        super().__init__(actions, prefix, PapersConfig, ABOUT, told)

    def show(self, run: str, whose: str, request: gr.Request, *values: Any) -> Iterator[str]:
        """See PapersPanel; `whose` says which model is measured."""
        yield from super().show(self.actions.chosen(run, whose), request, *values)


def told(found: Mapping[str, Metrics], say: Say) -> str:
    """The perplexity with its interval and what it rests on, and both columns of scores."""
    sure, lines = found[PERPLEXITY], found[COUNTING].values
    best = min(lines, key=lines.get)
    perplexity = Message(
        "Perplexity: {value} a character, 95 % sure between {low} and {high}, on {count} held-out characters. Counting"
        " {grams}s reaches {line}.",
        **dict(zip(("value", "low", "high"), map(number, sure.values.values()), strict=True)),
        count=f"{sure.step:,}",
        grams=best,
        line=number(lines[best]),
    )
    head = ["", say(Message("The model's endings")), say(Message("Ends of other real texts"))]
    rows = [[score, *(number(found[group].values[score]) for group in (MADE, REAL))] for score in SCORES]
    rests = Message("From 0 to 100, on {count} held-out beginnings and their ends.", count=found[MADE].step)
    return paragraph(say(perplexity)) + table(head, rows) + paragraph(say(rests))


def number(value: float) -> str:
    """As papers print it; a dash where there is nothing to measure."""
    if math.isnan(value):
        return "–"
    return f"{value:,.0f}" if value >= 1000 else f"{value:.2f}"
