"""What a script can do with the Fine-tuning tab: its named endpoints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gradio as gr
import numpy as np

from engines.finetuning.config import FinetuningConfig
from tabs.finetuning.actions import FinetuningActions
from tabs.finetuning.pictures import read_pictures, test_pictures
from tabs.page.json_input import json_object, json_texts
from tabs.page.live.news import status
from tabs.page.polite import polite
from tabs.page.shared import new_key

MADE: dict[str, Any] = {"concurrency_limit": 2, "concurrency_id": "exports"}


class FinetuningApi:
    """The endpoints. Each raises gr.Error with one sentence in the visitor's language."""

    def __init__(self, actions: FinetuningActions) -> None:
        self.actions = actions

    def add_endpoints(self) -> None:
        """Add them to the app that is being built."""
        gr.api(self.finetuning_status, api_name="finetuning_status", queue=False)
        gr.api(self.finetuning_control, api_name="finetuning_control", queue=False)
        gr.api(self.finetuning_results, api_name="finetuning_results", queue=False)
        gr.api(self.finetuning_explain, api_name="finetuning_explain", **MADE)
        # Files go through gr.File, which lets in only what was uploaded, and out only what was made.
        hidden: dict[str, Any] = {"visible": False}
        run, owner, base = (gr.Textbox(**hidden) for _ in range(3))
        files, file = gr.File(file_count="multiple", **hidden), gr.File(**hidden)
        button, settings, texts, answer = gr.Button(**hidden), json_object(), json_texts(), gr.JSON(**hidden)
        for action, inputs, output, how in (
            (self.finetuning_start, [settings, files, owner, base], answer, {"queue": False}),
            (self.finetuning_predict, [run, owner, texts, files], answer, MADE),
            (self.finetuning_model, [run, owner], file, MADE),
            (self.finetuning_script, [run, owner], file, MADE),
            (self.finetuning_space, [run, owner], file, MADE),
            (self.finetuning_tensorboard, [run], file, MADE),
        ):
            button.click(action, inputs, output, api_name=action.__name__, **how)

    def finetuning_tensorboard(self, run: str, request: gr.Request = None) -> str:
        """The curves and settings of a fine-tuning run as TensorBoard's event files in a ZIP."""
        with self.actions.gate.computing(request):
            return self.actions.event_files(run)

    def finetuning_start(
        self,
        settings: dict[str, Any],
        uploads: list[str] | None = None,
        owner: str = "",
        base: str = "",
        request: gr.Request = None,
    ) -> dict[str, Any]:
        """Start a fine-tuning run with any of the settings of FinetuningConfig, such as {"dataset": "intents"}.

        For {"dataset": "own_texts"} or "own_pictures", uploads is a list with one file. base is the id of an ended
        run of the same owner to go on from. Returns at once: "run" is the id to watch it by, "owner" the key that
        may control and use it, "config" all settings as they are used, the seed included.
        """
        with polite(request):
            owner = owner or new_key()
            run = self.actions.begin(FinetuningConfig.from_dict(settings), uploads or (), owner, request, base)
            return {"run": run.id, "owner": owner, "config": run.config.to_dict()}

    def finetuning_status(self, run: str, request: gr.Request = None) -> dict[str, Any]:
        """State, progress, latest losses and accuracies, and diagnosis of a run."""
        with polite(request):
            board = self.actions.find(run).board
            latest = {
                group: dict(zip(series.names, series.rows[-1][1:], strict=True))
                for group, series in board.series.items()
                if series.rows
            }
            return {"state": board.state, **status(board), "metrics": latest}

    def finetuning_control(self, run: str, owner: str, action: str, request: gr.Request = None) -> dict[str, Any]:
        """Pause, resume or stop a run: action is "pause", "resume" or "stop"; owner is its key."""
        with polite(request):
            self.actions.find(run)
            return {"state": self.actions.runs.control(run, owner, action).board.state}

    def finetuning_results(self, run: str, owner: str = "", request: gr.Request = None) -> dict[str, Any]:
        """Accuracy before and after, classification report, confusion matrix and most confident mistakes.

        Without the owner's key, the mistakes of a run on uploaded data are left out.
        """
        with polite(request):
            return self.actions.scores(self.actions.find(run), owner)

    def finetuning_predict(
        self,
        run: str,
        owner: str,
        texts: list[str] | None = None,
        pictures: list[str] | None = None,
        request: gr.Request = None,
    ) -> list[dict[str, Any]]:
        """Class and probabilities of each text, or of each picture, by a run's classifier; owner is the run's key."""
        with self.actions.gate.computing(request):
            found = self.actions.own_model(run, owner)
            names = self.actions.names(found)
            if pictures:
                images = read_pictures(pictures, test_pictures(found.folder))
                return [_prediction(names, chances) for chances in self.actions.predict_pictures(found, images)]
            return [_prediction(names, chances) for chances in self.actions.predict(found, texts)]

    def finetuning_explain(self, run: str, owner: str, text: str, request: gr.Request = None) -> dict[str, Any]:
        """The predicted class of a text, and [piece, weight from -1 to 1] for each piece (left out, and alone)."""
        with self.actions.gate.computing(request):
            found = self.actions.own_model(run, owner)
            names = self.actions.names(found)
            prediction = _prediction(names, self.actions.predict(found, [text])[0])
            return {
                **prediction,
                "pieces": [[piece, round(weight, 4)] for piece, weight in self.actions.explain(found, text)],
            }

    def finetuning_model(self, run: str, owner: str, request: gr.Request = None) -> str:
        """The classifier as a ZIP (safetensors, tokenizer, labels, model card); owner is the run's key."""
        with self.actions.gate.computing(request):
            return self.actions.model_file(run, owner)

    def finetuning_space(self, run: str, owner: str, request: gr.Request = None) -> str:
        """The classifier as a ZIP that is a complete small Hugging Face Space; owner is the run's key."""
        with self.actions.gate.computing(request):
            return self.actions.space_file(run, owner)

    def finetuning_script(self, run: str, owner: str, request: gr.Request = None) -> str:
        """The run as a short Python script with plain transformers; owner is the run's key."""
        with self.actions.gate.computing(request):
            return self.actions.script_file(run, owner)


def _prediction(names: Sequence[str], chances: np.ndarray) -> dict[str, Any]:
    """One prediction, ready for JSON."""
    best = int(chances.argmax())
    shares = {name: round(float(chance), 4) for name, chance in zip(names, chances, strict=True)}
    return {"label": names[best], "probability": round(float(chances[best]), 4), "probabilities": shares}
