"""Using what was learnt: pictures found by words, and own pictures sorted into classes in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr
from PIL import Image

from engines.clip_training.use import Hit, Search, Sorted
from engines.clip_training.wording import Outcome
from engines.data.grids import encode
from engines.image_generation.gallery import Kept
from engines.messages import Message
from tabs.image_generation.matching.actions import MOST_FILES, MOST_KEPT, ClipActions, class_names
from tabs.page.language import language_of, t, translate
from tabs.page.markup import Say, bars, panel, paragraph, percent, section, speaker

LOOKING: dict[str, Any] = {"concurrency_limit": 2, "concurrency_id": "explore", "api_visibility": "private"}
FREE = "Free wording"
ABOUT_FREE = (
    "Else names are looked up. It needs multilingual-e5-small, about 90 MB, which is fetched once and reads English,"
    " Chinese and about a hundred other languages."
)
FOUND = 12  # emoji
GRID = "display:grid;grid-template-columns:repeat(auto-fill,minmax(170px,1fr))"


class SearchPanel:
    """Emoji, and pictures of the visitor's gallery, by words."""

    def __init__(self, actions: ClipActions) -> None:
        self.actions = actions
        gr.Markdown(t("Among the emoji, and among your own pictures in the gallery of this tab, the newest first."))
        self.text = gr.Textbox(
            "dog", label=t("What to search for"), info=t("In English or Chinese, such as dog or 红苹果."),
            max_length=200, elem_id="clip-search-text",
        )  # fmt: skip
        self.free = gr.Checkbox(False, label=t(FREE), info=t(ABOUT_FREE), elem_id="clip-search-free")
        self.start = gr.Button(t("Search"), variant="primary", elem_id="clip-search")
        self.found = panel("clip-found")

    def wire(self, live: gr.HTML, owner: gr.BrowserState) -> None:
        """Connect events to handlers."""
        asked = [live, owner, self.text, self.free]
        gr.on([self.start.click, self.text.submit], self.show, asked, self.found, **LOOKING)

    def show(self, run: str, owner: str, text: str, free: bool, request: gr.Request) -> Iterator[str]:
        """What was found, and before that how far the encoder is, if it is fetched."""

        def find(able: bool, why: Sequence[Message]) -> str:
            kept = self.actions.gallery.of(owner)[:MOST_KEPT] if owner else []
            found = self.actions.find(run, text, FOUND, kept, able)
            return found_html(found, kept, why, request)

        yield from answered(self.actions, free, find, request)


class SortPanel:
    """Own pictures among classes that the visitor writes."""

    def __init__(self, actions: ClipActions) -> None:
        self.actions = actions
        gr.Markdown(
            t("It learnt from emoji alone, 32 pixels wide: drawings on white are what it knows, photographs are not.")
        )
        with gr.Row():
            self.files = gr.File(
                label=t("Your pictures"), file_count="multiple", file_types=["image"], height=160, elem_id="clip-files"
            )
            self.classes = gr.Textbox(
                "dog\ncat\n苹果\ncar", label=t("Classes, one a line"), info=t("In English or Chinese."), lines=4,
                max_lines=12, elem_id="clip-classes",
            )  # fmt: skip
        self.free = gr.Checkbox(False, label=t(FREE), info=t(ABOUT_FREE), elem_id="clip-sort-free")
        self.start = gr.Button(t("Sort them"), variant="primary", elem_id="clip-sort")
        self.shares = panel("clip-shares")

    def wire(self, live: gr.HTML) -> None:
        """Connect events to handlers."""
        self.start.click(self.show, [live, self.files, self.classes, self.free], self.shares, **LOOKING)

    def show(self, run: str, files: list[str] | None, classes: str, free: bool, request: gr.Request) -> Iterator[str]:
        """Bars for each picture, and before that how far the encoder is, if it is fetched."""

        def sort(able: bool, why: Sequence[Message]) -> str:
            names = class_names(classes)
            chosen = (files or [])[: MOST_FILES + 1]
            return sorted_html(self.actions.share(run, chosen, names, able), chosen, names, why, request)

        yield from answered(self.actions, free, sort, request)


def answered(
    actions: ClipActions, free: bool, answer: Callable[[bool, Sequence[Message]], str], request: gr.Request
) -> Iterator[str]:
    """What `answer` makes of whether free wording is read, and why not; before that how far the encoder is."""
    with actions.gate.computing(request):
        fetching, language = Outcome(actions.fetching(free)), language_of(request)
        for message in fetching:
            yield paragraph(escape(translate(message, language)), "nothing")
        able, why = fetching.value
        yield answer(able, why)


def found_html(found: Search, kept: Sequence[Kept], why: Sequence[Message], request: gr.Request) -> str:
    """The emoji, and the pictures of the gallery."""
    say, language = speaker(request), language_of(request)
    emoji = "".join(map(item, (hit_parts(hit, language, say) for hit in found.hits)))
    parts = [notes(why, found.notes, language), section("", say("Among the emoji"), listing(emoji))]
    if found.order:
        own = [(kept[i].thumb, kept[i].prompt, f"{near:.2f}") for i, near in found.order[:FOUND]]
        parts.append(section("", say("Among your own pictures"), listing("".join(map(item, own)))))
    return "".join(parts)


def hit_parts(hit: Hit, language: str, say: Say) -> tuple[str, str, str]:
    """Of a hit: its picture, its name and what else is said."""
    name = hit.names[1] if language == "zh" else hit.names[0]
    seen = say("never seen while it learnt") if hit.held else ""
    return encode(Image.fromarray(hit.image)).data_uri(), name, f"{hit.similarity:.2f} {seen}".strip()


def item(parts: tuple[str, str, str]) -> str:
    """A picture with its name, which is not escaped yet, and what else is said."""
    picture, name, more = parts
    words = escape(name[:60])
    return f'<li><img src="{escape(picture)}" alt="{words}"><span>{words}<small>{more}</small></span></li>'


def listing(items: str) -> str:
    """Items side by side."""
    return f'<ol style="{GRID}">{items}</ol>'


def sorted_html(
    found: Sorted, files: Sequence[str], classes: Sequence[str], why: Sequence[Message], request: gr.Request
) -> str:
    """Bars of shares for each picture."""
    parts = []
    for file, shares in zip(files, found.shares, strict=True):
        order = shares.argsort()[::-1]
        rows = [(escape(classes[i]), float(shares[i]), percent(float(shares[i]))) for i in order]
        parts.append(section("", escape(Path(file).name[:60]), bars(rows)))
    return notes(why, found.notes, language_of(request)) + f'<div class="columns">{"".join(parts)}</div>'


def notes(why: Sequence[Message], how: Sequence[Message], language: str) -> str:
    """How the words were understood."""
    return "".join(paragraph(escape(translate(each, language))) for each in (*why, *how))
