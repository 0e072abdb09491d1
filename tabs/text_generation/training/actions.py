"""What a person or a script can do with language models in training: the handlers of the panel and its endpoints."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from engines.gpt_training import explore
from engines.gpt_training.config import ENGINE, TITLE, GptConfig
from engines.gpt_training.engine import train
from engines.gpt_training.export import export
from engines.knobs import MAX_SEED, Knob
from engines.messages import ConfigError, EngineError
from engines.running.events import Events, Weights
from engines.running.run_files import saving
from engines.running.runs import Runs
from engines.running.workers.pool import MODELS, TRAINING, Computer
from tabs.page.gate import Gate
from tabs.page.polite import polite
from tabs.page.runs.actions import RunActions
from tabs.page.shared import new_key

RUN, BUNDLED = "run", "bundled"  # whose model is used
FORMS = {"": "Free", "五": "Five characters", "七": "Seven characters"}  # of an acrostic's lines
CHARACTERS = Knob("", "Characters that the lines begin with", max_length=40)
GAPS = Knob("", "Text with gaps", max_length=300)
SAMPLE = Knob("", "Text to look at", max_length=300)


class GptActions(RunActions):
    """Actions on the runs, and on what they have learnt.

    Where a `run` is asked for whose model is to be used, "" stands for the bundled poem model.
    """

    def __init__(self, runs: Runs, gate: Gate, computer: Computer) -> None:
        super().__init__(ENGINE, GptConfig, TITLE, runs, gate, computer)

    def _events(self, config: GptConfig, files: Sequence[str], own: Path) -> Events:
        return self._computer.events(TRAINING, train, config, files, own)

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

    def acrostic(
        self, run: str, characters: str, form: str = "", seed: int = 1, request: gr.Request = None
    ) -> list[str]:
        """A poem whose lines begin with these four to eight characters.

        form is "五" or "七" for lines of five or seven characters, "" for any.
        """
        with self.gate.computing(request):
            form = Knob("", "Form", choices=FORMS).check(form)
            seed = Knob(0, "Seed", low=0, high=MAX_SEED).check(seed)
            return self._ask(run, explore.acrostic, four_to_eight(characters), form, seed)

    def fill(self, run: str, text: str, request: gr.Request = None) -> str:
        """A text with its gaps, each written as _, filled by a run of the masked model."""
        with self.gate.computing(request):
            if not run:
                raise EngineError("Only a masked model fills gaps: train one first, with Model set to Masked.")
            return self._ask(run, explore.fill, GAPS.check(text))

    def attention(
        self, run: str, text: str, layer: int = 1, head: int = 1, request: gr.Request = None
    ) -> dict[str, Any]:
        """How much each token of a text looks at each other in a layer and head, which are counted from 1.

        Returns {"tokens": …, "shares": a row for each token that looks}.
        """
        with self.gate.computing(request):
            tokens, shares = self.look(run, text, layer, head)
            return {"tokens": tokens, "shares": [[round(float(share), 4) for share in row] for row in shares]}

    def look(self, run: str, text: str, layer: int, head: int) -> tuple[list[str], Any]:
        """The tokens, and the shares as float32 [T, T]; raises ConfigError and EngineError."""
        layer, head = (
            Knob(0, label, low=1, high=GptConfig.knobs()[name].high).check(number)
            for label, name, number in (("Layer", "layers", layer), ("Head", "heads", head))
        )
        return self._ask(run, explore.attention, SAMPLE.check(text), layer - 1, head - 1)

    def likely(self, run: str, text: str, request: gr.Request = None) -> list[list[Any]]:
        """What the model expects after a text: [character, probability], the likeliest first."""
        with self.gate.computing(request):
            return [[token, round(float(share), 4)] for token, share in self.next_after(run, text)]

    def next_after(self, run: str, text: str) -> Sequence[tuple[str, float]]:
        """The same; raises ConfigError and EngineError."""
        return self._ask(run, explore.likely, SAMPLE.check(text))

    @staticmethod
    def chosen(run_id: str, whose: str) -> str:
        """The run whose model is meant, "" for the bundled one, which also stands in where no run is shown."""
        return run_id if whose == RUN else ""

    def _ask(self, run_id: str, function: Callable[..., Any], *args: Any) -> Any:
        """function(config, weights, *args) with the model of a run, or the bundled one, wherever models compute."""
        config, weights = self._model(run_id) if run_id else (None, None)
        return self._computer.call(MODELS, function, config, weights, *args)

    def _model(self, run_id: str) -> tuple[GptConfig, Weights]:
        run = self.runs.get(run_id)
        if run.engine != ENGINE:
            raise EngineError("This run is of another tab.")
        if run.board.weights is None:
            raise EngineError("This run has no model yet; wait a few seconds.")
        return run.config, run.board.weights

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


def four_to_eight(characters: str) -> str:
    """The characters of an acrostic without blanks; ConfigError if they are too few or too many."""
    kept = "".join(CHARACTERS.check(characters).split())
    if not 4 <= len(kept) <= 8:
        raise ConfigError(
            "An acrostic needs four to eight characters, one for each line; these are {count}.", count=len(kept)
        )
    return kept
