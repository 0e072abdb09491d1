"""Making pictures for a visitor: a stage that follows the engine, and what is kept of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr
import numpy as np
from PIL import Image

from engines.data.grids import encode
from engines.image_generation.gallery import LOST, Gallery, Kept
from engines.messages import Message
from engines.running.events import Caption, Download, Event, Events, Note, Progress, Samples
from tabs.page.polite import polite
from tabs.page.stage.view import Scene, Shown, thumbs

# Handlers that make pictures; the engine has its own line, in which each is told its place.
MAKING: dict[str, Any] = {
    "concurrency_limit": 32,
    "concurrency_id": "image",
    "show_progress": "hidden",
    "api_visibility": "private",
    "trigger_mode": "multiple",  # a second click ends what the first began
}
PACE = 0.1  # seconds between updates of the page: a viewer sees no more
PREVIEW = 512  # pixels a side of a preview


@dataclass
class Making:
    """A generation as far as it is."""

    alt: str  # what the pictures show
    note: Message | None = None
    said: Message | None = None  # what is to know of it when it has ended
    share: float | None = None
    images: np.ndarray | None = None  # the newest preview, uint8 [N, H, W, C]
    last: Event | None = None
    busy: bool = True

    def take(self, event: Event) -> None:
        """Fold one event in."""
        self.last = event
        match event:
            case Note(message, share):
                self.note, self.share = message, share
            case Caption(_, message):
                self.said = message
            case Download():
                self.note, self.share = describe_download(event), event.done / event.total if event.total else None
            case Progress(step, total):
                self.note, self.share = Message("Step {step} of {total}", step=step, total=total), step / max(1, total)
            case Samples(_, images):
                self.images = images

    def end(self, stopped: bool) -> None:
        """Nothing more will come."""
        self.busy, self.share = False, None
        self.note = Message("Stopped") if stopped else self.said

    def scene(self) -> Scene:
        """What the stage shows of it; what it showed before while there is nothing yet."""
        shown = None if self.images is None else [Shown(preview(image), self.alt) for image in self.images]
        return Scene(shown, self.note, self.share, self.busy)


class Studio:
    """Drives engines for visitors, one at a time for each."""

    def __init__(self) -> None:
        self._stops: dict[str, threading.Event] = {}

    def stop(self, owner: str) -> None:
        """End what this visitor has going on, if anything."""
        flag = self._stops.get(owner)
        if flag:
            flag.set()

    def follow(self, events: Events, alt: str, owner: str) -> Iterator[Making]:
        """Drive an engine and yield about ten times a second, the last time when it has ended.

        A new one ends the old, which then yields no more, so that two clicks never mix on one page.
        """
        self.stop(owner)
        flag = self._stops[owner] = threading.Event()
        making = Making(alt, Message("Starting…"))
        try:
            yield making
            yield from self._drive(events, flag, making)
        finally:
            events.close()  # also when the page was closed: the computation ends with it
            newest = self._stops.get(owner) is flag
            if newest:
                del self._stops[owner]
        if newest:
            making.end(flag.is_set())
            yield making

    @staticmethod
    def _drive(events: Events, flag: threading.Event, making: Making) -> Iterator[Making]:
        reply, shown = None, 0.0
        while True:
            try:
                event = events.send(reply)
            except StopIteration:
                return
            making.take(event)
            reply = flag.is_set()
            if not reply and time.monotonic() - shown >= PACE:
                yield making
                shown = time.monotonic()


class Stage:
    """The stage of one tab: what it shows while an engine runs and afterwards.

    Handlers give it nothing but its value, since Gradio does work in the page for each of their outputs at each
    update; what depends on it follows its `tick`.
    """

    def __init__(self, studio: Studio, gallery: Gallery, view: gr.HTML) -> None:
        self.studio, self.gallery, self.view = studio, gallery, view

    def follow(
        self,
        start: Callable[[], tuple[Events, str]],
        keep: Callable[[str, Event | None], list[Kept]],
        owner: str,
        request: gr.Request,
    ) -> Iterator[str]:
        """Values of the view while the engine runs that `start()` gives with what its pictures show.

        `keep(owner, last event)` puts what was made into the gallery.
        """
        try:
            with polite(request):
                for making in self.studio.follow(*start(), owner):
                    kept = [] if making.busy else keep(owner, making.last)
                    yield show_kept(kept, making.note) if kept else making.scene().to_json()
        except gr.Error as problem:
            yield Scene(None, Message(problem.message), trouble=True).to_json()
            raise

    def thumbnails(self, owner: str) -> str:
        """The gallery as it is."""
        kept = self.gallery.of(owner)
        return thumbs([Shown(one.thumb, one.prompt, one.id, LOST if one.loses else None) for one in kept])


def show_kept(kept: Sequence[Kept], note: Message | None = None) -> str:
    """The view's value with pictures of the gallery on it."""
    return Scene([Shown(one.data_uri(), one.prompt, one.id, one.about) for one in kept], note).to_json()


def describe_download(event: Download) -> Message:
    """How far a download is."""
    done, total = (f"{size / 1e6:.0f}" for size in (event.done, event.total))
    if event.total:
        return Message("{what}: {done} of {total} MB", what=event.message, done=done, total=total)
    return Message("{what}: {done} MB", what=event.message, done=done)


def preview(image: np.ndarray) -> str:
    """uint8 [H, W, C], C 1 or 3, as a data address of a picture that is no larger than a page can show."""
    picture = Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)
    picture.thumbnail((PREVIEW, PREVIEW))
    return encode(picture).data_uri()
