"""What a person or a script can do with the runs of a family: the handlers behind its tab and its endpoints."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import Any

import gradio as gr

from engines.data.cards import ASSETS
from engines.data.grids import Picture, animate, encode_grid, make_grid
from engines.knobs import MAX_SEED, Config, Knob
from engines.live_training.engine import train
from engines.live_training.explore import export, sample, walk
from engines.live_training.family import ALL_CLASSES, Family
from engines.messages import ConfigError, EngineError
from engines.running.events import Events
from engines.running.run_files import load_run, save_run, saving
from engines.running.runs import Run, Runs
from engines.running.workers.pool import MODELS, TRAINING, Computer
from tabs.page.gate import Gate
from tabs.page.links import Query
from tabs.page.live.news import status
from tabs.page.outbox import Outbox
from tabs.page.polite import polite
from tabs.page.shared import new_key, run_to_show

EXAMPLE = "example"  # begins the id of a run that is shown before one has been started


def example_file(engine: str) -> Path:
    """Where the run file of an engine's example lies, if it has one."""
    return ASSETS / f"example_{engine}" / "run.zip"


class RunActions:
    """Actions on the runs of an engine. Each raises gr.Error with one sentence in the visitor's language."""

    def __init__(
        self, engine: str, config: type[Config], title: str, runs: Runs, gate: Gate, computer: Computer
    ) -> None:
        self.engine, self.config, self.title = engine, config, title
        self.runs, self.gate, self._computer = runs, gate, computer
        self.outbox, self.example = Outbox(), ""
        runs.adopt(engine, config, lambda config, own: self._events(config, (), own))
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

    def status(self, run: str, request: gr.Request = None) -> dict[str, Any]:
        """State, progress, latest metrics, class shares and diagnosis of a run."""
        with polite(request):
            board = self.runs.get(run).board
            latest = {
                name: value
                for series in board.series.values()
                for name, value in zip(series.names, series.rows[-1][1:] if series.rows else (), strict=False)
            }
            return {"state": board.state, **status(board), "metrics": latest}

    def control(self, run: str, owner: str, action: str, request: gr.Request = None) -> dict[str, Any]:
        """Pause, resume or stop a run: action is "pause", "resume" or "stop"; owner is its key.

        A run that was stopped, or interrupted when the program ended, can be resumed too.
        """
        with polite(request):
            return {"state": self.runs.control(run, owner, action).board.state}


class FamilyActions(RunActions):
    """Actions on the runs of a family of picture models."""

    def __init__(self, family: Family, runs: Runs, gate: Gate, computer: Computer) -> None:
        self.family = family
        super().__init__(family.engine, family.config, family.title, runs, gate, computer)

    def _events(self, *args: Any) -> Events:
        return self._computer.events(TRAINING, train, self.family, *args)

    # --- the generator -----------------------------------------------------------------------------------

    def samples(self, run: str, seed: int = 1, label: int = ALL_CLASSES, request: gr.Request = None) -> str:
        """A grid of 64 new pictures by the run's generator as PNG. label -1 takes all classes in turn."""
        with self.gate.computing(request):
            generator = self._generator(run)
            asked = whole(seed, "Seed"), 64, _class(label)
            images = self._computer.call(MODELS, sample, self.family, *generator, *asked)
            return self.write(encode_grid(images), f"samples-{seed}")

    def walk(
        self, run: str, seed: int = 1, seed_to: int = 2, label: int = ALL_CLASSES, request: gr.Request = None
    ) -> str:
        """An animated WebP of 16 pictures that turn from one seed's into another's, and back."""
        with self.gate.computing(request):
            seeds = whole(seed, "Seed"), whole(seed_to, "Walk to seed")
            generator, label = self._generator(run), _class(label)
            steps = self._computer.call(MODELS, walk, self.family, *generator, *seeds, label)
            frames = [make_grid(images) for images in steps]
            return self.write(animate([*frames, *frames[-2:0:-1]], rest=0), f"walk-{seed}-{seed_to}")

    def compute(self, request: gr.Request | None, run_id: str, function: Callable[..., Any], *args: Any) -> Any:
        """function(config, weights, *args) with the model of a run, wherever models compute."""
        with self.gate.computing(request):
            return self._computer.call(MODELS, function, *self._generator(run_id), *args)

    def _generator(self, run_id: str) -> tuple[Any, Any]:
        run = self.runs.get(run_id)
        if run.board.weights is None:
            raise EngineError("This run has no generator yet; wait a few seconds.")
        return run.config, run.board.weights

    # --- files -----------------------------------------------------------------------------------------

    def generator(self, run: str, request: gr.Request = None) -> str:
        """The generator as a ZIP of safetensors and its config as JSON."""
        with self.gate.computing(request):
            config, weights = self._generator(run)
            path = self.outbox.path(f"generator-{run}.zip")
            export(self.family, config, weights, path)
            return str(path)

    def webp(self, run: str, request: gr.Request = None) -> str:
        """The training as an animated WebP: the grid from first to last."""
        return self._film(run, "WEBP", request)

    def gif(self, run: str, request: gr.Request = None) -> str:
        """The training as an animated GIF."""
        return self._film(run, "GIF", request)

    def _film(self, run_id: str, kind: str, request: gr.Request | None) -> str:
        with self.gate.computing(request):
            frames = self.runs.get(run_id).board.frames()
            if not frames:
                raise EngineError("This run has no pictures yet; wait a few seconds.")
            film = animate([frame.picture.open() for frame in frames], kind)
            return self.write(film, f"training-{run_id}")

    def write(self, picture: Picture, name: str) -> str:
        path = self.outbox.path(name + picture.suffix)
        with saving(path):
            path.write_bytes(picture.data)
        return str(path)


def _class(label: Any) -> int:
    return Knob(0, "Class", low=ALL_CLASSES, high=MAX_SEED).check(label)


def whole(number: Any, field: str) -> int:
    """A seed that an endpoint was given; ConfigError that names the field if it is none."""
    return Knob(0, field, low=0, high=MAX_SEED).check(number)
