"""What a person or a script can do with runs on points: the handlers behind the panel and its endpoints."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from engines.knobs import Knob
from engines.messages import ConfigError, EngineError
from engines.points_training.bench import MOST, PARTS, Bench, advance
from engines.points_training.config import ENGINE, TITLE, PointsConfig
from engines.points_training.engine import train
from engines.running.board import ENDED_STATES
from engines.running.events import Events
from engines.running.runs import Runs
from engines.running.workers.pool import MODELS, TRAINING, Computer
from tabs.live_training.points.bench import Benches, report
from tabs.page.gate import Gate
from tabs.page.runs.actions import RunActions
from tabs.page.shared import new_key

STILL = ("paused", *ENDED_STATES)  # states of a run that one can go on from by hand


class PointsActions(RunActions):
    """Actions on the runs on points, and on trainings that go step by step."""

    def __init__(self, runs: Runs, gate: Gate, computer: Computer) -> None:
        super().__init__(ENGINE, PointsConfig, TITLE, runs, gate, computer)
        self._benches = Benches()

    def _events(self, config: PointsConfig, files: Sequence[str], own: Path) -> Events:
        return self._computer.events(TRAINING, train, config, own)

    # --- step by step ------------------------------------------------------------------------------------

    def take(self, run_id: str) -> Bench:
        """The training of a run as it is now; EngineError while it learns, or if it has none."""
        run = self.runs.get(run_id)
        if run.engine != ENGINE:
            raise EngineError("This run is of another tab.")
        if run.board.state not in STILL:
            raise EngineError("Pause the run first, or let it finish: while it learns it does not stand still.")
        if run.board.weights is None:
            raise EngineError("This run has no weights yet; let it learn for a second.")
        return self._advance(run.config, run.board.weights, "both", 0)

    def anew(self, config: PointsConfig) -> Bench:
        """A training with these settings before its first step."""
        return self._advance(config.with_seed(), None, "both", 0)

    def go_on(self, key: str, part: str, count: int) -> Bench:
        """`count` updates of a part of the training that is kept under the key, and kept there again."""
        before = self._benches.get(key)
        return self.keep(key, self._advance(before.config, before.weights, part, count, dict(before.alone)))

    def keep(self, key: str, bench: Bench) -> Bench:
        """Keep it under the key."""
        self._benches.keep(key, bench)
        return bench

    def _advance(self, config: PointsConfig, weights: Any, part: str, count: int, *alone: Any) -> Bench:
        if part not in PARTS:
            raise ConfigError("The part must be both, d or g.")
        count = Knob(0, "Updates at a press", low=0, high=MOST).check(count)
        return self._computer.call(MODELS, advance, config, weights, part, count, *alone)

    def step(
        self, start: dict[str, Any], part: str = "both", count: int = 1, request: gr.Request = None
    ) -> dict[str, Any]:
        """Train step by step: `count` updates of "both" networks, or of a GAN's "d" or "g" alone.

        `start` is {"run": id} to go on from a run that is paused or has ended, {"settings": {…}} to begin anew, or
        {"bench": key} to go on from an earlier answer. Returns the key, the step, the losses, what is reached, and
        the made points from -3 to 3.
        """
        with self.gate.computing(request):
            if not isinstance(start, dict) or len(start) != 1:
                raise ConfigError("Start must name a run, settings or a bench.")
            ((kind, value),) = start.items()
            if kind == "bench":
                return report(value, self.go_on(str(value), part, count))
            key = new_key()
            if kind == "run":
                self.keep(key, self.take(value))
            elif kind == "settings":
                self.keep(key, self.anew(PointsConfig.from_dict(value)))
            else:
                raise ConfigError("Start must name a run, settings or a bench.")
            return report(key, self.go_on(key, part, count))
