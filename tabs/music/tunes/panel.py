"""Tunes: one that a model writes in a chosen key and metre, or the visitor's own ABC, to be seen, heard and kept."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

import gradio as gr

from engines.knobs import MAX_SEED
from engines.messages import Message
from engines.music.measures.tunes import LENGTHS
from engines.music.tunes import ANY, KEYS, METERS, examples, readable
from tabs.music.score.view import score_view, sheet
from tabs.music.tunes.actions import BUNDLED, TuneActions
from tabs.page.language import t
from tabs.page.links import Query
from tabs.page.opening.once import Opening
from tabs.page.outbox import DOWNLOAD, download_field
from tabs.page.polite import polite
from tabs.page.shared import QUICK, Shared

INTRO = Message(
    "Press **Play** to hear a tune that a small model wrote, or **Write a tune** for a new one in your key and metre."
    " It has read dances of old Irish and Scottish books, as letters; it takes a second or two."
)
WHY_NOT = Message("Only a run that was trained with Length first can be asked.")
SAMPLE = "X:1\nT:My tune\nM:6/8\nK:G\n|:GAG GAB|ABA ABd|edd gdd|edB dBA|\nGAG GAB|ABA ABd|edd gdB|AGF G3:|\n"
WRITING: dict[str, Any] = {"concurrency_limit": 2, "concurrency_id": "explore", "api_visibility": "private"}
MAKING: dict[str, Any] = {"concurrency_limit": 2, "concurrency_id": "explore"}


def build(shared: Shared, *_: object) -> None:
    """Lay the panel out and wire it; it needs nothing of the chorales' panels."""
    gr.Markdown(t(INTRO), elem_id="tune-intro")
    TunesPanel(shared, shared.openings["music"])


class TunesPanel:
    """The panel's components and the handlers that update them."""

    def __init__(self, shared: Shared, opening: Opening) -> None:
        self.actions = TuneActions(shared.runs, shared.gate, shared.computer)
        self._build()
        self._wire(shared, opening)
        self._add_endpoints()

    def _build(self) -> None:
        with gr.Row():
            with gr.Column(scale=7, min_width=320):
                self.score = score_view("tune-score", {"start": "tune-write"})
                with gr.Row(equal_height=True):
                    self.saves = {
                        "abc": gr.Button(t("Save as ABC"), elem_id="tune-save-abc", min_width=130),
                        "midi": gr.Button(t("Save as MIDI"), elem_id="tune-save-midi", min_width=130),
                        "wav": gr.Button(t("Save as WAV"), elem_id="tune-save-wav", min_width=130),
                        "musicxml": gr.Button(t("Save as MusicXML"), elem_id="tune-save-musicxml", min_width=130),
                    }
                self.file = download_field("tune-file")
            with gr.Column(scale=3, min_width=300, elem_classes="side"):
                self.model = gr.Dropdown(
                    [(t("The bundled tune model"), BUNDLED)], value=BUNDLED, label=t("Which model writes"),
                    info=t("Or a run of yours that learns tunes: Text generation, Train your own."),
                    elem_id="tune-model",
                )  # fmt: skip
                with gr.Row():
                    self.key = gr.Dropdown(list(KEYS), value="D", label=t("Key"), elem_id="tune-key", min_width=100)
                    self.meter = gr.Dropdown(
                        list(METERS), value="6/8", label=t("Metre"), elem_id="tune-meter", min_width=100
                    )
                lengths = [(t("Any"), ANY), *((str(bars), bars) for bars in LENGTHS)]
                self.bars = gr.Dropdown(
                    lengths, value=ANY, label=t("Bars"), info=t(WHY_NOT), interactive=False, elem_id="tune-bars",
                )  # fmt: skip
                low, high = 0.2, 1.5
                self.temperature = gr.Slider(
                    low, high, 0.9, step=0.05, label=t("Temperature"), elem_id="tune-temperature",
                    info=t("Low: what is most likely; high: surprises, and mistakes."),
                )  # fmt: skip
                self.start = gr.Button(t("Write a tune"), variant="primary", elem_id="tune-write")
                with gr.Accordion(t("Your own tune"), open=False, elem_id="tune-own", elem_classes="own-keys"):
                    self.own = gr.Textbox(
                        SAMPLE, label=t("A tune in ABC"), lines=6, max_lines=12, elem_id="tune-abc",
                        info=t("Notes as letters: K: is the key, M: the metre."),
                    )  # fmt: skip
                    self.show = gr.Button(t("Show it"), elem_id="tune-show")

    def _wire(self, shared: Shared, opening: Opening) -> None:
        opening.then(self.arrive, [shared.owner, shared.visit], [self.score, self.model], **QUICK)
        shared.page.select(self.offer, shared.owner, self.model, **QUICK)  # a training may have begun since
        shared.page.select(self.actions.prepare, None, None, **QUICK)  # while the visitor listens
        self.model.change(self.fit, self.model, self.bars, **QUICK)
        asked = [self.model, self.key, self.meter, self.bars, self.temperature]
        self.start.click(self.write, asked, self.score, **WRITING)
        gr.on([self.show.click], self.read, self.own, self.score, **WRITING)
        for kind, button in self.saves.items():
            made = button.click(self.saver(kind), self.score, self.file, **WRITING)
            made.success(None, self.file, js=DOWNLOAD)
        self.score.change(lambda: None, None, self.file, **QUICK)

    def _add_endpoints(self) -> None:
        """What a script can do."""
        for name in ("tune_write", "tune_notes", "tune_file"):
            gr.api(getattr(self.actions, name), api_name=name, **MAKING)

    # --- handlers ----------------------------------------------------------------------------------------

    def arrive(self, owner: str, visit: Query) -> list[Any]:
        """A tune of the bundled model, another each time, and whose models there are."""
        line = secrets.choice(examples())
        about = Message("Written by the bundled tune model, a machine.")
        return [sheet(readable(line), about), self.offer(owner)]

    def offer(self, owner: str) -> dict[str, Any]:
        """The bundled model, and the visitor's runs that learn tunes, the newest first."""
        runs = self.actions.runs_of(owner)
        return gr.update(choices=[(t("The bundled tune model"), BUNDLED), *((name, run) for run, name in runs)])

    def fit(self, model: str) -> dict[str, Any]:
        """How long a tune is can be asked of a model whose tunes say it; of another it says why not."""
        if self.actions.takes_length(model):
            return gr.update(interactive=True, info=None)
        return gr.update(interactive=False, value=ANY, info=t(WHY_NOT))

    def write(self, model: str, key: str, meter: str, bars: int, temperature: float, request: gr.Request) -> str:
        """A new tune as a score, and what was measured of it."""
        with self.actions.gate.computing(request):
            line, judged = self.actions.compose(model, key, meter, temperature, secrets.randbelow(MAX_SEED), bars)
            return sheet(readable(line), self.actions.told(model, judged, bars))

    def read(self, abc: str, request: gr.Request) -> str:
        """The visitor's own tune as a score."""
        with polite(request):
            return sheet(self.actions.tune(abc))

    def saver(self, kind: str) -> Callable[..., str]:
        """A handler that makes a file of the tune that stands there."""

        def save(value: str, request: gr.Request) -> str:
            with self.actions.gate.computing(request):
                return self.actions.save(value, kind)

        return save
