"""The picture stage: what is being made, as it comes out of the noise, and the finished pictures; and thumbnails."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import gradio as gr

from engines.messages import Message
from tabs.page.component import component

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Shown:
    """One picture on a page: `id` is "" while it is only a preview, `alt` says what it shows."""

    src: str  # a data address
    alt: str
    id: str = ""
    about: Message | None = None  # said below it


@dataclass(frozen=True)
class Scene:
    """What the stage shows. Every text reaches the page as text, never as HTML."""

    pictures: Sequence[Shown] | None = ()  # None: those that are there already
    note: Message | None = None  # what happens now
    share: float | None = None  # of the work that is done, from 0 to 1; None while unknown
    busy: bool = False
    trouble: bool = False  # the note tells of a failure

    def to_json(self) -> str:
        """The stage's value. Messages stay apart in template and values: each page says them in its language."""
        return _compact(
            {
                "pictures": None if self.pictures is None else [_picture(shown) for shown in self.pictures],
                "note": self.note and self.note.to_json(),
                "share": self.share,
                "busy": self.busy,
                "trouble": self.trouble,
            }
        )


def thumbs(pictures: Sequence[Shown]) -> str:
    """The thumbnails' value."""
    return _compact([_picture(shown) for shown in pictures])


def _picture(shown: Shown) -> dict[str, object]:
    about = shown.about and shown.about.to_json()
    return {"src": shown.src, "alt": shown.alt, "id": shown.id, "about": about}


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def stage_view(elem_id: str, controls: dict[str, str], makers: str, empty: Message) -> gr.HTML:
    """A component whose value is `Scene.to_json`. Its `tick` event says that something changed: whether it is
    `busy`, the `ids` of its finished pictures, and which is `chosen`.

    `controls` gives the element ids of the buttons "start" (Ctrl+Enter), "stop" (Esc) and of those that need a
    finished picture; `makers` is the CSS selector of all that begin to make pictures; `empty` is what it says
    before there is a picture.
    """
    props = {"controls": controls, "makers": makers, "empty": empty.to_json()}
    return _view(elem_id, "view", Scene().to_json(), **props)


def thumbs_view(elem_id: str, empty: Message) -> gr.HTML:
    """A component whose value is `thumbs`; its `select` event has the `id` of the picture that was clicked."""
    return _view(elem_id, "thumbs", thumbs([]), empty=empty.to_json())


def _view(elem_id: str, name: str, value: str, **props: object) -> gr.HTML:
    """Its props go as text: Gradio copies every object among them at each update."""
    return component(elem_id, HERE / name, value=value, **{name: _compact(prop) for name, prop in props.items()})
