"""The panel Chorales: a piece to hear and to change, and a network that fills what is open of it."""

from __future__ import annotations

from typing import Any

import gradio as gr
import numpy as np

from engines.messages import Message
from engines.music.composing import ComposeConfig, Filled
from engines.music.score.files import READERS, for_roll, read_piece
from engines.music.score.melodies import melody, names
from tabs.music.actions import (
    ABOUT_OPENING,
    BARS,
    COMPOSE,
    FILL,
    HARMONISE,
    RUN,
    SHIPPED,
    WRITERS,
    MusicActions,
    opening,
)
from tabs.music.roll.view import pressed, read_sheet, roll, shown
from tabs.page.forms import Form, make_widget
from tabs.page.json_input import json_object
from tabs.page.language import t
from tabs.page.outbox import DOWNLOAD, download_field
from tabs.page.shared import QUICK, Shared, after

INTRO = (
    "Press **Play**: a small network wrote this chorale in the manner of Bach. **Compose** writes another in about a"
    " second; or give it a melody and let it **harmonise**, rub something out and let it **fill the holes**."
)
DOING = {
    COMPOSE: Message("Composing…"),
    HARMONISE: Message("Finding the other voices…"),
    FILL: Message("Filling the holes…"),
}  # said while it goes on
MAKING: dict[str, Any] = {"concurrency_limit": 2, "concurrency_id": "explore"}


def build(shared: Shared, actions: MusicActions, switch: gr.Tabs) -> None:
    """Lay the panel out and wire it; `switch` holds all panels of the tab."""
    ChoralePanel(shared, actions)


class ChoralePanel:
    """The panel's components and the handlers that update them."""

    def __init__(self, shared: Shared, actions: MusicActions) -> None:
        self.actions, self.runs = actions, shared.runs
        self._build()
        self.wire(shared)
        self.add_endpoints()

    # --- layout ------------------------------------------------------------------------------------------

    def _build(self) -> None:
        gr.Markdown(t(INTRO))
        with gr.Row():
            with gr.Column(scale=7, min_width=320):
                self.roll = roll("music-roll")
            with gr.Column(scale=3, min_width=300, elem_classes="side"):
                self.compose = gr.Button(t("Compose"), variant="primary", elem_id="music-compose")
                with gr.Row():
                    self.harmonise = gr.Button(t("Harmonise"), elem_id="music-harmonise", min_width=110)
                    self.fill = gr.Button(t("Fill the holes"), elem_id="music-fill", min_width=110)
                self.melodies = gr.Dropdown(
                    [(t("Choose one"), ""), *((t(name), name) for name in names())], value="",
                    label=t("A melody to harmonise"),
                    elem_id="music-melody",
                )  # fmt: skip
                self.upload = gr.File(
                    label=t("Or a file of yours: MIDI or MusicXML"), file_types=[*READERS], height=110,
                    elem_id="music-upload",
                )  # fmt: skip
                self.form = Form(ComposeConfig, "music")
                self.form.add(["temperature"])
                with gr.Accordion(t("More settings"), open=False):
                    self.bars = make_widget("bars", BARS, "music")
                    self.form.add_rest()
                    choices = [(t("The bundled model"), SHIPPED), (t("Your latest run"), RUN)]
                    self.whose = gr.Radio(choices, value=SHIPPED, label=t("Which model"), elem_id="music-whose")
                with gr.Row(equal_height=True):
                    self.midi = gr.Button(t("MIDI file"), elem_id="music-midi", min_width=160)
                    self.wav = gr.Button(t("Sound file (WAV)"), elem_id="music-wav", min_width=160)
                    self.score = gr.Button(t("Score (MusicXML)"), elem_id="music-musicxml", min_width=160)
                self.file = download_field("music-file")

    # --- wiring ------------------------------------------------------------------------------------------

    def wire(self, shared: Shared) -> None:
        """Connect events to handlers."""
        owner = shared.owner
        after(shared.openings["music"].done.change).then(self.arrive, None, self.roll, **QUICK)
        asked = [self.roll, owner, self.whose, self.bars, *self.form.widgets]
        look: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden", **MAKING}
        for button, how in ((self.compose, COMPOSE), (self.harmonise, HARMONISE), (self.fill, FILL)):
            pressed(button, [self.roll], DOING[how], self._maker(how), asked, self.roll, **look)
        self.melodies.input(self.show_melody, self.melodies, self.roll, **QUICK)
        self.upload.upload(self.show_file, self.upload, self.roll, **look)
        for button, kind in ((self.midi, "mid"), (self.wav, "wav"), (self.score, "musicxml")):
            made = button.click(self._writer(kind), [self.roll, owner, self.whose], self.file, **look)
            made.success(None, self.file, js=DOWNLOAD)

    def add_endpoints(self) -> None:
        """What a script can do that no button does in the same form."""
        gr.api(self.actions.named("melody", "music"), api_name="music_melody", **MAKING)
        hidden: dict[str, Any] = {"visible": False}
        piece, settings, answer, button = json_object(), json_object(), gr.JSON(**hidden), gr.Button(**hidden)
        how, bars, run = gr.Textbox(FILL, **hidden), gr.Number(8, **hidden), gr.Textbox("", **hidden)
        kind, file, made = gr.Textbox("mid", **hidden), gr.File(**hidden), gr.File(**hidden)
        named = self.actions.named
        button.click(
            named("fill", "music"), [piece, how, bars, settings, run], answer, api_name="music_fill", **MAKING
        )
        button.click(named("read", "music"), file, answer, api_name="music_read", **MAKING)
        button.click(named("write", "music"), [piece, kind, run], made, api_name="music_write", **MAKING)

    # --- handlers ----------------------------------------------------------------------------------------

    @staticmethod
    def arrive() -> str:
        """The piece that the tab opens with."""
        chorale, sure = opening()
        return shown(chorale, ABOUT_OPENING, Filled(chorale, sure, (), 0, 0.0))

    def _maker(self, how: str) -> Any:
        def make(value: str, owner: str, whose: str, bars: int, request: gr.Request, *values: Any) -> str:
            with self.actions.gate.computing(request, owner):
                sheet, config = read_sheet(value), self.form.read(values)
                filled = self.actions.make(self._run(owner, whose), sheet, how, int(BARS.check(bars)), config)
                locked = sheet.locked if filled.chorale.grid.shape == sheet.locked.shape else None
                return shown(filled.chorale, self._about(filled, how), filled, locked)

        return make

    @staticmethod
    def _about(filled: Filled, how: str) -> Message:
        values = {"seconds": f"{filled.seconds:.2g}", "seed": filled.seed}
        done = {
            COMPOSE: Message("Composed in {seconds} s, seed {seed}.", **values),
            HARMONISE: Message("Harmonised in {seconds} s, seed {seed}.", **values),
            FILL: Message("Filled in {seconds} s, seed {seed}.", **values),
        }
        return Message("{done} The brighter a note, the surer the model was of it.", done=done[how])

    def _run(self, owner: str, whose: str) -> str:
        """The visitor's latest run if that is to be used, "" for the bundled model."""
        mine = self.runs.latest(owner, "music") if whose == RUN else None
        return mine.id if mine else ""

    def show_melody(self, name: str, request: gr.Request) -> Any:
        """A melody of the list, over voices that are to be found."""
        if not name:
            return gr.skip()
        with self.actions.gate.computing(request):
            return shown(melody(name), Message("A melody. Press Harmonise."))

    def show_file(self, path: str | None, request: gr.Request) -> Any:
        """What a file has for the roll."""
        if not path:
            return gr.skip()
        with self.actions.gate.computing(request):
            chorale = for_roll(read_piece(path))
            whole = not (chorale.grid == np.int8(-128)).any()
            about = Message("A piece in four voices." if whole else "The file's melody. Press Harmonise.")
            return shown(chorale, about)

    def _writer(self, kind: str) -> Any:
        assert kind in WRITERS

        def write(value: str, owner: str, whose: str, request: gr.Request) -> str:
            with self.actions.gate.computing(request, owner):
                return self.actions.file(read_sheet(value).chorale, kind, self._run(owner, whose))

        return write
