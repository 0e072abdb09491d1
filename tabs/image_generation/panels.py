"""Panels below the stage: the gallery of this visitor's session, and the settings that a picture tells."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import gradio as gr

from engines.image_generation.catalog import OWN
from engines.image_generation.picture_files import read_axes, read_settings
from engines.messages import Message
from tabs.image_generation.actions import Stage, show_kept
from tabs.image_generation.desk import Desk
from tabs.image_generation.keeping import Keeper
from tabs.image_generation.variations import GridPanel
from tabs.page.language import t
from tabs.page.markup import panel, paragraph, speaker
from tabs.page.polite import polite
from tabs.page.shared import QUICK
from tabs.page.stage.view import thumbs_view

CLICK_DOWNLOAD = "() => document.querySelector('#image-download')?.click()"


class GalleryPanel:
    """Everything that this visitor made; a click puts a picture back on the stage."""

    def __init__(self, keeper: Keeper) -> None:
        self.keeper = keeper
        self.view = thumbs_view("image-gallery", nothing_yet(keeper.gallery.limits.hours))
        with gr.Row(elem_classes="controls"):
            self.zip = gr.Button(
                t("The whole gallery as ZIP"), size="sm", scale=0, elem_id="image-gallery-zip", min_width=190
            )
            self.empty = gr.Button(t("Empty the gallery"), size="sm", scale=0, elem_id="image-empty", min_width=150)
            self.sure = gr.Button(
                t("Yes, delete all pictures"), size="sm", variant="stop", visible=False, elem_id="image-empty-sure",
                scale=0, min_width=190,
            )  # fmt: skip

    def wire(self, stage: Stage, owner: gr.BrowserState, download: gr.DownloadButton) -> None:
        """Connect it with the stage."""
        self.stage = stage
        self.view.select(self.choose, owner, stage.view, **QUICK)
        self.zip.click(self.download_all, owner, download, **QUICK).success(None, js=CLICK_DOWNLOAD)
        buttons = [self.empty, self.sure]
        self.empty.click(lambda: [gr.update(visible=False), gr.update(visible=True)], None, buttons, **QUICK)
        self.sure.click(self.empty_all, owner, [*buttons, stage.view, self.view], **QUICK)

    def choose(self, owner: str, request: gr.Request, event: gr.EventData) -> str:
        """Put the picture that was clicked on the stage."""
        with polite(request):
            return show_kept([self.stage.gallery.get(owner, event.id)])

    def download_all(self, owner: str, request: gr.Request) -> str:
        """A ZIP of the gallery."""
        with polite(request):
            return self.keeper.zip(self.stage.gallery.of(owner))

    def empty_all(self, owner: str) -> list[Any]:
        """Forget everything that this visitor made."""
        self.stage.gallery.empty(owner)
        return [gr.update(visible=True), gr.update(visible=False), show_kept([]), self.stage.thumbnails(owner)]


class SettingsPanel:
    """Drop a picture, and every setting returns."""

    def __init__(self) -> None:
        self.file = gr.File(
            label=t("Drop a picture here to get its settings back"), file_types=["image"], height=130,
            elem_id="image-file",
        )  # fmt: skip
        self.note = panel("image-file-note")

    def wire(self, desk: Desk, owner: gr.BrowserState, grid: GridPanel) -> None:
        """Connect it with the form and the axes of the grid. A note never outlives the picture that it spoke of."""
        self.desk, self.grid = desk, grid
        dropped = self.file.upload(self.forget, None, self.note, **QUICK)
        dropped.then(self.read, [self.file, owner], self.outputs, **QUICK)
        self.file.clear(self.forget, None, self.note, **QUICK)

    def wire_button(self, button: gr.Button, take: Callable[..., list[Any]], inputs: Sequence[Any]) -> None:
        """Let a button do the same with another picture; `take` returns what `read` does."""
        chosen = button.click(lambda: ["", None], None, [self.note, self.file], **QUICK)
        chosen.then(take, inputs, self.outputs, **QUICK)

    @property
    def outputs(self) -> list[Any]:
        """Of `read`."""
        return [self.note, *self.desk.form.widgets, *self.grid.axes]

    @staticmethod
    def forget() -> str:
        """No note."""
        return ""

    def read(self, path: str, owner: str, request: gr.Request) -> list[Any]:
        """Every setting that the picture tells, and what to know about them."""
        say = speaker(request)
        with polite(request):
            config, notes = read_settings(path)
            lines = [Message("The settings are in the form; press Generate."), *notes]
            if config.card.steered and not config.prompt.strip():
                lines[0] = Message("The settings are in the form.")
            if config.task != "text_to_image":
                lines.append(Message("The picture that it started from is not in the file: choose it again."))
            if not self.desk.offers(config.model, owner):
                name = config.model.removeprefix(OWN)
                lines.append(Message("Its model {name} is not here, so the settings are for another.", name=name))
            note = "".join(paragraph(say(line)) for line in lines)
            return [note, *self.desk.show(config, owner, request), *self.grid.show(read_axes(path))]


def nothing_yet(hours: float) -> Message:
    """What an empty gallery says, with the time for which pictures are kept as a person would say it."""
    if hours >= 48 and hours % 24 == 0:
        return Message(
            "Nothing yet. What you make is kept here for {days} days, until the program ends, for you alone.",
            days=f"{hours / 24:g}",
        )
    return Message(
        "Nothing yet. What you make is kept here for {hours} hours, until the program ends, for you alone.",
        hours=f"{hours:g}",
    )
