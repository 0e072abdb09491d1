"""Visitors' own language models, trained from nothing in this app, as models of this tab.

As everywhere, who knows a run's id may use what it made; only its owner finds it in a list.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from pathlib import Path

from engines.catalog import WITH_CHANCE, Beginning, ModelCard
from engines.gpt_training.config import ENGINE, GPT, POEMS, GptConfig
from engines.gpt_training.take_home.export import export
from engines.messages import ConfigError, EngineError, Message
from engines.running.run_files import saving
from engines.running.runs import Run, Runs
from engines.text_generation.config import RUN

NOT_YET = Message("This run has no model yet; wait a few seconds.")
NOT_KEPT = Message("No model was kept of this run. Start one of your own, or use the bundled poem model.")
FILES = "text-model-"  # begins the name of the folder, in the run's own, that has the model after so many steps


class OwnRuns:
    """Finds them in the app's runs."""

    def __init__(self, runs: Runs | None = None) -> None:
        self._runs = runs

    def of(self, owner: str) -> list[ModelCard]:
        """The owner's models that can write on, of runs that have ended, newest first."""
        runs = self._runs.of(owner, ENGINE) if self._runs else []
        return [card_of(run) for run in reversed(runs) if run.board.ended and run.board.weights and writes(run.config)]

    def find(self, model_id: str) -> ModelCard:
        """The card of "run:<id>"; EngineError if it is gone or has no model yet, ConfigError for other kinds."""
        return card_of(self._run(model_id))

    def ready(self, model_id: str) -> ModelCard:
        """The same, with its files written; errors are those of `find`."""
        run = self._run(model_id)
        card, folder = card_of(run), run.folder / f"{FILES}{run.board.weights.step}"
        if not folder.is_dir():
            with saving(folder):
                write_files(run, folder)
        return ModelCard(**{**vars(card), "folder": str(folder)})

    def _run(self, model_id: str) -> Run:
        if self._runs is None:
            raise EngineError("There is no such run here any more.")
        run = self._runs.get(model_id.removeprefix(RUN))
        if run.engine != ENGINE or not writes(run.config):
            raise ConfigError("This run's model does not write texts on.")
        if run.board.weights is None:
            raise EngineError(NOT_KEPT if run.board.ended else NOT_YET)
        return run


def writes(config: GptConfig) -> bool:
    """Whether a model is of the kind that transformers loads as GPT-2."""
    return config.model == GPT


def card_of(run: Run) -> ModelCard:
    """What to know of a run's model; its title says when it began, on what it learnt and how far it is."""
    config, weights = run.config, run.board.weights
    count = sum(tensor.size for tensor in weights.tensors.values())
    title = Message(
        "Your run of {time}, {data}, step {step}",
        time=time.strftime("%H:%M", time.localtime(run.board.started)),
        data=Message(GptConfig.knobs()["data"].choices[config.data]),
        step=f"{weights.step:,}",
    )
    note = Message(
        "Trained here: {layers} layers, {width} wide, {parameters} numbers. It goes on with a text in its own manner.",
        layers=config.layers,
        width=config.width,
        parameters=f"{count:,}",
    )
    beginning = Beginning(quatrains=config.data == POEMS, planned=config.plan)
    return ModelCard(
        RUN + run.id, title, "", count, "base", config.context, "", note, beginning=beginning, settings=WITH_CHANCE
    )


def write_files(run: Run, folder: Path) -> None:
    """Write the run's model into `folder`, whole or not at all, in place of what it was before."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    place = Path(tempfile.mkdtemp(prefix=f".{FILES}", dir=folder.parent))
    try:
        export(run.config, run.board.weights, place)
        if not folder.is_dir():
            os.replace(place, folder)
    finally:
        shutil.rmtree(place, ignore_errors=True)
    for older in folder.parent.glob(f"{FILES}*"):
        if older != folder:
            shutil.rmtree(older, ignore_errors=True)
