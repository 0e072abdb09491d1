"""What a person or a script can do with the runs of an engine: the handlers behind a tab and its endpoints."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from pathlib import Path
from typing import Any

import gradio as gr

from engines.data.cards import ASSETS
from engines.knobs import Config
from engines.messages import ConfigError, EngineError
from engines.running.events import Events
from engines.running.forks.forking import settings_of_fork
from engines.running.forks.points import points_of
from engines.running.run_files import load_run, save_run, saving
from engines.running.runs import Run, Runs
from engines.running.take_home.scripts import write_script
from engines.running.trackers.tracking import event_files
from engines.running.workers.pool import Computer
from tabs.page.gate import Gate
from tabs.page.links import Query
from tabs.page.live.news import status
from tabs.page.outbox import Outbox
from tabs.page.polite import polite
from tabs.page.shared import new_key, run_to_show

NEWEST = 0  # the newest point of a run, whichever that is
EXAMPLE = "example"  # begins the id of a run that is shown before one has been started


def example_file(engine: str) -> Path:
    """Where the run file of an engine's example lies, if it has one."""
    return ASSETS / f"example_{engine}" / "run.zip"


def write_event_files(run: Run, outbox: Outbox) -> str:
    """The path of a ZIP with what is kept of a run, for TensorBoard; EngineError if its package is missing."""
    path = outbox.path(f"tensorboard-{run.id}.zip")
    data = event_files(run.about, run.board)
    with saving(path):
        path.write_bytes(data)
    return str(path)


class RunActions:
    """Actions on the runs of an engine. Each raises gr.Error with one sentence in the visitor's language."""

    def __init__(
        self, engine: str, config: type[Config], title: str, runs: Runs, gate: Gate, computer: Computer
    ) -> None:
        self.engine, self.config, self.title = engine, config, title
        self.runs, self.gate, self._computer = runs, gate, computer
        self.outbox, self.example = Outbox(), ""
        runs.adopt(engine, config, lambda config, own: self._events(config, (), own), title)
        if example_file(engine).exists():
            board = load_run(example_file(engine))
            self.example = EXAMPLE if engine == "gan_training" else f"{EXAMPLE}-{engine}"
            runs.add(board, config.from_dict(board.config), owner="", run_id=self.example)

    def named(self, name: str, prefix: str) -> Callable[..., Any]:
        """The action under a family's own name, which agents see, with a description that tells the family."""
        action = getattr(self, name)

        @wraps(action)
        def call(*args: Any, **kwargs: Any) -> Any:
            return action(*args, **kwargs)

        call.__name__ = f"{prefix}_{name}"
        call.__doc__ = f"{self.title}: {action.__doc__}"
        return call

    # --- runs ------------------------------------------------------------------------------------------

    def begin(self, config: Config, uploads: Sequence[str], owner: str, request: gr.Request | None) -> Run:
        """Start a run; -1 as seed is replaced by a random one."""
        files = tuple(uploads)

        def start(config: Config) -> Run:
            return self.runs.start(self.engine, config, lambda own: self._events(config, files, own), owner)

        return self.gate.start(config.with_seed(), owner, request, start)

    def begin_fork(
        self, run_id: str, step: int, changes: Mapping[str, Any], owner: str, request: gr.Request | None
    ) -> Run:
        """Go on from a kept point of a run with these changes of its settings."""
        parent = self.runs.get(run_id)
        if parent.engine != self.engine:
            raise EngineError("This run is of another tab.")
        config = settings_of_fork(parent.config, changes, step)

        def start(config: Config) -> Run:
            return self.runs.fork(parent, step, config, lambda own: self._events(config, (), own), owner)

        return self.gate.start(config, owner, request, start)

    def step_of(self, run_id: str, point: Any) -> int:
        """The step of a point that was chosen, of the newest for 0 or none. EngineError if it is not kept any more."""
        steps = [point.step for point in points_of(self.runs.get(run_id).folder)]
        if not steps or point not in (None, "", NEWEST, *steps):
            raise EngineError("This point of the run is not kept any more; choose another one.")
        return int(point or steps[-1])

    def _events(self, config: Config, files: Sequence[str], own: Path) -> Events:
        """What happens in a run with these settings and uploaded files, whose own folder is `own`."""
        raise NotImplementedError

    def open(self, path: str | None, owner: str, request: gr.Request) -> str:
        """Keep the run of an uploaded run file, and return its id; `owner` may be any secret, or empty."""
        with self.gate.computing(request, owner):
            if not path:
                raise ConfigError("Choose a file first.")
            board = load_run(Path(path))
            if board.engine != self.engine:
                raise EngineError("This run file is of another tab.")
            return self.runs.add(board, self.config.from_dict(board.config), owner or new_key()).id

    def first_run(self, owner: str, query: Query) -> str:
        """The run to show on arrival: the one of a watch link, the visitor's latest, or the example."""
        return run_to_show(self.runs, self.engine, owner, query) or self.example

    def run_file(self, run: str, request: gr.Request = None) -> str:
        """The run as a ZIP that replays anywhere: config, seed, metrics, grids and weights."""
        with self.gate.computing(request):
            found = self.runs.get(run)
            path = self.outbox.path(f"run-{found.id}.zip")
            save_run(found.board, path)
            return str(path)

    def script(self, run: str, request: gr.Request = None) -> str:
        """The run as a ZIP of a short PyTorch script that trains the same without this program, with what it reads."""
        with self.gate.computing(request):
            found = self.runs.get(run)
            if found.engine != self.engine:
                raise EngineError("This run is of another tab.")
            path = self.outbox.path(f"script-{found.id}.zip")
            write_script(self._script(found), path)
            return str(path)

    def _script(self, run: Run) -> Mapping[str, bytes]:
        """The files of a run as a script, of an engine that has one."""
        raise NotImplementedError

    def tensorboard(self, run: str, request: gr.Request = None) -> str:
        """The run as TensorBoard's event files in a ZIP: scalars, grids, texts, and settings as hyperparameters."""
        with self.gate.computing(request):
            return write_event_files(self.runs.get(run), self.outbox)

    # --- for scripts -------------------------------------------------------------------------------------

    def start(self, settings: dict[str, Any], owner: str = "", request: gr.Request = None) -> dict[str, Any]:
        """Start a run with any of the settings of the page, such as {"dataset": "mnist", "steps": 500}.

        Returns at once: "run" is the id to watch it by, "owner" the key that may pause and stop it, "config"
        all settings as they are used, the seed included.
        """
        with polite(request):
            owner = owner or new_key()
            run = self.begin(self.config.from_dict(settings), (), owner, request)
            return {"run": run.id, "owner": owner, "config": run.config.to_dict()}

    def fork(
        self, run: str, step: int, settings: dict[str, Any], owner: str = "", request: gr.Request = None
    ) -> dict[str, Any]:
        """Go on from a kept point of a run with other settings, such as {"steps": 4000} and a learning rate.

        step is one of those that "points" of the run's status names, 0 the newest. What a fork can't change keeps the
        parent's value. The run must be the owner's, or its owner allow it. Returns what start does.
        """
        with polite(request):
            owner = owner or new_key()
            if not isinstance(settings, dict):
                raise ConfigError("Settings must be a JSON object of names and values.")
            forked = self.begin_fork(run, self.step_of(run, step), settings, owner, request)
            return {"run": forked.id, "owner": owner, "config": forked.config.to_dict()}

    def status(self, run: str, request: gr.Request = None) -> dict[str, Any]:
        """State, progress, latest metrics, class shares and diagnosis of a run, and the steps to fork it at."""
        with polite(request):
            found = self.runs.get(run)
            board, points = found.board, [point.step for point in points_of(found.folder)]
            latest = {
                name: value
                for series in board.series.values()
                for name, value in zip(series.names, series.rows[-1][1:] if series.rows else (), strict=False)
            }
            origin = found.origin and {"run": found.origin.parent, "step": found.origin.step}
            told = {"metrics": latest, "points": points, "forked_from": origin}
            return {"state": board.state, **status(board), **told}

    def control(self, run: str, owner: str, action: str, request: gr.Request = None) -> dict[str, Any]:
        """Pause, resume or stop a run: action is "pause", "resume" or "stop"; owner is its key.

        "allow_forks" lets others who know the run's id fork it, "forbid_forks" does not any more. A run that was
        stopped, or interrupted when the program ended, can be resumed too.
        """
        with polite(request):
            return {"state": self.runs.control(run, owner, action).board.state}
