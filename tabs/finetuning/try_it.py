"""The Try it panel: a text or picture is classified as one types or draws, a table all at once."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import gradio as gr
import numpy as np

from engines.finetuning.data.tables import read_table
from engines.messages import Message
from engines.running.runs import Run
from tabs.finetuning.actions import FinetuningActions, text_column
from tabs.finetuning.data import TABLE_TYPES, about_table
from tabs.finetuning.pictures import enlarge, fitted, like_training, test_pictures
from tabs.page.canvas.view import canvas, filled, read_drawing
from tabs.page.language import language_of, t, translate
from tabs.page.markup import Say, bars, clip, or_why_not, panel, paragraph, percent, section, speaker
from tabs.page.polite import polite
from tabs.page.shared import FOLLOW, QUICK, after, find_run

SHOWN = 8  # classes
COLORS = ("#111111", "#ffffff", "#3b82f6", "#f97316")
# Follows the typing: one at a time, so that the answer to what was typed last comes last.
TRYING: dict[str, Any] = {**FOLLOW, "concurrency_limit": 1, "concurrency_id": "trying"}
# Which of the canvas and the tables is there. A script's, since a handler must not update what holds others.
SUIT = """(pictures) => [pictures, !pictures].map((visible) => ({ __type__: "update", visible }))"""


class TryPanel:
    """Its components and what they do."""

    def __init__(self, actions: FinetuningActions) -> None:
        self.actions = actions
        self.of_pictures = gr.Checkbox(visible=False)  # whether the run's rows are pictures
        with gr.Row(elem_classes="own-keys"):
            with gr.Column(min_width=300):
                self.text = gr.Textbox(
                    "",
                    label=t("A text to classify"),
                    lines=4,
                    max_lines=10,
                    max_length=20_000,
                    elem_id="finetuning-text",
                )
                with gr.Column(visible=False) as self.drawing:
                    self.picture = canvas("finetuning-picture", Message("Draw a picture, or upload one"), COLORS, 26)
                    self.upload = gr.UploadButton(
                        t("Upload a picture"), file_types=["image"], size="sm", elem_id="finetuning-upload"
                    )
                self.another = gr.Button(t("One of the test rows"), size="sm", elem_id="finetuning-another")
            with gr.Column(min_width=300):
                self.answer = panel("finetuning-answer")
        with gr.Accordion(t("Many texts at once"), open=False) as self.many:
            self.table = gr.File(
                label=t("A table with texts: CSV, TSV or JSONL"),
                file_types=TABLE_TYPES,
                height=110,
                elem_id="finetuning-many",
            )
            self.about = panel("finetuning-many-about")
            with gr.Row():
                self.column = gr.Dropdown(
                    choices=[], label=t("Text column"), visible=False, elem_id="finetuning-many-column"
                )
                self.classify = gr.Button(
                    t("Classify all rows"), interactive=False, elem_id="finetuning-classify", min_width=120
                )
            self.classified = gr.File(
                label=t("The table with two columns more: predicted and probability"),
                interactive=False,
                height=90,
                elem_id="finetuning-classified",
            )

    def wire(self, live: gr.HTML, owner: gr.BrowserState) -> None:
        """Connect events to handlers."""
        who = [live, owner]
        shown = [self.text, self.of_pictures, self.another]
        arrived = after(live.tick).then(self.show, [*who, self.text], shown, **FOLLOW)
        arrived.then(None, self.of_pictures, [self.drawing, self.many], js=SUIT)
        # Each answer is asked for after its input stands on the page: the last one is that of what stands there.
        arrived.then(self.try_input, [*who, self.text, self.picture], self.answer, **TRYING)
        # Not `input`, which a Textbox of Gradio 6 tells of keys only: not of pasted texts, nor of Chinese.
        self.text.change(self.try_text, [*who, self.text], self.answer, **TRYING)
        gr.on([self.picture.input], self.try_picture, [*who, self.picture], self.answer, **TRYING)
        self.upload.upload(self.take_upload, self.upload, self.picture, **QUICK).then(
            self.try_picture, [*who, self.picture], self.answer, **TRYING
        )
        self.another.click(self.take_row, who, [self.text, self.picture], **QUICK).then(
            self.try_input, [*who, self.text, self.picture], self.answer, **TRYING
        )
        self.table.change(self.choose_table, self.table, [self.column, self.classify, self.about], **QUICK)
        self.classify.click(
            self.classify_table,
            [*who, self.table, self.column],
            self.classified,
            concurrency_limit=1,
            concurrency_id="tables",
            api_visibility="private",
        )

    def show(self, run_id: str, owner: str, text: str) -> list[Any]:
        """The input that suits the run, with an example if it is empty."""
        run = find_run(self.actions.runs, run_id)
        pictures = run is not None and run.config.pictures
        rows = run is not None and self.actions.may_use(run, owner) and "test" in run.board.evaluations
        example = _some_row(run, seed=0) if rows and not pictures and not text else ""
        return [
            gr.update(visible=not pictures, **({"value": example} if example else {})),  # typing is left alone
            pictures,
            gr.update(interactive=rows),
        ]

    def try_input(self, run_id: str, owner: str, text: str, drawn: str | None, request: gr.Request) -> str:
        """The answer to the text or the picture, whichever the run takes."""
        run = find_run(self.actions.runs, run_id)
        if run is not None and run.config.pictures:
            return self.try_picture(run_id, owner, drawn, request)
        return self.try_text(run_id, owner, text, request)

    def try_text(self, run_id: str, owner: str, text: str, request: gr.Request) -> str:
        """The probabilities of a text as bars, and its words tinted by how much they mattered."""

        def answer() -> str:
            run, say = self.actions.own_model(run_id, owner), speaker(request)
            if run.config.pictures or not text.strip():
                return _invite(run, say)
            chances, names = self.actions.predict(run, [text])[0], self._names(run, say)
            words = show_words(self.actions.explain(run, text), names[int(chances.argmax())], say)
            return show_chances(names, chances, say) + words

        return or_why_not(answer, request)

    def try_picture(self, run_id: str, owner: str, drawn: str | None, request: gr.Request) -> str:
        """The probabilities of a drawn or uploaded picture as bars."""

        def answer() -> str:
            run, picture, say = self.actions.own_model(run_id, owner), read_drawing(drawn).whole(), speaker(request)
            if picture is None:
                return _invite(run, say)
            image = like_training(picture, test_pictures(run.folder))
            return show_chances(self._names(run, say), self.actions.predict_pictures(run, image)[0], say)

        return or_why_not(answer, request)

    def take_row(self, run_id: str, owner: str, request: gr.Request) -> list[Any]:
        """A row of the test part as the input."""
        with polite(request):
            run = self.actions.own_model(run_id, owner)
            if not run.config.pictures:
                return [_some_row(run), gr.skip()]
            pictures = test_pictures(run.folder)
            return [gr.skip(), filled(enlarge(pictures[np.random.default_rng().integers(len(pictures))]))]

    @staticmethod
    def take_upload(path: str, request: gr.Request) -> str:
        """An uploaded picture on the canvas; one sentence if it is none, or too large."""
        with polite(request):
            return filled(fitted(path))

    def _names(self, run: Run, say: Say) -> list[str]:
        """The classes' names, escaped."""
        return [say(clip(name, 60)) for name in self.actions.names(run)]

    @staticmethod
    def choose_table(path: str | None, request: gr.Request) -> list[Any]:
        """The columns of an uploaded table, and how it was read."""
        if not path:
            return [gr.update(visible=False), gr.update(interactive=False), ""]
        with polite(request):
            table = read_table(path)
            choices = [(clip(column, 40), column) for column in table.columns]
            column = gr.update(choices=choices, value=text_column(table), visible=len(choices) > 1)
            about = " · ".join(about_table(table, speaker(request)))
            return [column, gr.update(interactive=True), paragraph(about)]

    def classify_table(self, run_id: str, owner: str, path: str, column: str, request: gr.Request) -> str:
        """The table with the classifier's answers."""
        with self.actions.gate.computing(request):
            run, language = self.actions.own_model(run_id, owner), language_of(request)
            return str(self.actions.classify_table(run, path, column or "", lambda note: translate(note, language)))


def _some_row(run: Run, seed: int | None = None) -> str:
    rows = run.board.evaluations["test"].rows
    return rows[np.random.default_rng(seed).integers(len(rows))]


def _invite(run: Run, say: Say) -> str:
    """What to do when there is nothing yet."""
    return paragraph(say("Draw or upload a picture." if run.config.pictures else "Type a text."), "nothing")


def show_chances(names: Sequence[str], chances: np.ndarray, say: Say) -> str:
    """The likeliest classes as bars."""
    best = np.argsort(-chances, kind="stable")[:SHOWN]
    drawn = bars((names[i], float(chances[i]), percent(float(chances[i]))) for i in best)
    rest = say("and {count} more classes", count=len(names) - len(best)) if len(names) > len(best) else ""
    return section("chances", names[best[0]], drawn, paragraph(rest))


def show_words(pieces: Sequence[tuple[str, float]], predicted: str, say: Say) -> str:
    """The text with its words tinted by their weight from -1 to 1; `predicted` is escaped."""
    tinted = "".join(
        f'<span class="{"for" if weight > 0 else "against"}" style="--share:{60 * abs(weight):.0f}%"'
        f' title="{weight:+.2f}">{escape(piece)}</span>'
        for piece, weight in pieces
    )
    legend = (
        f'<i style="background:#3b82f6"></i>{say("speaks for")} {predicted}',
        f'<i style="background:#f97316"></i>{say("speaks against it")}',
    )
    keys = "".join(f"<span>{line}</span>" for line in legend)
    title = say("Which words mattered (each left out, and each alone)")
    return section("why", title, f'<div class="words">{tinted}</div><div class="legend">{keys}</div>')
