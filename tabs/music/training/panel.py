"""Train your own: layout and wiring of the panels in which a network learns music from nothing; the chorales' own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from engines.knobs import Config, Preset
from engines.messages import Message
from engines.music.config import PRESETS, MusicConfig
from tabs.music.actions import MusicActions
from tabs.music.real_or_made import OF_A_RUN, kind
from tabs.page.blind.card import NAME as BLIND
from tabs.page.blind.card import BlindCard
from tabs.page.component import script_of
from tabs.page.forms import Form
from tabs.page.language import t
from tabs.page.learn import learn_panel
from tabs.page.link_button import LinkButton
from tabs.page.links import RUN, Query
from tabs.page.live.view import Chart, Line, live_view
from tabs.page.opening.once import Opening
from tabs.page.outbox import DOWNLOAD, download_field
from tabs.page.polite import polite
from tabs.page.runs.actions import RunActions
from tabs.page.runs.controls import RunControls
from tabs.page.runs.fork import ForkPanel
from tabs.page.settings.recipes import RecipePicker
from tabs.page.shared import QUICK, Shared

HERE = Path(__file__).parent
NAME = "Train your own"
INTRO = Message(
    "Press **Start**: a small network learns Bach's chorales on this machine, from nothing and with no download. It"
    " fills holes in them; within a minute single notes become chords. Close the page if you like: it goes on."
)
CHARTS = (
    Chart(
        "Loss, nats a note; dashed: counting alone",
        (
            Line("Training loss", "losses", "--theirs", "Training"),
            Line("Held-out", "losses", "--good"),
            Line("Pitch alone", "losses", "--ours"),
            Line("2-gram", "losses", "--wait", dashed=True),
            Line("5-gram", "losses", "--wait", dashed=True),
            Line("Hold the last note", "losses", "--wait", dashed=True),
        ),
        smooth=True,
    ),
    Chart(
        "What it writes: quarters with a chord of the textbook, notes in one scale",
        (
            Line("Chords", "scores", "--ours"),
            Line("In one scale", "scores", "--theirs"),
            Line("Bach's chords", "scores", "--wait", dashed=True),
        ),
        from_zero=True,
        percent=True,
    ),
    Chart(
        "Rules broken in 100 chords",
        (
            Line("Parallels", "rules", "--bad"),
            Line("Crossings", "rules", "--theirs"),
            Line("Bach's parallels", "rules", "--wait", dashed=True),
            Line("Bach's crossings", "rules", "--wait", dashed=True),
        ),
        from_zero=True,
    ),
    Chart(
        "Copied from the chorales: the longest run of a voice, in notes",
        (Line("Longest copied run", "copies", "--bad"),),
        from_zero=True,
    ),
)
KEEP = Message(
    "The **run file** replays this run anywhere without training: settings, seed, curves, chorales and weights. The"
    " **script** trains the same without this program: a short file of plain PyTorch with its chorales, as a ZIP."
    " Under **Chorales** the model of your latest run can compose and harmonise."
)
MAKING: dict[str, Any] = {"concurrency_limit": 2, "concurrency_id": "explore"}


@dataclass(frozen=True)
class Family:
    """What a panel shows of a kind of network, beside what it shows of every one."""

    prefix: str  # of its endpoints, and of its components' ids
    config: type[Config]
    presets: Mapping[str, Preset]
    intro: Message
    keep: Message  # what is said of its files
    charts: Sequence[Chart]
    layout: Path  # the live view's HTML
    css: Path
    titles: Sequence[Message]  # of what it writes, one for each of a step's texts
    rows: int  # sixteenths between two of the bar lines under it
    tempo: int  # at which it is heard, in quarter notes a minute
    files: Sequence[str] = ("run_file", "script", "tensorboard")  # actions that make one of a run


CHORALES = Family(
    "music", MusicConfig, PRESETS, INTRO, KEEP, CHARTS, HERE / "live.html", HERE / "live.css",
    [Message("What it writes, from the same chance each time")], 16, 84,
)  # fmt: skip


def build(shared: Shared, actions: MusicActions, switch: gr.Tabs) -> None:
    """Lay the panel out and wire it; `switch` holds all panels of the tab."""
    panel = ChoraleTraining(shared, actions, CHORALES)
    panel.asked.change(None, None, switch, js=script_of(selected=NAME))


class TrainingPanel:
    """The panel's components and the handlers that update them."""

    def __init__(self, shared: Shared, actions: RunActions, family: Family) -> None:
        self.actions, self.runs, self.family = actions, shared.runs, family
        self.named = partial(actions.named, prefix=family.prefix)
        self.asked = gr.Textbox(visible=False)  # says so where the address asks for a run, or for settings of one
        self._build(shared.compared)
        self.add_endpoints()  # first, so that they get their names
        self.wire(shared.owner, shared.visit, shared.openings[actions.engine])

    # --- layout ------------------------------------------------------------------------------------------

    def _build(self, compared: gr.Textbox | None) -> None:
        family, engine, prefix = self.family, self.actions.engine, self.family.prefix
        gr.Markdown(t(family.intro))
        with gr.Row():
            with gr.Column(scale=7, min_width=320):
                self.controls = RunControls(self.runs, engine, f"{prefix}-run", compared)
                scripts = (HERE.parent / "sound.js", HERE.parent / "roll" / "voices.js", HERE / "made.js")
                panels = ("scrub", *scripts, "verdict", "charts", "bars")
                titles = [title.to_json() for title in family.titles]
                made = {"titles": titles, "rows": family.rows, "tempo": family.tempo}
                self.live = live_view(
                    f"{prefix}-live", self.controls.ids, family.layout, panels, family.charts, family.css, made=made
                )
            with gr.Column(scale=3, min_width=300, elem_classes="side"):
                self.recipes = RecipePicker(family.presets, f"{prefix}-run-preset")
                self.form = Form(family.config, f"{prefix}-run")
                self.form.add([name for name, knob in family.config.knobs().items() if not knob.more])
                with gr.Accordion(t("More settings"), open=False):
                    self.form.add_rest()
                self.link = LinkButton(engine, self.form)
        with gr.Tabs(overflow_behavior="wrap"):
            self._build_more()
            with gr.Tab(t("Fork")) as place:
                self.fork = ForkPanel(self.actions, prefix, place, compared)
            with gr.Tab(t("Take home")):
                gr.Markdown(t(family.keep))
                with gr.Row():
                    buttons = {
                        "run_file": (t("Run file"), "run"),
                        "script": (t("Script"), "script"),
                        "tensorboard": (t("For TensorBoard"), "tensorboard"),
                    }
                    self.saves = {
                        name: gr.Button(label, elem_id=f"{prefix}-save-{short}")
                        for name, (label, short) in buttons.items()
                        if name in family.files
                    }
                self.file = download_field(f"{prefix}-run-file")
            with gr.Tab(t("Open")):
                label = t("A run file (ZIP) that was saved here before; it replays without training")
                self.opened = gr.File(label=label, file_types=[".zip"], height=140, elem_id=f"{prefix}-open")
        learn_panel(engine, self.form, {f"#{prefix}-live .chart figcaption": "measures"})

    def _build_more(self) -> None:
        """Further panels below the run, of a family that has them."""

    # --- wiring ------------------------------------------------------------------------------------------

    def wire(self, owner: gr.BrowserState, visit: gr.State, opening: Opening) -> None:
        """Connect events to handlers."""
        form, settings = self.form, gr.State(None)
        opening.then(self.arrive, [owner, visit], [self.live, settings, self.asked], **QUICK)
        self.recipes.restore(settings, form, form.show)
        self.controls.wire(self.live, owner)
        self.controls.start.click(self.begin, [owner, *form.widgets], self.live, **QUICK)
        self.recipes.wire(form, form.show)
        self.recipes.follow(self.runs, self.actions.engine, self.live, owner, form)
        self.fork.wire(self.live, owner, form, self.recipes, form.show)
        self.opened.upload(self.named("open"), [self.opened, owner], self.live, api_name=f"{self.family.prefix}_open")
        for name, button in self.saves.items():
            made = button.click(
                self.named(name), self.live, self.file, api_name=f"{self.family.prefix}_{name}", **MAKING
            )
            made.success(None, self.file, js=DOWNLOAD)
        self.live.change(lambda: None, None, self.file, **QUICK)

    def add_endpoints(self) -> None:
        """What a script can do that no button does in the same form."""
        for name in ("start", "status", "control", "fork"):
            gr.api(self.named(name), api_name=f"{self.family.prefix}_{name}", queue=False)

    # --- handlers ----------------------------------------------------------------------------------------

    def arrive(self, owner: str, visit: Query, request: gr.Request) -> list[Any]:
        """What the panel shows first, with the settings of the link, else of the visitor's latest run, if any."""
        run_id = self.actions.first_run(owner, visit)
        mine = self.runs.latest(owner, self.actions.engine)
        linked = self.link.take(visit, request)  # None if the address means another tab, which may have Steps as well
        asked = visit.get(RUN) == run_id or linked is not None
        return [run_id, linked or (mine and mine.config.to_dict()), "asked" if asked else gr.skip()]

    def begin(self, owner: str, request: gr.Request, *values: Any) -> str:
        """Start a run with what the form says; returns its id."""
        with polite(request):
            return self.actions.begin(self.form.read(values), (), owner, request).id


class ChoraleTraining(TrainingPanel):
    """The chorales' panel, with a blind test of the run that is shown."""

    actions: MusicActions

    def _build_more(self) -> None:
        with gr.Tab(t(BLIND)) as self.place:
            self.blind = BlindCard(kind(self.actions, "music-run", OF_A_RUN), self.runs, self.actions.gate)

    def wire(self, owner: gr.BrowserState, visit: gr.State, opening: Opening) -> None:
        """Connect events to handlers."""
        super().wire(owner, visit, opening)
        self.blind.wire(owner, self.place, [self.live], lambda run: "" if run == self.actions.example else run)
