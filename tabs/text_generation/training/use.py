"""Using what was learnt: an acrostic, and gaps that are filled."""

from __future__ import annotations

import re
import secrets
from html import escape
from typing import Any

import gradio as gr

from engines.knobs import MAX_SEED
from tabs.page.language import t
from tabs.page.markup import panel, paragraph
from tabs.text_generation.training.actions import GAPS, GptActions

LOOKING: dict[str, Any] = {"concurrency_limit": 2, "concurrency_id": "explore", "api_visibility": "private"}


class AcrosticPanel:
    """A poem whose lines begin with given characters."""

    def __init__(self, actions: GptActions) -> None:
        self.actions = actions
        with gr.Row(equal_height=True):
            self.characters = gr.Textbox(
                "春夏秋冬", label=t("Characters that the lines begin with"), info=t("Four to eight."), max_length=40,
                elem_id="gpt-characters",
            )  # fmt: skip
            choices = [(t("Either"), ""), (t("Five characters"), "五"), (t("Seven characters"), "七")]
            self.form = gr.Radio(choices, value="", label=t("Lines of"), elem_id="gpt-form")
        self.start = gr.Button(t("Write an acrostic"), elem_id="gpt-acrostic", variant="primary")
        self.poem = panel("gpt-poem")

    def wire(self, live: gr.HTML, whose: gr.Radio) -> None:
        """Connect events to handlers; `whose` says which model writes."""
        asked = [live, whose, self.characters, self.form]
        gr.on([self.start.click, self.characters.submit], self.show, asked, self.poem, **LOOKING)

    def show(self, run_id: str, whose: str, characters: str, form: str, request: gr.Request) -> str:
        """A poem, another at each press."""
        seed = secrets.randbelow(MAX_SEED)
        run = self.actions.chosen(run_id, whose)
        return poem_html(self.actions.acrostic(run, characters, form, seed, request))


class FillPanel:
    """A text whose gaps a masked model fills."""

    def __init__(self, actions: GptActions) -> None:
        self.actions = actions
        info = t("Write _ for each character that is to be found.")
        most = GAPS.max_length
        self.text = gr.Textbox(
            "床前明月_，疑是地上_。", label=t("Text with gaps"), info=info, max_length=most, elem_id="gpt-gaps"
        )
        self.start = gr.Button(t("Fill the gaps"), elem_id="gpt-fill", variant="primary")
        self.filled = panel("gpt-filled")

    def wire(self, live: gr.HTML) -> None:
        """Connect events to handlers."""
        gr.on([self.start.click, self.text.submit], self.show, [live, self.text], self.filled, **LOOKING)

    def show(self, run_id: str, text: str, request: gr.Request) -> str:
        """The text, what was filled in marked."""
        return filled_html(text.strip(), self.actions.fill(run_id, text, request))


def poem_html(poem: str) -> str:
    """A poem line by line, the first character of each marked."""
    lines = poem.split("\n") if "\n" in poem else re.findall("[^，。]+[，。]?", poem)
    return f'<div class="words">{"<br>".join(marked(line[:1]) + escape(line[1:]) for line in lines)}</div>'


def filled_html(before: str, after: str) -> str:
    """The filled text; marked is what stands where the gaps were."""
    if len(before) != len(after):
        return paragraph(escape(after))
    pairs = zip(before, after, strict=True)
    return f'<div class="words">{"".join(escape(b) if a == b else marked(b) for a, b in pairs)}</div>'


def marked(text: str) -> str:
    """The text so that it stands out."""
    return f'<span class="against" style="--share:45%">{escape(text)}</span>'
