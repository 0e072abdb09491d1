"""Trains a model of points on the plane and tells what happens: a generator from a PointsConfig to events."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from engines.live_training.jobs import Diverged, telling_divergence
from engines.messages import Message
from engines.points_training.clouds import REACH, Cloud, make_cloud
from engines.points_training.config import GAN, PointsConfig
from engines.points_training.coverage import measure
from engines.points_training.diagnosis import Doctor, Exam
from engines.running.clock import Clock
from engines.running.events import Caption, Event, Events, Ground, Metrics, Note, Progress, Resumed, Weights
from engines.running.workers.zero_gpu import TRAINING, on_gpu

if TYPE_CHECKING:
    from engines.points_training.trainer import Trainer

PICTURE = 0.08  # seconds between two pictures, so that there are ten a second and some to spare
EXAMINED = 1000  # made points behind each measure
ABOUT = Message(
    "A part counts as reached once it gets a fifth of its share of 1,000 made points. Distance: sliced Wasserstein-2,"
    " in units of the plane, whose sides are 6."
)


@on_gpu(TRAINING)
def train(config: PointsConfig, folder: Path | None = None) -> Events:
    """Train on the config's points; ends early when told to stop.

    Yields Ground, then a Plane about twelve times a second, Progress and Metrics ("losses") four times a second, and
    each second Metrics ("scores") and a Verdict. Weights are all that the training consists of, so that one can go on
    step by step. Raises EngineError when a loss is not finite any more; what was yielded before stays good.

    In `folder`, the run's own, the state is saved now and then; if one is there already, the training goes on from it
    and yields Resumed.
    """
    yield Note(Message("Loading PyTorch"))
    from engines.points_training.families import make_trainer

    cloud = make_cloud(config)
    yield ground(cloud)
    yield Caption("scores", ABOUT)
    trainer = make_trainer(config, cloud)
    yield from telling_divergence(_Training(config, trainer, cloud, folder).events())


def ground(cloud: Cloud) -> Ground:
    """The real points as a picture has them."""
    from engines.points_training.trainer import place

    return Ground(place(cloud.points), place(cloud.centres), cloud.radius / (2 * REACH))


class _Training:
    """One run from its first step, or from where it was cut off, to its last."""

    def __init__(self, config: PointsConfig, trainer: Trainer, cloud: Cloud, folder: Path | None) -> None:
        from engines.live_training.checkpoint import Checkpoints

        self.config, self.trainer, self.cloud = config, trainer, cloud
        self.checkpoints = Checkpoints(trainer, folder, self._memory)
        self.doctor = Doctor()
        self.signals: dict[str, float] = {}

    def events(self) -> Events:
        """All events of the run; see `train`."""
        jobs: list[tuple[Clock, Callable[[], list[Event]]]] = [
            (Clock(0.25), self._report),
            (Clock(PICTURE, share=0.02), self._keep),
            (Clock(PICTURE, share=0.3), self._show),
            (Clock(1.0), self._examine),
        ]
        memory = self.checkpoints.resume()
        if memory is not None:
            self.doctor, self.signals = Doctor(**memory["doctor"]), memory["signals"]
            yield Resumed(self.trainer.steps)
        asked, stop = (yield from _each([*self._keep(), *self._show()])), False
        while self.trainer.steps < self.config.steps and not stop:
            self.trainer.step()
            for clock, job in jobs:
                if clock.due():
                    events = job()
                    clock.done()  # before the yield, which may be a long pause
                    asked = (yield from _each(events)) or asked
            stop = self.checkpoints.meet(asked)
        self.checkpoints.mark(last=True)
        for _, job in jobs:
            yield from _each(job())

    def _memory(self) -> dict[str, Any]:
        """What a checkpoint keeps beside the trainer."""
        return {"doctor": asdict(self.doctor), "signals": self.signals}

    def _report(self) -> list[Event]:
        """Losses and progress."""
        self.signals = self.trainer.signals() or self.signals
        if not self.signals:
            return []
        if not all(map(math.isfinite, self.signals.values())):
            raise Diverged(self.trainer.steps)
        step = self.trainer.steps
        counts = {"{n} points": step * self.config.batch}
        return [Metrics(step, self.signals), Progress(step, self.config.steps, counts)]

    def _show(self) -> list[Event]:
        """The plane, from fixed noise."""
        return [self.trainer.plane()]

    def _keep(self) -> list[Event]:
        """All that the training consists of, as it is now."""
        return [Weights(self.trainer.steps, tensors_of(self.trainer))]

    def _examine(self) -> list[Event]:
        """What is covered, and the diagnosis, on fresh noise."""
        if not self.signals:
            return []
        step = self.trainer.steps
        seen = measure(self.trainer.sample(EXAMINED, seed=step), self.cloud)
        slope = getattr(self.trainer, "gradient", 0.0) if self.config.family == GAN else 0.0
        exam = Exam(step, self.signals, seen, slope)
        scores = {"Reached": seen.count / len(seen.covered), "On the data": seen.on_data, "Distance": seen.distance}
        return [Metrics(step, scores, "scores"), self.doctor.examine(self.config, exam)]


def tensors_of(trainer: Trainer) -> dict[str, np.ndarray]:
    """Copies of all that the training consists of, by name."""
    from engines.live_training.checkpoint import state_of

    return {name: value.numpy().copy() for name, value in state_of(trainer).items()}


def _each(events: list[Event]) -> Generator[Event, bool, bool]:
    """Yields all the events; returns whether a stop was asked for."""
    stop = False
    for event in events:
        stop = (yield event) or stop
    return stop
