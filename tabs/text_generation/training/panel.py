"""Train your own: layout and wiring of the panel in which a language model learns from nothing."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from engines.gpt_training.config import (
    ENGINE,
    GPT,
    MASKED,
    OF_TUNES,
    OWN,
    OWN_TUNES,
    POEMS,
    PRESETS,
    GptConfig,
)
from engines.gpt_training.text.own import KINDS as TEXTS
from engines.gpt_training.text.own_tunes import KINDS as TUNES
from engines.messages import Message
from tabs.page.blind.card import NAME as BLIND
from tabs.page.blind.card import BlindCard, Kind
from tabs.page.blind.sides import side, text_side
from tabs.page.forms import Form
from tabs.page.json_input import json_object
from tabs.page.language import t
from tabs.page.learn import learn_panel
from tabs.page.link_button import LinkButton
from tabs.page.links import Query
from tabs.page.live.view import Chart, Line, live_view
from tabs.page.opening.once import Opening
from tabs.page.outbox import DOWNLOAD, download_field
from tabs.page.polite import polite
from tabs.page.runs.controls import RunControls
from tabs.page.runs.fork import ForkPanel
from tabs.page.settings.recipes import RecipePicker
from tabs.page.shared import QUICK, Shared
from tabs.text_generation.training.actions import BUNDLED, RUN, GptActions
from tabs.text_generation.training.inside import InsidePanel
from tabs.text_generation.training.papers import TextPapersPanel
from tabs.text_generation.training.use import AcrosticPanel, FillPanel

__all__ = ["ENGINE", "INTRO", "TrainingPanel"]

HERE = Path(__file__).parent
INTRO = Message(
    "Press **Start**: a small language model learns to write on this machine, from nothing and with no download."
    " Within a minute its noise becomes lines, and then rhymes. Close the page if you like: it goes on without it."
)
CHARTS = (
    Chart(
        "Loss, nats a character; dashed: counting alone",
        (
            Line("Training loss", "losses", "--theirs", "Training"),
            Line("Held-out", "losses", "--good"),
            Line("1-gram", "losses", "--wait", dashed=True),
            Line("2-gram", "losses", "--wait", dashed=True),
            Line("5-gram", "losses", "--wait", dashed=True),
        ),
    ),
    Chart(
        "What it writes, measured",
        (
            Line("Form", "scores", "--ours"),
            Line("Rhyme", "scores", "--theirs"),
            Line("Tones", "scores", "--good"),
            Line("Bars add up", "scores", "--ours"),
            Line("Ends on tonic", "scores", "--theirs"),
            Line("Notes in key", "scores", "--good"),
            Line("As long as said", "scores", "--wait"),
            Line("New names", "scores", "--theirs"),
            Line("Plausible", "scores", "--good"),
            Line("Words known", "scores", "--good"),
            Line("Gaps filled right", "scores", "--good"),
        ),
        from_zero=True,
        percent=True,
        optional=True,
    ),
    Chart(
        "Copied from the text: the longest run, in characters",
        (Line("Longest copied run", "copies", "--bad"),),
        from_zero=True,
        optional=True,
    ),
)
KEEP = (
    "The **run file** replays this run anywhere without training: settings, seed, curves, texts and weights. The"
    " **model** is a folder as a ZIP that the transformers library loads: weights, configuration, tokenizer and card."
    " The **script** trains the same without this program: a short file of plain PyTorch with its text, as a ZIP; a"
    " text of your own you lay beside it yourself. The **Space** is a folder as a ZIP that is a page of its"
    " own on Hugging Face, or on any machine: app, weights, card."
)
TWO_TEXTS = Message(
    "Press **Two texts**: one a person wrote, and the model has never read it; the other the model wrote just now. Say"
    " which is real. The votes of all who watch the run add up; after 30 it is told how sure one can be."
)
MAKING: dict[str, Any] = {"concurrency_limit": 2, "concurrency_id": "explore"}


class TrainingPanel:
    """The panel's components and the handlers that update them."""

    def __init__(self, shared: Shared) -> None:
        self.actions = GptActions(shared.runs, shared.gate, shared.computer)
        self.runs = shared.runs
        self.named = partial(self.actions.named, prefix="gpt")
        shared.racers[ENGINE] = self.actions.racer
        self._build(shared.compared)
        self.add_endpoints()  # first, so that they get their names
        self.wire(shared.owner, shared.visit, shared.openings[ENGINE])

    # --- layout ------------------------------------------------------------------------------------------

    def _build(self, compared: gr.Textbox | None) -> None:
        with gr.Row():
            with gr.Column(scale=7, min_width=320):
                self.controls = RunControls(self.runs, ENGINE, "gpt", compared)
                panels, css = ("scrub", "written", "verdict", "charts", "bars"), HERE / "live.css"
                self.live = live_view("gpt-live", self.controls.ids, HERE / "live.html", panels, CHARTS, css)
            with gr.Column(scale=3, min_width=300, elem_classes="side"):
                self._build_settings()
        self._build_use(compared)
        learn_panel(ENGINE, self.form, {"#gpt-live .chart figcaption": "measures"})

    def _build_settings(self) -> None:
        self.recipes = RecipePicker(PRESETS, "gpt-preset")
        self.form = Form(GptConfig, "gpt")
        self.form.add(["data"])
        self.upload = gr.File(
            label=t("Your text: one .txt or .md file"),
            file_types=[*TEXTS, *TUNES],
            file_count="multiple",
            visible=False,
            height=140,
            elem_id="gpt-upload",
        )
        self.form.add([name for name, knob in GptConfig.knobs().items() if not knob.more and name != "data"])
        with gr.Accordion(t("More settings"), open=False):
            self.form.add_rest()
        self.link = LinkButton(ENGINE, self.form)

    def _build_use(self, compared: gr.Textbox | None) -> None:
        choices = [(t("The run above"), RUN), (t("The bundled poem model"), BUNDLED)]
        info = t("For the example, and until there is a run, the bundled one is used.")
        self.whose = gr.Radio(choices, value=RUN, label=t("Which model to use"), info=info, elem_id="gpt-whose")
        with gr.Tabs(overflow_behavior="wrap"):
            with gr.Tab(t("Acrostic")):
                self.acrostic = AcrosticPanel(self.actions)
            with gr.Tab(t("Fill in the blanks")):
                self.fill = FillPanel(self.actions)
            with gr.Tab(t("Look inside"), elem_id="gpt-look-inside"):
                self.inside = InsidePanel(self.actions)
            with gr.Tab(t(BLIND)) as self.blind_place:
                self.blind = BlindCard(self._blind(), self.runs, self.actions.gate)
            with gr.Tab(t("Papers' measures")):
                self.papers = TextPapersPanel(self.actions, "gpt")
            with gr.Tab(t("Fork")) as place:
                self.fork = ForkPanel(self.actions, "gpt", place, compared)
            with gr.Tab(t("Take home")):
                gr.Markdown(t(KEEP))
                with gr.Row():
                    self.save_run = gr.Button(t("Run file"), elem_id="gpt-save-run")
                    self.save_model = gr.Button(t("Model"), elem_id="gpt-save-model")
                    self.save_script = gr.Button(t("Script"), elem_id="gpt-save-script")
                    self.save_space = gr.Button(t("As a Space"), elem_id="gpt-save-space")
                    self.save_events = gr.Button(t("For TensorBoard"), elem_id="gpt-save-tensorboard")
                self.file = download_field("gpt-file")
            with gr.Tab(t("Open")):
                label = t("A run file (ZIP) that was saved here before; it replays without training")
                self.opened = gr.File(label=label, file_types=[".zip"], height=140, elem_id="gpt-open")

    def _blind(self) -> Kind:
        """Two texts that are read."""
        return Kind(
            "gpt", TWO_TEXTS, Message("Two texts"), Message("The first is real"), Message("The second is real"),
            side, text_side, str, self.actions.pair,
        )  # fmt: skip

    # --- wiring ------------------------------------------------------------------------------------------

    def wire(self, owner: gr.BrowserState, visit: gr.State, opening: Opening) -> None:
        """Connect events to handlers."""
        form, settings = self.form, gr.State(None)
        opening.then(self.arrive, [owner, visit], [self.live, settings], **QUICK)
        self.recipes.restore(settings, form, form.show)
        self.controls.wire(self.live, owner)
        self.controls.start.click(self.begin, [owner, self.upload, *form.widgets], self.live, **QUICK)
        self.recipes.wire(form, form.show)
        self.recipes.follow(self.runs, ENGINE, self.live, owner, form)
        self.fork.wire(self.live, owner, form, self.recipes, form.show)
        asked = [form[name] for name in ("data", "model", "tokens")]
        fitted = [self.upload, *(form[name] for name in ("plan", "bars", "heads", "vocabulary"))]
        gr.on([widget.change for widget in asked], self.fit, asked, fitted, **QUICK)
        self.opened.upload(self.named("open"), [self.opened, owner], self.live, api_name="gpt_open")
        saving = (
            (self.save_run, "run_file"), (self.save_model, "model"), (self.save_script, "script"),
            (self.save_space, "space"), (self.save_events, "tensorboard"),
        )  # fmt: skip
        for button, name in saving:
            made = button.click(self.named(name), self.live, self.file, api_name=f"gpt_{name}", **MAKING)
            made.success(None, self.file, js=DOWNLOAD)
        made = [self.acrostic.poem, self.fill.filled, self.inside.map, self.papers.found, self.file]
        gr.on([self.live.change, self.whose.change], lambda: ["", "", "", "", None], None, made, **QUICK)
        self.acrostic.wire(self.live, self.whose)
        self.fill.wire(self.live)
        self.inside.wire(self.live, self.whose)
        self.papers.wire(self.live, self.whose)
        self.blind.wire(owner, self.blind_place, [self.live, self.whose], self.actions.chosen)

    def add_endpoints(self) -> None:
        """What a script can do that no button does in the same form."""
        hidden: dict[str, Any] = {"visible": False}
        files, settings, answer = gr.File(file_count="multiple", **hidden), json_object(), gr.JSON(**hidden)
        owner, button = gr.Textbox(**hidden), gr.Button(**hidden)
        start = self.named("start")  # files go through gr.File, which lets in only what was uploaded
        button.click(start, [settings, owner, files], answer, api_name="gpt_start", queue=False)
        for name in ("status", "control", "fork"):
            gr.api(self.named(name), api_name=f"gpt_{name}", queue=False)
        for name in ("acrostic", "fill", "inside"):
            gr.api(self.named(name), api_name=f"gpt_{name}", **MAKING)
        self.blind.add_endpoint()

    # --- handlers ----------------------------------------------------------------------------------------

    def arrive(self, owner: str, visit: Query, request: gr.Request) -> list[Any]:
        """What the panel shows first, with the settings of the link, else of the visitor's latest run, if any."""
        run_id = self.actions.first_run(owner, visit)
        mine = self.runs.latest(owner, ENGINE)
        return [run_id, self.link.take(visit, request) or (mine and mine.config.to_dict())]

    def begin(self, owner: str, uploads: list[str] | None, request: gr.Request, *values: Any) -> str:
        """Start a run with what the form says; returns its id."""
        with polite(request):
            return self.actions.begin(self.form.read(values), uploads or (), owner, request).id

    @staticmethod
    def fit(data: str, model: str, tokens: str) -> list[Any]:
        """Show the box for one's own text, and of the knobs those that count."""
        only, no = gr.update(visible=True), gr.update(visible=False, value=False)
        heads = gr.update(visible=model in (GPT, MASKED))
        label = t(
            "Your tunes: MIDI, MusicXML or ABC files" if data == OWN_TUNES else "Your text: one .txt or .md file"
        )
        box = gr.update(visible=data in (OWN, OWN_TUNES), label=label)
        firsts = [only if data == POEMS else no, only if data in OF_TUNES else no]
        return [box, *firsts, heads, gr.update(visible=tokens == "pairs")]
