"""The data on the desk of the Fine-tuning tab: a bundled set or a visitor's own, and what is in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from html import escape
from typing import Any

import gradio as gr
import numpy as np

from engines.data.cards import TEXT_DATASETS
from engines.data.grids import encode_grid
from engines.data.tables.cells import Table
from engines.data.uploads import told_left_out
from engines.finetuning.config import PICTURE_DATASETS, PICTURE_MODELS, RECIPES, FinetuningConfig
from engines.finetuning.data.datasets import (
    DataSummary,
    LabelledPictures,
    LabelledTexts,
    describe,
    load_picture_dataset,
    load_text_dataset,
    split_of,
)
from engines.finetuning.data.picture_folders import read_picture_zip
from engines.finetuning.data.tables import guess_columns, label_texts, read_table
from tabs.page.forms import Form
from tabs.page.language import language_of, t
from tabs.page.markup import Say, bars, clip, or_why_not, panel, paragraph, percent, say_in, section, speaker, table

TABLE_TYPES = [".csv", ".tsv", ".jsonl", ".json", ".txt"]
PREVIEW_SIZE = 48  # pixels of a picture in the preview
STRIP = 20  # pictures in the preview
MOST_TOLD = 3  # groups of labels
MOST_REASONS = 5  # why files were left out
MOST_BARS = 12  # classes whose balance is drawn
OWN_TEXTS, OWN_PICTURES = "own_texts", "own_pictures"
COLUMNS = ("text_column", "label_column")  # the settings that belong to an uploaded table


class DataPanel:
    """Dataset, uploads, columns and preview; it makes the form's widgets for these."""

    def __init__(self, form: Form) -> None:
        form.add(["dataset"])
        self.table = gr.File(
            label=t("Your texts with labels: CSV, TSV or JSONL"),
            file_types=TABLE_TYPES,
            visible=False,
            height=150,
            elem_id="finetuning-table",
        )
        self.archive = gr.File(
            label=t("Your pictures: a ZIP with one folder a class"),
            file_types=[".zip"],
            visible=False,
            height=150,
            elem_id="finetuning-archive",
        )
        with gr.Row():
            for name in COLUMNS:
                form.adopt(name, self._column(name))
        self.preview = panel("finetuning-preview")
        self.bundled = lru_cache(maxsize=8)(show_bundled)
        self.inputs = [form["dataset"], self.table, self.archive, form["text_column"], form["label_column"]]
        self.outputs = [self.preview, self.table, self.archive, form["text_column"], form["label_column"]]

    @staticmethod
    def _column(name: str) -> gr.Dropdown:
        label = FinetuningConfig.knobs()[name].label
        return gr.Dropdown(
            choices=[(t("found by itself"), "")],
            value="",
            label=t(label),
            visible=False,
            min_width=120,
            elem_id=f"finetuning-{name}",
        )

    def show(
        self, dataset: str, table: str | None, archive: str | None, text: str, label: str, request: gr.Request
    ) -> list[Any]:
        """The preview of the chosen data, and the widgets that belong to it."""
        say = speaker(request)
        columns: tuple[str, ...] = ()

        def preview() -> str:
            nonlocal columns
            if dataset == OWN_TEXTS and table:
                read = read_table(table)
                columns = read.columns
                return show_texts(read, text if text in columns else "", label if label in columns else "", say)
            if dataset == OWN_PICTURES and archive:
                return show_pictures(read_picture_zip(archive, PREVIEW_SIZE), say)
            return (
                _what_to_bring(dataset, say)
                if dataset in (OWN_TEXTS, OWN_PICTURES)
                else self.bundled(dataset, language_of(request))
            )

        html = or_why_not(preview, request)
        choices = [(t("found by itself"), ""), *((clip(column, 40), column) for column in columns)]
        return [
            html,
            gr.update(visible=dataset == OWN_TEXTS),
            gr.update(visible=dataset == OWN_PICTURES),
            *(
                gr.update(choices=choices, value=chosen if chosen in columns else "", visible=bool(columns))
                for chosen in (text, label)
            ),
        ]


def fit_model(dataset: str, model: str) -> dict[str, Any]:
    """The models that read this kind of data; the chosen one stays if it does."""
    pictures = dataset in PICTURE_DATASETS
    choices = {
        key: title
        for key, title in FinetuningConfig.knobs()["model"].choices.items()
        if (key in PICTURE_MODELS) == pictures
    }
    value = model if model in choices else next(iter(choices))
    return gr.update(choices=[(t(title), key) for key, title in choices.items()], value=value)


def suit(dataset: str, model: str, method: str, *learning: float) -> list[Any]:
    """Updates for model, method, epochs, batch size and learning rate, once the data are of the other kind.

    What suits a small network that sees pictures would ruin one that has read millions of texts, and the reverse.
    """
    fitting = fit_model(dataset, model)
    if fitting["value"] == model:
        return [fitting, *[gr.skip()] * (1 + len(learning))]
    values = RECIPES["pictures"].values if dataset in PICTURE_DATASETS else {}
    names = ("method", "epochs", "batch", "lr")
    return [fitting, *(values.get(name, getattr(FinetuningConfig, name)) for name in names)]


def suited_model(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The model that one gets with a dataset unless one chooses another."""
    return {"model": PICTURE_MODELS[0] if settings["dataset"] in PICTURE_DATASETS else FinetuningConfig.model}


def uploads_of(dataset: str, table: str | None, archive: str | None) -> tuple[str, ...]:
    """The uploaded file that a run on this dataset reads, if there is one."""
    path = {OWN_TEXTS: table, OWN_PICTURES: archive}.get(dataset)
    return (str(path),) if path else ()


def show_bundled(dataset: str, language: str) -> str:
    """The preview of a bundled set."""
    say = say_in(language)
    if dataset in PICTURE_DATASETS:
        return show_pictures(load_picture_dataset(dataset), say)
    return _show(load_text_dataset(dataset), say, _first_rows, say(TEXT_DATASETS[dataset].description))


def show_texts(read: Table, text: str, label: str, say: Say) -> str:
    """The preview of an uploaded table; its columns are guessed where they are ""."""
    guessed = guess_columns(read)
    text, label = text or guessed[0], label or guessed[1]
    columns = say("text from {text}, label from {label}", text=clip(text, 40), label=clip(label, 40))
    return _show(label_texts(read, text, label), say, _first_rows, " · ".join([*about_table(read, say), columns]))


def about_table(read: Table, say: Say) -> list[str]:
    """How a table was read: its encoding and rows, those that do not fit, and what is a guess."""
    encoding = read.encoding.upper()
    about = [say("{encoding}, {rows} rows", encoding=encoding, rows=f"{len(read.rows):,}")]
    if read.odd:
        first, why = next(iter(read.odd.items()))
        values = {"count": f"{len(read.odd):,}", "line": read.lines[first], "why": why}
        about.append(say("{count} rows do not fit and are not used, the first in line {line}: {why}", **values))
    if read.damaged:
        about.append(say("{count} rows with characters that could not be read", count=f"{read.damaged:,}"))
    return [*about, *map(say, read.notes)]


def show_pictures(data: LabelledPictures, say: Say) -> str:
    """The preview of labelled pictures: some of each class."""
    room = max(1, STRIP // len(data.label_names))
    firsts = [(data.labels == label).nonzero()[0][:room] for label in range(len(data.label_names))]
    picture = encode_grid(data.images[np.concatenate(firsts)[:STRIP]], columns=STRIP // 2).data_uri()
    return _show(data, say, lambda summary, say: f'<img src="{picture}" alt="{say("Real pictures")}">')


def _show(
    data: LabelledTexts | LabelledPictures, say: Say, examples: Callable[[DataSummary, Say], str], about: str = ""
) -> str:
    summary = describe(data, split_of(data, 0))
    parts = say(
        "{train} to learn from, {validation} to watch, {test} to test",
        train=f"{summary.train:,}",
        validation=f"{summary.validation:,}",
        test=f"{summary.test:,}",
    )
    details = [paragraph(about), _left_out(summary, say), _balance(summary, say), examples(summary, say)]
    return section("data", parts, *details)


def _left_out(summary: DataSummary, say: Say) -> str:
    """What was not used, and why."""
    counted = [
        (summary.empty, say("{count} empty", count=f"{summary.empty:,}"), "empty"),
        (summary.damaged, say("{count} with labels that could not be read", count=f"{summary.damaged:,}"), "damaged"),
        (summary.duplicates, say("{count} duplicates", count=f"{summary.duplicates:,}"), "duplicates"),
        (summary.conflicts, say("{count} with two labels", count=f"{summary.conflicts:,}"), "conflicts"),
    ]
    found = ", ".join(sentence + _where(summary, kind, count, say) for count, sentence, kind in counted if count)
    told = [
        *told_left_out(summary.left_out, summary.rows + summary.duplicates + summary.conflicts, MOST_REASONS),
        *summary.notes,
    ]
    said = "".join(paragraph(say(one)) for one in told)
    return paragraph(f"{say('Left out:')} {found}" if found else "") + said + _about_labels(summary, say)


def _where(summary: DataSummary, kind: str, count: int, say: Say) -> str:
    """In which lines the rows stand that were left out so."""
    lines = summary.where.get(kind, ())
    if not lines:
        return ""
    numbers = ", ".join(map(str, lines)) + (" …" if count > len(lines) else "")
    return " " + say("(line {lines})" if count == 1 else "(lines {lines})", lines=numbers)


def _about_labels(summary: DataSummary, say: Say) -> str:
    """Which labels were made one, which look alike, and which cannot be tested."""
    merged = [
        say("Taken as one label: {label} ({count} spellings)", label=clip(name, 60), count=len(written))
        for name, *written in summary.merged[:MOST_TOLD]
    ]
    alike = [
        say("These labels look alike and stay apart: {labels}", labels=clip(", ".join(group), 80))
        for group in summary.alike[:MOST_TOLD]
    ]
    names = clip(", ".join(summary.untested), 120)
    untested = say("Too few examples to be tested: {labels}", labels=names) if names else ""
    return "".join(map(paragraph, [*merged, *alike, untested]))


def _balance(summary: DataSummary, say: Say) -> str:
    """A bar a class; the largest classes if there are many."""
    classes = list(summary.per_label)
    if len(classes) > MOST_BARS:
        classes = sorted(classes, key=lambda pair: -pair[1])[:MOST_BARS]
    most = max(count for _, count in classes) / summary.rows
    drawn = bars(((say(clip(label, 40)), count / summary.rows, f"{count:,}") for label, count in classes), most)
    rest = len(summary.per_label) - len(classes)
    more = say("and {count} more classes", count=rest) if rest else ""
    guess = say("Always guessing the commonest class is right in {share}.", share=percent(summary.majority_share))
    return drawn + paragraph(more) + paragraph(guess)


def _first_rows(summary: DataSummary, say: Say) -> str:
    """The first rows as a table."""
    rows = [[say(clip(label, 40)), f"<span>{escape(clip(text, 160))}</span>"] for text, label in summary.examples]
    return table([say("Label"), say("Text")], rows)


def _what_to_bring(dataset: str, say: Say) -> str:
    """What a file must look like, before one is there."""
    if dataset == OWN_PICTURES:
        how = say("A ZIP whose folders are the classes, with at least two pictures each:")
        return paragraph(how, "nothing") + "<pre>cats/1.jpg\ncats/2.jpg\ndogs/1.jpg\ndogs/2.jpg</pre>"
    how = say("A table with a row for each text and its label, such as:")
    return paragraph(how, "nothing") + "<pre>text,label\nWhere is my parcel?,delivery\nMoney back!,refund</pre>"
