"""The Keep going and Take home panels: more examples for a finished run, and what one leaves with."""

from __future__ import annotations

import re
from typing import Any

import gradio as gr

from engines.finetuning.config import FinetuningConfig
from engines.finetuning.scripts import loading_code
from tabs.finetuning.actions import FinetuningActions
from tabs.finetuning.data import TABLE_TYPES
from tabs.page.forms import make_widget
from tabs.page.language import language_of, t, translate
from tabs.page.outbox import download_field
from tabs.page.polite import polite
from tabs.page.shared import FOLLOW, QUICK, after, find_run

GO_ON = (
    "Teach a finished classifier more: new rows, or new classes. It is measured on its **old** test rows before and"
    " after, so that you see what it forgets; **Replay** mixes old rows in, which helps it remember."
)
TAKE = (
    "The **model** is a ZIP with safetensors, labels and a model card, to be loaded as below."
    " The **script** repeats this run anywhere. The **Space** is a folder as a ZIP that is a page of its own on"
    " Hugging Face, or on any machine: app, model, card."
)
MAKING: dict[str, Any] = {"concurrency_limit": 2, "concurrency_id": "exports", "api_visibility": "private"}


class GoOnPanel:
    """New examples for a finished run."""

    def __init__(self, actions: FinetuningActions) -> None:
        self.actions = actions
        gr.Markdown(t(GO_ON))
        with gr.Row():
            with gr.Column(min_width=300):
                self.file = gr.File(
                    label=t("New examples: a table like the first, or a ZIP of pictures"),
                    file_types=[*TABLE_TYPES, ".zip"],
                    height=150,
                    elem_id="finetuning-more",
                )
            with gr.Column(min_width=300):
                knobs = FinetuningConfig.knobs()
                self.replay = make_widget("more-replay", knobs["replay"], "finetuning")
                self.epochs = make_widget("more-epochs", knobs["epochs"], "finetuning")
                self.go_on = gr.Button(t("Go on from this run"), interactive=False, elem_id="finetuning-go-on")

    def wire(self, live: gr.HTML, owner: gr.BrowserState) -> None:
        """Connect events to handlers."""
        after(live.tick, self.file.change).then(self.show, [live, owner, self.file], self.go_on, **FOLLOW)
        self.go_on.click(self.start, [live, owner, self.file, self.replay, self.epochs], live, **QUICK)

    def show(self, run_id: str, owner: str, path: str | None) -> dict[str, Any]:
        """Whether there is a run to go on from, and something to go on with."""
        run = find_run(self.actions.runs, run_id)
        ready = run is not None and run.owned_by(owner) and run.board.ended
        return gr.update(interactive=ready and bool(path))

    def start(self, run_id: str, owner: str, path: str, replay: float, epochs: int, request: gr.Request) -> str:
        """Start the run that goes on."""
        with polite(request):
            return self.actions.go_on(run_id, owner, [path], replay, epochs, request).id


class TakePanel:
    """The model, the script and the scores."""

    def __init__(self, actions: FinetuningActions) -> None:
        self.actions = actions
        gr.Markdown(t(TAKE))
        with gr.Row():
            self.model = gr.Button(t("Model"), elem_id="finetuning-model-zip")
            self.space = gr.Button(t("As a Space"), elem_id="finetuning-space-zip")
            self.script = gr.Button(t("Script"), elem_id="finetuning-script")
            self.csv = gr.Button(t("Scores as CSV"), elem_id="finetuning-csv")
            self.json = gr.Button(t("Scores as JSON"), elem_id="finetuning-json")
            self.events = gr.Button(t("For TensorBoard"), elem_id="finetuning-tensorboard-zip")
        self.file = download_field("finetuning-file")
        self.code = gr.Code(
            loading_code(False),
            language="python",
            label=t("How to load it"),
            interactive=False,
            wrap_lines=True,
            elem_id="finetuning-code",
        )

    def wire(self, live: gr.HTML, owner: gr.BrowserState) -> None:
        """Connect events to handlers."""
        after(live.tick).then(self.show, live, self.code, **FOLLOW)
        for button, make in (
            (self.model, self.actions.model_file),
            (self.space, self.actions.space_file),
            (self.script, self.actions.script_file),
            (self.csv, lambda run, owner: self.actions.scores_file(run, owner, "csv")),
            (self.json, lambda run, owner: self.actions.scores_file(run, owner, "json")),
            (self.events, lambda run, owner: self.actions.event_files(run)),
        ):
            button.click(self._maker(make), [live, owner], self.file, **MAKING)

    def _maker(self, make: Any) -> Any:
        def handle(run_id: str, owner: str, request: gr.Request) -> str:
            with self.actions.gate.computing(request):
                return make(run_id, owner)

        return handle

    def show(self, run_id: str, request: gr.Request) -> str:
        """The code that loads the classifier of this run, its comments in the visitor's language."""
        run, language = find_run(self.actions.runs, run_id), language_of(request)
        code = loading_code(run.config.pictures, run.config.from_characters) if run else loading_code(False)
        return re.sub(r"(?<=# ).+", lambda comment: translate(comment[0], language), code)
