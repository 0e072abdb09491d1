"""What a person or a script can do with the runs of a family: the handlers behind its tab and its endpoints."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import gradio as gr

from engines.data.grids import Picture, animate, encode_grid, make_grid
from engines.knobs import MAX_SEED, Config, Knob
from engines.live_training.engine import train
from engines.live_training.exam import blind
from engines.live_training.exam.papers import PapersConfig, measure
from engines.live_training.explore import export, sample, walk
from engines.live_training.family import ALL_CLASSES, Family
from engines.live_training.race.terms import Terms
from engines.live_training.take_home.space import generator_space
from engines.messages import EngineError
from engines.running.events import Events, Metrics
from engines.running.room.tiles import score_of
from engines.running.run_files import saving
from engines.running.runs import Run, Runs
from engines.running.take_home.space import write_space
from engines.running.votes.pair import Pair
from engines.running.workers.pool import MODELS, TRAINING, Computer
from tabs.page.gate import Gate
from tabs.page.runs.actions import RunActions
from tabs.page.shared import Racer, find_run


class FamilyActions(RunActions):
    """Actions on the runs of a family of picture models."""

    def __init__(self, family: Family, runs: Runs, gate: Gate, computer: Computer) -> None:
        self.family = family
        super().__init__(family.engine, family.config, family.title, runs, gate, computer)

    def _events(self, *args: Any) -> Events:
        return self._computer.events(TRAINING, train, self.family, *args)

    @property
    def racer(self) -> Racer:
        """The family as an entry of a race."""

        def events(config: Config, folder: Path, terms: Terms) -> Events:
            return self._events(config, (), folder, None, terms)

        return Racer(self.family.title, self.family.config, self.family.presets, events)

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

    def papers(self, run: str, settings: dict[str, Any], request: gr.Request = None) -> dict[str, Any]:
        """The measures that papers print, of a run's model; settings are those of PapersConfig, as {"count": 500}.

        Returns {"made": {"FID": …}, "real": {…}}: of made pictures against real ones, and of other real ones.
        """
        with self.gate.computing(request):
            events = list(self.measuring(run, PapersConfig.from_dict(settings or {})))
        return {event.group: event.values for event in events if isinstance(event, Metrics)}

    def measuring(self, run_id: str, config: PapersConfig) -> Events:
        """The events of measuring a run's model as papers do."""
        return self._computer.events(MODELS, measure, self.family, *self._generator(run_id), config)

    def pair(self, run: str, seed: int) -> Pair:
        """A real picture and one by the run's model, for a blind test."""
        return self._computer.call(MODELS, blind.pair, self.family, *self._generator(run), seed)

    def _generator(self, run_id: str) -> tuple[Any, Any]:
        run = self.runs.get(run_id)
        if run.engine != self.family.engine:
            raise EngineError("This run is of another tab.")
        if run.board.weights is None:
            raise EngineError("This run has no generator yet; wait a few seconds.")
        return run.config, run.board.weights

    def newest(self, run_id: str) -> str | None:
        """The newest grid of a run as a file, None before there is one."""
        run = find_run(self.runs, run_id)
        frames = run.board.frames() if run else []
        return self.write(frames[-1].picture, f"step-{frames[-1].step}") if frames else None

    # --- files -----------------------------------------------------------------------------------------

    def generator(self, run: str, request: gr.Request = None) -> str:
        """The generator as a ZIP of safetensors and its config as JSON."""
        with self.gate.computing(request):
            config, weights = self._generator(run)
            path = self.outbox.path(f"generator-{run}.zip")
            export(self.family, config, weights, path)
            return str(path)

    def space(self, run: str, request: gr.Request = None) -> str:
        """The generator as a ZIP that is a complete small Hugging Face Space: its own page, ready to be published."""
        with self.gate.computing(request):
            config, weights = self._generator(run)
            score = score_of(self.runs.get(run).board)
            path = self.outbox.path(f"space-{run}.zip")
            write_space(generator_space(self.family, config, weights, score and score.value), path)
            return str(path)

    def _script(self, run: Run) -> Mapping[str, bytes]:
        return self._computer.call(MODELS, self.family.script, run.config)

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
