"""Words and pictures: layout and wiring of the panel in which pictures and their names come into one space."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from engines.clip_training.config import ENGINE, PRESETS, ClipConfig
from tabs.image_generation.matching.actions import ClipActions
from tabs.image_generation.matching.use import SearchPanel, SortPanel
from tabs.page.forms import Form
from tabs.page.language import t
from tabs.page.learn import learn_panel
from tabs.page.link_button import LinkButton
from tabs.page.links import Query
from tabs.page.live.view import Chart, Line, live_view
from tabs.page.opening.once import Opening
from tabs.page.outbox import DOWNLOAD, download_field
from tabs.page.polite import polite
from tabs.page.runs.controls import RunControls
from tabs.page.settings.recipes import RecipePicker
from tabs.page.shared import QUICK, Shared

__all__ = ["ENGINE", "MatchingPanel"]

HERE = Path(__file__).parent
INTRO = (
    "Press **Start**: a small network learns on this machine, from nothing, which name belongs to which emoji, in"
    " English and Chinese. The matrix lights up on its diagonal; then search by words, or sort pictures of your own."
)
CHARTS = (
    Chart(
        "Loss, in nats; dashed: guessing",
        (
            Line("Training loss", "losses", "--theirs", "Training"),
            Line("Guessing", "losses", "--wait", dashed=True),
        ),
        smooth=True,
        from_zero=True,
    ),
    Chart(
        "Emoji that it never saw: found at once among 100",
        (
            Line("Picture to name", "held_out", "--ours", "Picture to name, at once"),
            Line("Name to picture", "held_out", "--theirs", "Name to picture, at once"),
            Line("Guessing at once", "held_out", "--wait", dashed=True),
        ),
        from_zero=True,
        percent=True,
    ),
    Chart(
        "Emoji that it never saw: among the five nearest of 100",
        (
            Line("Picture to name", "held_out", "--ours", "Picture to name, in five"),
            Line("Name to picture", "held_out", "--theirs", "Name to picture, in five"),
            Line("Guessing in five", "held_out", "--wait", dashed=True),
        ),
        from_zero=True,
        percent=True,
    ),
    Chart(
        "Emoji that it learns from: found at once",
        (
            Line("Picture to name", "known", "--ours"),
            Line("Name to picture", "known", "--theirs"),
        ),
        from_zero=True,
        percent=True,
    ),
    Chart("Temperature", (Line("Temperature", "temperature", "--good"),), from_zero=True),
)
KEEP = "The **run file** replays this run anywhere without training: settings, seed, curves, matrices and weights."
MAKING: dict[str, Any] = {"concurrency_limit": 2, "concurrency_id": "explore"}


class MatchingPanel:
    """The panel's components and the handlers that update them."""

    def __init__(self, shared: Shared) -> None:
        self.actions = ClipActions(shared.runs, shared.gate, shared.computer, shared.gallery)
        self.runs = shared.runs
        self.named = partial(self.actions.named, prefix="clip")
        self._build(shared.compared)
        self.add_endpoints()  # first, so that they get their names
        self.wire(shared.owner, shared.visit, shared.openings[ENGINE])

    # --- layout ------------------------------------------------------------------------------------------

    def _build(self, compared: gr.Textbox | None) -> None:
        gr.Markdown(t(INTRO))
        with gr.Row():
            with gr.Column(scale=7, min_width=320):
                self.controls = RunControls(self.runs, ENGINE, "clip", compared)
                panels = ("scrub", HERE / "matrix.js", "verdict", "charts", "bars")
                self.live = live_view(
                    "clip-live", self.controls.ids, HERE / "live.html", panels, CHARTS, HERE / "live.css"
                )
            with gr.Column(scale=3, min_width=300, elem_classes="side"):
                self.recipes = RecipePicker(PRESETS, "clip-preset")
                self.form = Form(ClipConfig, "clip")
                self.form.add([name for name, knob in ClipConfig.knobs().items() if not knob.more])
                with gr.Accordion(t("More settings"), open=False):
                    self.form.add_rest()
                self.link = LinkButton(ENGINE, self.form)
        with gr.Tabs(overflow_behavior="wrap"):
            with gr.Tab(t("Search by words")):
                self.search = SearchPanel(self.actions)
            with gr.Tab(t("Sort your own pictures")):
                self.sort = SortPanel(self.actions)
            with gr.Tab(t("Take home")):
                gr.Markdown(t(KEEP))
                with gr.Row():
                    self.save_run = gr.Button(t("Run file"), elem_id="clip-save-run")
                    self.save_events = gr.Button(t("For TensorBoard"), elem_id="clip-save-tensorboard")
                self.file = download_field("clip-run-file")
            with gr.Tab(t("Open")):
                label = t("A run file (ZIP) that was saved here before; it replays without training")
                self.opened = gr.File(label=label, file_types=[".zip"], height=140, elem_id="clip-open")
        learn_panel(ENGINE, self.form, {"#clip-live .chart figcaption": "measures"})

    # --- wiring ------------------------------------------------------------------------------------------

    def wire(self, owner: gr.BrowserState, visit: gr.State, opening: Opening) -> None:
        """Connect events to handlers."""
        form, settings = self.form, gr.State(None)
        opening.then(self.arrive, [owner, visit], [self.live, settings], **QUICK)
        self.recipes.restore(settings, form, form.show)
        self.controls.wire(self.live, owner)
        self.controls.start.click(self.begin, [owner, *form.widgets], self.live, **QUICK)
        self.recipes.wire(form, form.show)
        self.recipes.follow(self.runs, ENGINE, self.live, owner, form)
        self.opened.upload(self.named("open"), [self.opened, owner], self.live, api_name="clip_open")
        for button, name in ((self.save_run, "run_file"), (self.save_events, "tensorboard")):
            made = button.click(self.named(name), self.live, self.file, api_name=f"clip_{name}", **MAKING)
            made.success(None, self.file, js=DOWNLOAD)
        made = [self.search.found, self.sort.shares, self.file]
        self.live.change(lambda: ["", "", None], None, made, **QUICK)
        self.search.wire(self.live, owner)
        self.sort.wire(self.live)

    def add_endpoints(self) -> None:
        """What a script can do that no button does in the same form."""
        for name in ("start", "status", "control"):
            gr.api(self.named(name), api_name=f"clip_{name}", queue=False)
        gr.api(self.named("search"), api_name="clip_search", **MAKING)
        hidden: dict[str, Any] = {"visible": False}
        files, classes = gr.File(file_count="multiple", **hidden), gr.Textbox(**hidden)
        asked = [files, classes, gr.Textbox("", **hidden), gr.Checkbox(False, **hidden)]  # files only as uploads
        for name in ("sort", "rank"):
            action = self.named(name)
            gr.Button(**hidden).click(action, asked, gr.JSON(**hidden), api_name=f"clip_{name}", **MAKING)

    # --- handlers ----------------------------------------------------------------------------------------

    def arrive(self, owner: str, visit: Query, request: gr.Request) -> list[Any]:
        """What the panel shows first, with the settings of the link, else of the visitor's latest run, if any."""
        run_id = self.actions.first_run(owner, visit)
        mine = self.runs.latest(owner, ENGINE)
        return [run_id, self.link.take(visit, request) or (mine and mine.config.to_dict())]

    def begin(self, owner: str, request: gr.Request, *values: Any) -> str:
        """Start a run with what the form says; returns its id."""
        with polite(request):
            return self.actions.begin(self.form.read(values), (), owner, request).id
