"""The question marks of a tab: which part of Learn explains which setting and which chart."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import gradio as gr

from tabs.page.component import component

HERE = Path(__file__).parent
Titles = list[str]  # headings in Learn, of all languages, the best first; those that are there now count


def question_marks(prefix: str, knobs: Mapping[str, Titles], places: Mapping[str, Titles]) -> gr.HTML:
    """Puts a "?" beside the label of each of these settings, and after what these CSS selectors find.

    `prefix` is that of the tab's form, whose Learn fold-out it opens.
    """
    texts = {"knobs": json.dumps(knobs), "places": json.dumps(places)}  # as text: Gradio copies objects at each update
    return component(
        f"{prefix}-questions", HERE / "marks", html_template="<i></i>", value=prefix, visible="hidden", **texts
    )


def asked(names: Iterable[str], explained: Mapping[str, Iterable[Titles]]) -> dict[str, Titles]:
    """The headings of each name, from those of each language; names that nothing explains are left out."""
    found = {name: [title for titles in explained.get(name, ()) for title in titles] for name in names}
    return {name: titles for name, titles in found.items() if titles}
