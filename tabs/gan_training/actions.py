"""What a person or a script can do with GAN runs: the handlers behind the tab and its endpoints."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np

from engines.data.cards import ASSETS
from engines.data.grids import Picture, animate, encode_grid, make_grid
from engines.data.pictures import PictureSet, load_bundled
from engines.data.uploads import read_uploads
from engines.gan_training.config import ENGINE, GanConfig
from engines.gan_training.engine import train
from engines.gan_training.explore import export, sample, walk
from engines.knobs import MAX_SEED, Knob
from engines.live_training.data import known_before
from engines.live_training.family import ALL_CLASSES
from engines.messages import ConfigError, EngineError, Message
from engines.running.events import Events
from engines.running.run_files import load_run, save_run, saving
from engines.running.runs import Run, Runs
from engines.running.workers.pool import MODELS, TRAINING, Computer
from tabs.page.gate import Gate
from tabs.page.links import Query
from tabs.page.live.news import status
from tabs.page.markup import clip
from tabs.page.outbox import Outbox
from tabs.page.polite import polite
from tabs.page.shared import new_key, run_to_show

EXAMPLE = "example"  # the id of the run that is shown before one has been started
EXAMPLE_FILE = ASSETS / "example_gan_training" / "run.zip"
STRIP = 24  # pictures in the preview of a dataset


class GanActions:
    """Actions on the runs of this app. Each raises gr.Error with one sentence in the visitor's language."""

    def __init__(self, runs: Runs, gate: Gate, computer: Computer) -> None:
        self.runs, self.gate, self._computer = runs, gate, computer
        self.outbox = Outbox()
        runs.adopt(ENGINE, GanConfig, lambda config, own: self._events(config, (), own))
        if EXAMPLE_FILE.exists():
            board = load_run(EXAMPLE_FILE)
            runs.add(board, GanConfig.from_dict(board.config), owner="", run_id=EXAMPLE)

    # --- runs ------------------------------------------------------------------------------------------

    def begin(self, config: GanConfig, uploads: Sequence[str], owner: str, request: gr.Request | None) -> Run:
        """Start a run; -1 as seed is replaced by a random one."""
        files = tuple(uploads)

        def start(config: GanConfig) -> Run:
            return self.runs.start(ENGINE, config, lambda own: self._events(config, files, own), owner)

        return self.gate.start(config.with_seed(), owner, request, start)

    def _events(self, *args: Any) -> Events:
        return self._computer.events(TRAINING, train, *args)

    def gan_open(self, path: str | None, owner: str, request: gr.Request) -> str:
        """Keep the run of an uploaded run file, and return its id; `owner` may be any secret, or empty."""
        with self.gate.computing(request, owner):
            if not path:
                raise ConfigError("Choose a file first.")
            board = load_run(Path(path))
            if board.engine != ENGINE:
                raise EngineError("This run file is of another tab.")
            return self.runs.add(board, GanConfig.from_dict(board.config), owner or new_key()).id

    def first_run(self, owner: str, query: Query) -> str:
        """The run to show on arrival: the one of a watch link, the visitor's latest, or the example."""
        return run_to_show(self.runs, ENGINE, owner, query) or EXAMPLE

    # --- the generator -----------------------------------------------------------------------------------

    def gan_samples(self, run: str, seed: int = 1, label: int = ALL_CLASSES, request: gr.Request = None) -> str:
        """A grid of 64 new pictures by the run's generator as PNG. label -1 takes all classes in turn."""
        with self.gate.computing(request):
            generator = self._generator(run)
            images = self._computer.call(MODELS, sample, *generator, _whole(seed, "Seed"), 64, _class(label))
            return self._write(encode_grid(images), f"samples-{seed}")

    def gan_walk(
        self, run: str, seed: int = 1, seed_to: int = 2, label: int = ALL_CLASSES, request: gr.Request = None
    ) -> str:
        """An animated WebP of 16 pictures that turn from one seed's into another's, and back."""
        with self.gate.computing(request):
            seeds = _whole(seed, "Seed"), _whole(seed_to, "Walk to seed")
            generator, label = self._generator(run), _class(label)
            steps = self._computer.call(MODELS, walk, *generator, *seeds, label)
            frames = [make_grid(images) for images in steps]
            return self._write(animate([*frames, *frames[-2:0:-1]], rest=0), f"walk-{seed}-{seed_to}")

    def _generator(self, run_id: str) -> tuple[Any, Any]:
        run = self.runs.get(run_id)
        if run.board.weights is None:
            raise EngineError("This run has no generator yet; wait a few seconds.")
        return run.config, run.board.weights

    # --- files -----------------------------------------------------------------------------------------

    def gan_run_file(self, run: str, request: gr.Request = None) -> str:
        """The run as a ZIP that replays anywhere: config, seed, metrics, grids and weights."""
        with self.gate.computing(request):
            found = self.runs.get(run)
            path = self.outbox.path(f"run-{found.id}.zip")
            save_run(found.board, path)
            return str(path)

    def gan_generator(self, run: str, request: gr.Request = None) -> str:
        """The generator as a ZIP of safetensors and its config as JSON."""
        with self.gate.computing(request):
            config, weights = self._generator(run)
            path = self.outbox.path(f"generator-{run}.zip")
            export(config, weights, path)
            return str(path)

    def gan_webp(self, run: str, request: gr.Request = None) -> str:
        """The training as an animated WebP: the grid from first to last."""
        return self._film(run, "WEBP", request)

    def gan_gif(self, run: str, request: gr.Request = None) -> str:
        """The training as an animated GIF."""
        return self._film(run, "GIF", request)

    def _film(self, run_id: str, kind: str, request: gr.Request | None) -> str:
        with self.gate.computing(request):
            frames = self.runs.get(run_id).board.frames()
            if not frames:
                raise EngineError("This run has no pictures yet; wait a few seconds.")
            film = animate([frame.picture.open() for frame in frames], kind)
            return self._write(film, f"training-{run_id}")

    def _write(self, picture: Picture, name: str) -> str:
        path = self.outbox.path(name + picture.suffix)
        with saving(path):
            path.write_bytes(picture.data)
        return str(path)

    # --- for scripts -------------------------------------------------------------------------------------

    def gan_start(self, settings: dict[str, Any], owner: str = "", request: gr.Request = None) -> dict[str, Any]:
        """Start a GAN run with any of the settings of GanConfig, such as {"dataset": "mnist", "steps": 500}.

        Returns at once: "run" is the id to watch it by, "owner" the key that may pause and stop it, "config"
        all settings as they are used, the seed included.
        """
        with polite(request):
            owner = owner or new_key()
            run = self.begin(GanConfig.from_dict(settings), (), owner, request)
            return {"run": run.id, "owner": owner, "config": run.config.to_dict()}

    def gan_status(self, run: str, request: gr.Request = None) -> dict[str, Any]:
        """State, progress, latest metrics, class shares and diagnosis of a run."""
        with polite(request):
            board = self.runs.get(run).board
            latest = {
                name: value
                for series in board.series.values()
                for name, value in zip(series.names, series.rows[-1][1:] if series.rows else (), strict=False)
            }
            return {"state": board.state, **status(board), "metrics": latest}

    def gan_control(self, run: str, owner: str, action: str, request: gr.Request = None) -> dict[str, Any]:
        """Pause, resume or stop a run: action is "pause", "resume" or "stop"; owner is its key.

        A run that was stopped, or interrupted when the program ended, can be resumed too.
        """
        with polite(request):
            return {"state": self.runs.control(run, owner, action).board.state}


def preview(pictures: PictureSet) -> str:
    """A strip of real pictures as a data address."""
    return encode_grid(pictures.sample(STRIP, seed=0).resized(48).images, columns=STRIP // 2).data_uri()


def preview_dataset(name: str) -> str:
    """`preview` of a bundled dataset."""
    return preview(load_bundled(name))


def preview_uploads(paths: Sequence[str], conditional: bool = False) -> tuple[str, list[Message]]:
    """`preview` of uploaded pictures, and what to know before Start; ConfigError if they are not allowed."""
    pictures = read_uploads(paths, 48)
    return preview(pictures), [_counted(pictures), *known_before(pictures, conditional)]


def _counted(pictures: PictureSet) -> Message:
    """How many pictures there are, and in which classes."""
    if not pictures.class_names:
        return Message("{count} pictures, cut to their middle square.", count=len(pictures))
    counts = np.bincount(pictures.labels, minlength=len(pictures.class_names)).tolist()
    classes = [f"{name} ({count})" for name, count in zip(pictures.class_names, counts, strict=True)]
    return Message(
        "{count} pictures, cut to their middle square, in {classes} classes: {names}",
        count=len(pictures),
        classes=len(classes),
        names=clip(", ".join(classes)),
    )


def _class(label: Any) -> int:
    return Knob(0, "Class", low=ALL_CLASSES, high=MAX_SEED).check(label)


def _whole(number: Any, field: str) -> int:
    return Knob(0, field, low=0, high=MAX_SEED).check(number)
