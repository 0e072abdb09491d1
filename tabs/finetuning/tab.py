"""The Fine-tuning tab: its layout, and which component calls which action."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from engines.finetuning.config import CHINESE_MODEL, ENGINE, PICTURE_DATASETS, RECIPES, FinetuningConfig
from engines.messages import Message
from engines.running.events import Evaluation
from engines.running.runs import Run
from tabs.finetuning.actions import OWN, FinetuningActions
from tabs.finetuning.data import COLUMNS, DataPanel, fit_model, suit, suited_model, uploads_of
from tabs.finetuning.endpoints import FinetuningApi
from tabs.finetuning.keeping import GoOnPanel, TakePanel
from tabs.finetuning.pictures import test_pictures, thumbnail
from tabs.finetuning.results import (
    Row,
    newest_of,
    show_cell,
    show_changes,
    show_matrix,
    show_report,
    show_scores,
    text_row,
    worst_cell,
)
from tabs.finetuning.try_it import TryPanel
from tabs.page.component import as_update
from tabs.page.forms import Form
from tabs.page.language import t
from tabs.page.learn import LABELS, learn_panel
from tabs.page.link_button import LinkButton
from tabs.page.links import Query
from tabs.page.live.view import Chart, Line, live_view
from tabs.page.markup import Say, panel, speaker
from tabs.page.opening.once import Opening
from tabs.page.polite import polite
from tabs.page.runs.controls import RunControls
from tabs.page.settings.recipes import RecipePicker
from tabs.page.shared import FOLLOW, QUICK, Shared, after, find_run, run_to_show

HERE = Path(__file__).parent
PANELS = ("charts", "verdict")
# What has a "?", and the section of Learn that it opens.
ASKED = {
    "#finetuning-live figcaption": "overfitting",
    "#finetuning-scores h2": "report",
    "#finetuning-report h2": "report",
    "#finetuning-matrix h2": "report",
    "#finetuning-changes h2": "report",
    "#finetuning-answer .chances h2": "loss",
    "#finetuning-answer .why h2": "words, model=minilm|distilbert|bert|bert_zh|char_ngrams",
    f"#finetuning-more-replay {LABELS}": "forgetting",
    f"#finetuning-more-epochs {LABELS}": "epochs",
}
CHARTS = (
    Chart(
        "Loss",
        (
            Line("training rows", "training", "--theirs", "Loss"),
            Line("validation rows", "validation", "--ours", "Loss", dots=True),
        ),
    ),
    Chart(
        "Accuracy",
        (
            Line("training rows", "training", "--theirs", "Accuracy"),
            Line("validation rows", "validation", "--ours", "Accuracy", dots=True),
        ),
        percent=True,
    ),
    Chart("Guessing hidden words: loss", (Line("MLM loss", "mlm", "--good"),), optional=True),
)
DATASETS = FinetuningConfig.knobs()["dataset"].choices
OPENING = "pictures"  # the recipe that needs no download and ends soonest
INTRO_CLOTHES = Message(
    "Press **Start**: a small network learns on this machine to tell clothes apart, without a download; then draw a"
    " shoe under **Try it**. Until then the example below can be tried. Or choose a recipe with texts, or bring your"
    " own texts or pictures."
)

INTRO_TEXTS = Message(
    "Press **Start**: the model beside learns on this machine to sort these texts; a model that has read before is"
    " fetched first, once. Then type a sentence of your own under **Try it**."
)
INTRO_OWN = Message(
    "Choose your file beside and press **Start**: the model learns your classes on this machine. Then ask it about new"
    " examples under **Try it**, or take it home."
)


def build(shared: Shared) -> None:
    """Lay the tab out and wire it."""
    tab = FinetuningTab(FinetuningActions(shared.runs, shared.classifiers, shared.gate, shared.computer))
    tab.build_layout(shared.compared)
    tab.wire(shared.owner, shared.visit, shared.openings[ENGINE])
    FinetuningApi(tab.actions).add_endpoints()


class FinetuningTab:
    """The tab's components and the handlers that update them."""

    def __init__(self, actions: FinetuningActions) -> None:
        self.actions = actions
        self.runs = actions.runs

    # --- layout ------------------------------------------------------------------------------------------

    def build_layout(self, compared: gr.Textbox | None = None) -> None:
        """Make the components."""
        self.intro = gr.Markdown(t(INTRO_CLOTHES), elem_id="finetuning-intro")
        with gr.Row():
            with gr.Column(scale=7, min_width=320, elem_classes="unfold"):
                self.controls = RunControls(self.runs, ENGINE, "finetuning", compared)
                self.live = live_view("finetuning-live", self.controls.ids, HERE / "live.html", PANELS, CHARTS)
                self.scores = panel("finetuning-scores")
                with gr.Tabs(elem_classes="later", overflow_behavior="wrap"):
                    with gr.Tab(t("Results")):
                        self._build_results()
                    with gr.Tab(t("Try it")):
                        self.trying = TryPanel(self.actions)
                    with gr.Tab(t("Keep going")):
                        self.going_on = GoOnPanel(self.actions)
                    with gr.Tab(t("Take home")):
                        self.taking = TakePanel(self.actions)
            with gr.Column(scale=3, min_width=300):
                self._build_settings()
        learn_panel("finetuning", self.form, ASKED)

    def _build_settings(self) -> None:
        self.recipes = RecipePicker(RECIPES, "finetuning-recipe", OPENING)
        self.form = Form(FinetuningConfig, "finetuning", RECIPES[OPENING].values)
        self.data = DataPanel(self.form)
        self.form.add(("model", "method", "epochs"))
        with gr.Accordion(t("More settings"), open=False):  # Replay stands where a run is continued
            self.form.add([name for name in FinetuningConfig.knobs() if name not in (*self.form.names, "replay")])
        self.link = LinkButton(ENGINE, self.form, without=COLUMNS, suited=suited_model)

    def _build_results(self) -> None:
        with gr.Row():
            with gr.Column(scale=3, min_width=320, elem_classes="unfold"):
                self.matrix = panel("finetuning-matrix", HERE / "matrix.js")
                with gr.Column(elem_classes="later"):
                    self.report = panel("finetuning-report")
            with gr.Column(scale=2, min_width=240):
                self.examples = panel("finetuning-examples")
        self.changes = panel("finetuning-changes")

    # --- wiring ------------------------------------------------------------------------------------------

    def wire(self, owner: gr.BrowserState, visit: gr.State, opening: Opening) -> None:
        """Connect events to handlers."""
        form, data = self.form, self.data
        shown = gr.State([])  # which results stand on the page, so that a pressed cell stays pressed
        results = [shown, self.scores, self.matrix, self.examples, self.report, self.changes]
        show_data: dict[str, Any] = {"inputs": data.inputs, "outputs": data.outputs, **FOLLOW}
        settings = gr.State(None)
        opening.then(self.arrive, [owner, visit], [self.live, settings], **QUICK).then(
            data.show, data.inputs, data.outputs, **QUICK
        )
        self.recipes.restore(settings, form, self._settings)
        self.controls.wire(self.live, owner)
        after(self.live.tick).then(self.show_results, [self.live, owner, shown], results, **FOLLOW)
        self.controls.start.click(self.begin, [owner, data.table, data.archive, *form.widgets], self.live, **QUICK)
        self.recipes.wire(form, self._settings)
        self.recipes.follow(self.runs, ENGINE, self.live, owner, form, self.actions.gate.limits.allow)
        suited = [form[name] for name in ("model", "method", "epochs", "batch", "lr")]
        form["dataset"].input(suit, [form["dataset"], *suited], suited, **QUICK)
        after(form["dataset"].change, data.table.change, data.archive.change).then(data.show, **show_data)
        form["dataset"].change(None, form["dataset"], self.intro, js=introduction(), **QUICK)
        after(form["text_column"].input, form["label_column"].input).then(data.show, **show_data)
        self.matrix.pick(self.pick_cell, [self.live, owner], self.examples, **FOLLOW)
        for part in (self.trying, self.going_on, self.taking):
            part.wire(self.live, owner)

    # --- handlers ----------------------------------------------------------------------------------------

    def arrive(self, owner: str, visit: Query, request: gr.Request) -> list[Any]:
        """What a page shows first, with the settings of the link, else of the visitor's latest run, if any."""
        run_id = run_to_show(self.runs, ENGINE, owner, visit) or self.actions.example
        mine = self.runs.latest(owner, ENGINE)
        settings = self.link.take(visit, request) or (mine and self.actions.gate.limits.asked(mine.config))
        return [run_id, settings and {**settings, **dict.fromkeys(COLUMNS, "")}]

    def _settings(self, values: Mapping[str, Any]) -> list[Any]:
        """Values for the form's widgets, with the models that suit the data."""
        shown = dict(zip(self.form.names, self.form.show(values), strict=True))
        shown["model"] = fit_model(shown["dataset"], shown["model"])
        return list(shown.values())

    def begin(self, owner: str, table: str | None, archive: str | None, request: gr.Request, *values: Any) -> str:
        """Start a run with the form's values; the live view then follows it."""
        with polite(request):
            config = self.form.read(values)
            if config.model == CHINESE_MODEL:  # the hub may take some seconds to answer
                asking = Message("Asking the Hugging Face hub for {model}", model=Message("BERT base, Chinese"))
                gr.Info(speaker(request)(asking), duration=5)
            return self.actions.begin(config, uploads_of(config.dataset, table, archive), owner, request).id

    def show_results(self, run_id: str, owner: str, shown: list[str], request: gr.Request) -> list[Any]:
        """Scores, matrix, the rows of its worst cell, report and changes, unless they stand there already."""
        say, run = speaker(request), find_run(self.runs, run_id)
        evaluations = run.board.evaluations if run else {}
        now = [run_id, *(f"{name} {zlib.crc32(e.probabilities.tobytes())}" for name, e in evaluations.items())]
        if now == shown:
            return [gr.skip()] * 6
        newest = newest_of(evaluations)
        row = self._row(run, owner, say) if run else text_row
        return [
            now,
            show_scores(evaluations, say),
            show_matrix(newest, say),
            show_cell(newest, *worst_cell(newest), row, say) if newest else "",
            show_report(evaluations.get("test"), say),
            show_changes(evaluations, row, say),
        ]

    def pick_cell(self, run_id: str, owner: str, event: gr.EventData, request: gr.Request) -> str:
        """The rows behind the cell that was pressed."""
        with polite(request):
            say, run = speaker(request), self.actions.find(run_id)
            place = int(event.truth), int(event.predicted)
            return show_cell(newest_of(run.board.evaluations), *place, self._row(run, owner, say), say)

    def _row(self, run: Run, owner: str, say: Say) -> Row:
        """How a row of this run is shown to this visitor."""
        if not self.actions.may_read(run, owner):
            return lambda evaluation, index: escape(say("a row that only its owner may read"))
        if not run.config.pictures or not run.board.evaluations:
            return text_row
        pictures = test_pictures(self.actions.unpack_example(run).folder)

        def picture_row(evaluation: Evaluation, index: int) -> str:
            return f'<img src="{thumbnail(pictures[index])}" alt="">' if index < len(pictures) else ""

        return picture_row


def introduction() -> str:
    """A script that names what stands above the tab while a dataset is chosen."""
    intros = {name: INTRO_CLOTHES if name in PICTURE_DATASETS else INTRO_TEXTS for name in DATASETS}
    intros |= dict.fromkeys(OWN, INTRO_OWN)
    updates = {name: as_update(str(t(intro))) for name, intro in intros.items()}
    return f"(dataset) => ({json.dumps(updates)})[dataset]"
