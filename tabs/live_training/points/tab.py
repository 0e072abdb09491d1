"""Live training on points of the plane: the panel's layout, and which component calls which action."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import gradio as gr

from engines.points_training.bench import Bench
from engines.points_training.config import DIFFUSION, ENGINE, GAN, OWN, PRESETS, TITLE, VAE, PointsConfig
from tabs.live_training.points.actions import STILL, PointsActions
from tabs.live_training.points.plane.view import plane_view, shown, steps_view
from tabs.live_training.points.sketch.view import sketch
from tabs.page.forms import Form
from tabs.page.language import t
from tabs.page.learn import learn_panel
from tabs.page.link_button import LinkButton
from tabs.page.links import Query
from tabs.page.opening.once import Opening
from tabs.page.outbox import DOWNLOAD, download_field
from tabs.page.polite import polite
from tabs.page.runs.controls import RunControls
from tabs.page.runs.fork import ForkPanel
from tabs.page.settings.recipes import RecipePicker
from tabs.page.shared import QUICK, Shared, find_run, new_key

__all__ = ["ENGINE", "TITLE", "build"]

# The families whose knobs these are; all others belong to every family.
WHOSE = {
    "objective": (GAN,),
    "beta": (VAE,),
    "sampling": (DIFFUSION,),
    "noise": (GAN, VAE),
    "sigma": (VAE,),
    "lr_d": (GAN,),
    "d_steps": (GAN,),
    "gamma": (GAN,),
}
STEPPING: dict[str, Any] = {"concurrency_limit": 2, "concurrency_id": "explore"}

INTRO = (
    "Press **Start**: a model with two numbers to make instead of a picture learns where the blue points lie. It takes"
    " a few seconds, and everything it does can be seen. Then replay it in slow motion, or go on step by step."
)
BY_HAND = (
    "Go on from the run above where it stands, paused or ended, or begin anew with the settings beside it; then update"
    " D alone, G alone, or both in one step, and watch what each does."
)
KEEP = (
    "The **run file** replays this run anywhere without training: settings, drawing, seed, curves, pictures and"
    " weights."
)


def build(shared: Shared) -> None:
    """Lay the panel out and wire it."""
    tab = PointsTab(PointsActions(shared.runs, shared.gate, shared.computer))
    tab.build_layout(shared.compared)
    tab.add_endpoints()  # first, so that they get their names
    tab.wire(shared.owner, shared.visit, shared.openings[ENGINE])


class PointsTab:
    """The panel's components and the handlers that update them."""

    def __init__(self, actions: PointsActions) -> None:
        self.actions, self.runs = actions, actions.runs
        self.named = partial(actions.named, prefix="points")

    # --- layout ------------------------------------------------------------------------------------------

    def build_layout(self, compared: gr.Textbox | None = None) -> None:
        """Make the components."""
        gr.Markdown(t(INTRO))
        with gr.Row():
            with gr.Column(scale=7, min_width=320):
                self.controls = RunControls(self.runs, ENGINE, "points", compared)
                self.live = plane_view("points-live", self.controls.ids)
            with gr.Column(scale=3, min_width=300, elem_classes="side"):
                self._build_settings()
        with gr.Tabs(overflow_behavior="wrap"):
            with gr.Tab(t("Step by step")):
                self._build_steps()
            with gr.Tab(t("Fork")) as place:
                self.fork = ForkPanel(self.actions, "points", place, compared)
            with gr.Tab(t("Take home")):
                gr.Markdown(t(KEEP))
                with gr.Row():
                    self.save_run = gr.Button(t("Run file"), elem_id="points-save-run")
                    self.save_events = gr.Button(t("For TensorBoard"), elem_id="points-save-tensorboard")
                self.file = download_field("points-file")
            with gr.Tab(t("Open")):
                label = t("A run file (ZIP) that was saved here before; it replays without training")
                self.opened = gr.File(label=label, file_types=[".zip"], height=140, elem_id="points-open")
        learn_panel("points_training", self.form, {"#points-live .chart figcaption": "measures"})

    def _build_settings(self) -> None:
        self.recipes = RecipePicker(PRESETS, "points-preset")
        self.form = Form(PointsConfig, "points")
        self.form.add(["family", "data"])
        self.form.adopt("drawing", sketch("points-drawing", visible=False))
        plain = [name for name, knob in PointsConfig.knobs().items() if not knob.more]
        self.form.add([name for name in plain if name not in self.form.names])
        with gr.Accordion(t("More settings"), open=False):
            self.form.add_rest()
        for name, families in WHOSE.items():
            self.form[name].visible = GAN in families
        self.link = LinkButton(ENGINE, self.form)

    def _build_steps(self) -> None:
        gr.Markdown(t(BY_HAND))
        self.key = gr.State("")  # of the training that is gone through step by step
        with gr.Row():
            with gr.Column(scale=3, min_width=280):
                with gr.Row():
                    self.take = gr.Button(t("Take the run above"), elem_id="points-take")
                    self.anew = gr.Button(t("Begin anew"), elem_id="points-anew")
                self.count = gr.Radio([1, 10, 100], value=1, label=t("Updates at a press"), elem_id="points-count")
                with gr.Row():
                    self.only_d = gr.Button(t("Update D only"), elem_id="points-d")
                    self.only_g = gr.Button(t("Update G only"), elem_id="points-g")
                self.both = gr.Button(t("One step"), variant="primary", elem_id="points-both")
            with gr.Column(scale=5, min_width=320):
                self.steps = steps_view("points-steps")

    # --- wiring ------------------------------------------------------------------------------------------

    def wire(self, owner: gr.BrowserState, visit: gr.State, opening: Opening) -> None:
        """Connect events to handlers."""
        form = self.form
        settings = gr.State(None)
        opening.then(self.arrive, [owner, visit], [self.live, settings], **QUICK)
        self.recipes.restore(settings, form, form.show)
        self.controls.wire(self.live, owner)
        self.controls.start.click(self.begin, [owner, *form.widgets], self.live, **QUICK)
        self.recipes.wire(form, self.fill)
        self.recipes.follow(self.runs, ENGINE, self.live, owner, self.form)
        self.fork.wire(self.live, owner, form, self.recipes, form.show)
        fitted = [form[name] for name in ("drawing", *WHOSE)]
        gr.on([form["family"].change, form["data"].change], self.fit, [form["family"], form["data"]], fitted, **QUICK)
        named = self.named
        self.opened.upload(named("open"), [self.opened, owner], self.live, api_name="points_open")
        for button, name in ((self.save_run, "run_file"), (self.save_events, "tensorboard")):
            made = button.click(named(name), self.live, self.file, api_name=f"points_{name}", **STEPPING)
            made.success(None, self.file, js=DOWNLOAD)
        self._wire_steps()

    def _wire_steps(self) -> None:
        look: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden", **STEPPING}
        shows = [self.key, self.steps, self.only_d, self.only_g]
        self.take.click(self.show_taken, self.live, shows, **look)
        self.anew.click(self.show_anew, self.form.widgets, shows, **look)
        for button, part in ((self.only_d, "d"), (self.only_g, "g"), (self.both, "both")):
            inputs = [gr.State(part), self.key, self.count, self.live, *self.form.widgets]
            button.click(self.show_step, inputs, shows, **look)
        self.live.change(self.forget, None, [self.file, *shows], **QUICK)

    def add_endpoints(self) -> None:
        """What a script can do that no button does in the same form."""
        for name in ("start", "status", "control", "fork"):
            gr.api(self.named(name), api_name=f"points_{name}", queue=False)
        gr.api(self.named("step"), api_name="points_step", **STEPPING)

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

    def fill(self, settings: Mapping[str, Any]) -> list[Any]:
        """The form for a recipe, which leaves the drawing alone."""
        values = dict(zip(self.form.names, self.form.show(settings), strict=True))
        return [gr.skip() if name == "drawing" else value for name, value in values.items()]

    @staticmethod
    def fit(family: str, data: str) -> list[Any]:
        """Show the square to draw in for a drawing, and of the knobs those of the family."""
        return [gr.update(visible=data == OWN), *(gr.update(visible=family in whose) for whose in WHOSE.values())]

    def show_taken(self, run_id: str, request: gr.Request) -> list[Any]:
        """The run's training, to go on with by hand."""
        with self.actions.gate.computing(request):
            return self._shown(new_key(), self.actions.take(run_id))

    def show_anew(self, request: gr.Request, *values: Any) -> list[Any]:
        """A training with the form's settings before its first step."""
        with self.actions.gate.computing(request):
            return self._shown(new_key(), self.actions.anew(self.form.read(values)))

    def show_step(self, part: str, key: str, count: int, run_id: str, request: gr.Request, *values: Any) -> list[Any]:
        """Some updates; of the run above if it stands still, else from the beginning, where nothing is taken yet."""
        with self.actions.gate.computing(request):
            if not key:
                run, key = find_run(self.runs, run_id), new_key()
                still = run is not None and run.board.weights is not None and run.board.state in STILL
                bench = self.actions.take(run_id) if still else self.actions.anew(self.form.read(values))
                self.actions.keep(key, bench)
            return self._shown(key, self.actions.go_on(key, part, count), goes_on=True)

    def _shown(self, key: str, bench: Bench, goes_on: bool = False) -> list[Any]:
        self.actions.keep(key, bench)
        two = gr.update(interactive=bench.config.family == GAN)
        return [key, shown(bench, goes_on), two, two]

    @staticmethod
    def forget() -> list[Any]:
        """What was made of the run that was shown before."""
        return [None, "", "", gr.update(interactive=True), gr.update(interactive=True)]
