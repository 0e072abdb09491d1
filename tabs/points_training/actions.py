"""What a person or a script can do with runs on points: the handlers behind the panel and its endpoints."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

from engines.data.cards import ASSETS
from engines.knobs import Knob
from engines.messages import ConfigError, EngineError
from engines.points_training.bench import MOST, PARTS, Bench, advance
from engines.points_training.config import ENGINE, PointsConfig
from engines.points_training.engine import train
from engines.running.board import ENDED_STATES
from engines.running.events import Events
from engines.running.run_files import load_run, save_run
from engines.running.runs import Run, Runs
from engines.running.workers.pool import MODELS, TRAINING, Computer
from tabs.page.gate import Gate
from tabs.page.links import Query
from tabs.page.live.news import status
from tabs.page.outbox import Outbox
from tabs.page.polite import polite
from tabs.page.shared import new_key, run_to_show
from tabs.points_training.bench import Benches, report

EXAMPLE = "points_example"  # the id of the run that is shown before one has been started
EXAMPLE_FILE = ASSETS / "example_points_training" / "run.zip"
STILL = ("paused", *ENDED_STATES)  # states of a run that one can go on from by hand


class PointsActions:
    """Actions on the runs of this app. Each raises gr.Error with one sentence in the visitor's language."""

    def __init__(self, runs: Runs, gate: Gate, computer: Computer) -> None:
        self.runs, self.gate, self._computer = runs, gate, computer
        self.outbox, self._benches = Outbox(), Benches()
        runs.adopt(ENGINE, PointsConfig, self._events)
        if EXAMPLE_FILE.exists():
            board = load_run(EXAMPLE_FILE)
            runs.add(board, PointsConfig.from_dict(board.config), owner="", run_id=EXAMPLE)

    # --- runs ------------------------------------------------------------------------------------------

    def begin(self, config: PointsConfig, owner: str, request: gr.Request | None) -> Run:
        """Start a run; -1 as seed is replaced by a random one."""

        def start(config: PointsConfig) -> Run:
            return self.runs.start(ENGINE, config, lambda own: self._events(config, own), owner)

        return self.gate.start(config.with_seed(), owner, request, start)

    def _events(self, config: PointsConfig, folder: Path) -> Events:
        return self._computer.events(TRAINING, train, config, folder)

    def points_open(self, path: str | None, owner: str, request: gr.Request) -> str:
        """Keep the run of an uploaded run file, and return its id; `owner` may be any secret, or empty."""
        with self.gate.computing(request, owner):
            if not path:
                raise ConfigError("Choose a file first.")
            board = load_run(Path(path))
            if board.engine != ENGINE:
                raise EngineError("This run file is of another tab.")
            return self.runs.add(board, PointsConfig.from_dict(board.config), owner or new_key()).id

    def first_run(self, owner: str, query: Query) -> str:
        """The run to show on arrival: the one of a watch link, the visitor's latest, or the example."""
        return run_to_show(self.runs, ENGINE, owner, query) or EXAMPLE

    def points_run_file(self, run: str, request: gr.Request = None) -> str:
        """The run as a ZIP that replays anywhere: settings, drawing, seed, metrics, pictures and weights."""
        with self.gate.computing(request):
            found = self.runs.get(run)
            path = self.outbox.path(f"run-{found.id}.zip")
            save_run(found.board, path)
            return str(path)

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
        count = Knob(0, "Updates", low=0, high=MOST).check(count)
        return self._computer.call(MODELS, advance, config, weights, part, count, *alone)

    def points_step(
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

    # --- for scripts -------------------------------------------------------------------------------------

    def points_start(self, settings: dict[str, Any], owner: str = "", request: gr.Request = None) -> dict[str, Any]:
        """Start a run on points with any of the settings of PointsConfig, such as {"family": "vae", "data": "grid"}.

        Returns at once: "run" is the id to watch it by, "owner" the key that may pause and stop it, "config"
        all settings as they are used, the seed included.
        """
        with polite(request):
            owner = owner or new_key()
            run = self.begin(PointsConfig.from_dict(settings), owner, request)
            return {"run": run.id, "owner": owner, "config": run.config.to_dict()}

    def points_status(self, run: str, request: gr.Request = None) -> dict[str, Any]:
        """State, progress, latest metrics and diagnosis of a run."""
        with polite(request):
            board = self.runs.get(run).board
            latest = {
                name: value
                for series in board.series.values()
                for name, value in zip(series.names, series.rows[-1][1:] if series.rows else (), strict=False)
            }
            return {"state": board.state, **status(board), "metrics": latest}

    def points_control(self, run: str, owner: str, action: str, request: gr.Request = None) -> dict[str, Any]:
        """Pause, resume or stop a run: action is "pause", "resume" or "stop"; owner is its key.

        A run that was stopped, or interrupted when the program ended, can be resumed too.
        """
        with polite(request):
            return {"state": self.runs.control(run, owner, action).board.state}
