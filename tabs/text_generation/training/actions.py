"""What a person or a script can do with language models in training: the handlers of the panel and its endpoints."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np

from engines.gpt_training import explore
from engines.gpt_training.config import ENGINE, PRESETS, TITLE, GptConfig
from engines.gpt_training.engine import train
from engines.gpt_training.explore import Inside
from engines.gpt_training.measures import blind
from engines.gpt_training.papers import PapersConfig, measure
from engines.gpt_training.take_home.export import export
from engines.gpt_training.take_home.script import script_files
from engines.gpt_training.take_home.space import model_space
from engines.knobs import MAX_SEED, Config, Knob
from engines.live_training.race.terms import Terms
from engines.messages import ConfigError, EngineError
from engines.running.events import Events, Metrics, Weights
from engines.running.run_files import saving
from engines.running.runs import Run, Runs
from engines.running.shown.moments import Moment
from engines.running.take_home.space import write_space
from engines.running.votes.pair import Pair
from engines.running.workers.pool import MODELS, TRAINING, Computer
from tabs.page.gate import Gate
from tabs.page.polite import polite
from tabs.page.runs.actions import RunActions
from tabs.page.shared import Racer, new_key
from tabs.text_generation.own_runs import NOT_KEPT, NOT_YET

RUN, BUNDLED = "run", "bundled"  # which model is used
FORM = Knob("", "Lines of", choices=dict.fromkeys(("", "五", "七"), ""))  # how many characters; "": either
CHARACTERS = Knob("", "Characters that the lines begin with", max_length=40)
GAPS = Knob("", "Text with gaps", max_length=300)
SAMPLE = Knob("", "Text to look at", max_length=300)
NEWEST = -1
STEP = Knob(NEWEST, "Step", low=NEWEST, high=10**9)
LAYER, HEAD = Knob(1, "Layer", low=1, high=100), Knob(1, "Head", low=1, high=100)
SEED = Knob(0, "Seed", low=0, high=MAX_SEED)


class GptActions(RunActions):
    """Actions on the runs, and on what they have learnt.

    Where a `run` is asked for whose model is to be used, "" stands for the bundled poem model.
    """

    def __init__(self, runs: Runs, gate: Gate, computer: Computer) -> None:
        super().__init__(ENGINE, GptConfig, TITLE, runs, gate, computer)

    def _events(self, config: GptConfig, files: Sequence[str], own: Path) -> Events:
        return self._computer.events(TRAINING, train, config, files, own)

    @property
    def racer(self) -> Racer:
        """The family as an entry of a race."""

        def events(config: Config, folder: Path, terms: Terms) -> Events:
            return self._computer.events(TRAINING, train, config, (), folder, terms)

        return Racer(self.title, self.config, PRESETS, events)

    def _script(self, run: Run) -> Mapping[str, bytes]:
        weights = run.board.weights
        return self._computer.call(MODELS, script_files, run.config, (), weights and weights.facts)

    # --- runs, for scripts -------------------------------------------------------------------------------

    def start(
        self,
        settings: dict[str, Any],
        owner: str = "",
        uploads: list[str] | None = None,
        request: gr.Request = None,
    ) -> dict[str, Any]:
        """Start a run with any of the settings of the page, such as {"model": "lstm", "steps": 500}.

        For {"data": "own"}, uploads is a list of text files. Returns at once: "run" is the id to watch it by, "owner"
        the key that may pause and stop it, "config" all settings as they are used, the seed included.
        """
        with polite(request):
            owner = owner or new_key()
            run = self.begin(self.config.from_dict(settings), uploads or (), owner, request)
            return {"run": run.id, "owner": owner, "config": run.config.to_dict()}

    def status(self, run: str, request: gr.Request = None) -> dict[str, Any]:
        """State, progress, latest losses and scores, diagnosis, and what the model wrote last, of a run."""
        told = super().status(run, request)
        written = self.runs.get(run).board.writings.newest
        return {**told, "texts": list(written.texts) if written else []}

    # --- the model ---------------------------------------------------------------------------------------

    def acrostic(self, run: str, characters: str, form: str = "", seed: int = 1, request: gr.Request = None) -> str:
        """A poem whose lines begin with these four to eight characters.

        form is "五" or "七" for lines of five or seven characters, "" for the better of both.
        """
        with self.gate.computing(request):
            form, seed = FORM.check(form), SEED.check(seed)
            return self._ask(run, explore.acrostic, CHARACTERS.check(characters), form, seed)

    def fill(self, run: str, text: str, request: gr.Request = None) -> str:
        """A text with its gaps, each written as _, filled by a run of the masked model."""
        with self.gate.computing(request):
            if not run:
                raise EngineError("Only a masked model fills gaps: choose it under Model and press Start first.")
            return self._ask(run, explore.fill, GAPS.check(text))

    def inside(
        self, run: str, text: str, layer: int = 1, head: int = 1, step: int = NEWEST, request: gr.Request = None
    ) -> dict[str, Any]:
        """What goes on in a model over a text: in a layer and head, which are counted from 1, and at its end.

        Returns {"tokens": …, "attention": how much each looks at each, a row for each that looks, null of a recurrent
        network, "likely": [token, probability] of what it expects next, the likeliest first, "step": after how many
        steps, "steps": of which states are kept}. `step` is one of these, -1 for the newest.
        """
        with self.gate.computing(request):
            seen = {state.step: state for state in self.look(run, text, layer, head)}
            steps = sorted(seen)
            if STEP.check(step) not in (NEWEST, *steps):
                raise ConfigError(
                    "Of this run the states after these steps are kept: {steps}.", steps=str(steps)[1:-1]
                )
            state = seen[steps[-1] if step == NEWEST else step]
            rows = None if state.shares is None else np.round(state.shares.astype(float), 4).tolist()
            likely = [[token, round(float(share), 4)] for token, share in state.likely]
            tokens = list(state.tokens)
            return {"tokens": tokens, "attention": rows, "likely": likely, "step": state.step, "steps": steps}

    def look(self, run: str, text: str, layer: int, head: int) -> list[Inside]:
        """The same of all states that are kept, the newest last; raises ConfigError and EngineError."""
        asked = SAMPLE.check(text), LAYER.check(layer), HEAD.check(head)
        return self._ask(run, explore.look_back, self.earlier(run), *asked)

    def earlier(self, run: str) -> list[Moment]:
        """The states of a run's model that are kept beside the newest, in their order."""
        board = self.runs.get(run).board if self._has_own(run) else None
        return board.moments.before(board.weights.step) if board and board.weights else []

    def pair(self, run: str, seed: int) -> Pair:
        """A real text and one by the model, for a blind test."""
        return self._ask(run, blind.pair, seed)

    def papers(self, run: str, settings: dict[str, Any], request: gr.Request = None) -> dict[str, Any]:
        """The measures that papers print, of a run's model; settings are those of PapersConfig, as {"count": 50}.

        Returns {"perplexity": {"Perplexity": …, "Low": …, "High": …}, "counting": {"5-gram": …}, "made": {"BLEU": …},
        "real": {…}}: of held-out text a character with its 95 % interval, what counting n-grams reaches, of what the
        model writes after held-out beginnings, and of how other real texts go on.
        """
        with self.gate.computing(request):
            events = list(self.measuring(run, PapersConfig.from_dict(settings or {})))
        return {event.group: event.values for event in events if isinstance(event, Metrics)}

    def measuring(self, run_id: str, config: PapersConfig) -> Events:
        """The events of measuring the model of a run, or the bundled one, as papers do."""
        if not self._has_own(run_id):
            return self._computer.events(MODELS, measure, None, None, config)
        return self._computer.events(MODELS, measure, *self._model(run_id), config, self.runs.get(run_id).folder)

    def chosen(self, run_id: str, whose: str) -> str:
        """The run whose model is meant, "" for the bundled one, which also stands in where no run is shown."""
        return run_id if whose == RUN and self._has_own(run_id) else ""

    def _has_own(self, run_id: str) -> bool:
        """Whether a run is to be asked: the example's weights are not kept, and the bundled model stands in."""
        return bool(run_id) and run_id != self.example

    def _ask(self, run_id: str, function: Callable[..., Any], *args: Any) -> Any:
        """function(config, weights, *args) with the model of a run, or the bundled one, wherever models compute."""
        config, weights = self._model(run_id) if self._has_own(run_id) else (None, None)
        return self._computer.call(MODELS, function, config, weights, *args)

    def _model(self, run_id: str) -> tuple[GptConfig, Weights]:
        run = self.runs.get(run_id)
        if run.engine != ENGINE:
            raise EngineError("This run is of another tab.")
        if run.board.weights is None:
            raise EngineError(NOT_KEPT if run.board.ended else NOT_YET)
        return run.config, run.board.weights

    def space(self, run: str, request: gr.Request = None) -> str:
        """The model as a ZIP that is a complete small Hugging Face Space: its own page, ready to be published."""
        with self.gate.computing(request):
            path = self.outbox.path(f"space-{run}.zip")
            write_space(self._computer.call(MODELS, model_space, *self._model(run)), path)
            return str(path)

    def model(self, run: str, request: gr.Request = None) -> str:
        """The model as a ZIP of a folder that plain transformers loads: weights, config, tokenizer and model card."""
        with self.gate.computing(request):
            config, weights = self._model(run)
            path = self.outbox.path(f"model-{run}.zip")
            folder = path.with_suffix("")
            with saving(path):
                folder.mkdir()
                self._computer.call(MODELS, export, config, weights, folder)
                shutil.make_archive(str(folder), "zip", folder)
                shutil.rmtree(folder)
            return str(path)
