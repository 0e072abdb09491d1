"""Trains a model of any family and tells what happens: a generator from its config to events."""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from engines.data.pictures import PictureSet
from engines.knobs import Config
from engines.live_training.data import load_pictures
from engines.live_training.diagnosis import Exam
from engines.live_training.family import Family
from engines.live_training.jobs import Diverged, Job, Jobs, each, in_turns, telling_divergence
from engines.live_training.race.terms import Budget, Terms
from engines.messages import EngineError, Message
from engines.running.clock import Clock
from engines.running.events import (
    Caption,
    Event,
    Events,
    Metrics,
    Note,
    Progress,
    Reference,
    Resumed,
    Samples,
    Shares,
    Weights,
)
from engines.running.workers.zero_gpu import TRAINING, on_gpu

if TYPE_CHECKING:
    from engines.data.features import Judge
    from engines.live_training.family import Trainer
    from engines.live_training.team import Team

ROWS = 8  # of the grid
FIXED_NOISE = 1  # seed; the same in every run, so that runs can be compared
FINAL = "final"  # the group of metrics of the exam at the end of a race
EXAM_SEED = 1_000_000_000  # beyond the seeds of the exams on the way, which are steps


@on_gpu(TRAINING)
def train(
    family: Family,
    config: Config,
    uploads: Sequence[str] = (),
    folder: Path | None = None,
    team: Team | None = None,
    terms: Terms | None = None,
) -> Events:
    """Train on the config's dataset, or on the uploaded files; ends early when told to stop.

    Yields Reference, then Progress and Metrics ("losses") four times a second, Samples from fixed noise
    twice a second, and every few seconds Metrics ("scores"), class Shares, a Verdict, Weights and what the
    family shows besides. Raises EngineError when a loss is not finite any more; what was yielded before stays good.

    In `folder`, the run's own, the state is saved about every 20 seconds; if one is there already, the
    training goes on from it and yields Resumed. In a `team` of processes only rank 0 tells what happens. On the
    `terms` of a race it ends when its seconds are used up, with an exam that is repeated: Metrics ("final").
    """
    yield Note(Message("Loading PyTorch"))
    from engines.device import pick_device, release_memory, usual
    from engines.device.cores import Neighbours
    from engines.live_training.exam.judging import make_judge
    from engines.live_training.pace import best_choice

    neighbours = Neighbours()
    yield Note(Message("Loading the pictures"))
    pictures = yield from load_pictures(config, uploads, folder)
    grid = _Grid(config, pictures)
    yield grid.reference()
    device, trainer, judge = team.device if team else pick_device(), None, None
    try:
        yield Note(Message("Trying out how to compute fastest here"))
        free = neighbours.free()
        choice = usual(device, team.local_size) if team else best_choice(family, config, pictures, device, free)
        yield Note(Message("Building the networks"))
        classes = len(pictures.class_names)
        trainer = family.trainer(config, pictures.images, pictures.labels, classes, device, team, choice)
        if team and team.rank:
            _assist(trainer, folder)
            return
        judge = yield from make_judge(pictures, device, family.judged)
        if judge is not None:
            yield from telling_divergence(_Training(family, trainer, *judge, grid, folder, terms).events())
    finally:
        del trainer, judge
        release_memory()


def _assist(trainer: Trainer, folder: Path | None) -> None:
    """Take part in a team's training without telling of it."""
    from engines.live_training.checkpoint import Checkpoints

    checkpoints, stop = Checkpoints(trainer, folder, dict), False
    checkpoints.resume()
    while trainer.steps < trainer.config.steps and not stop:
        trainer.step()
        stop = checkpoints.meet(False)


class _Grid:
    """How the two grids are arranged: with a column a class where the model is told the class."""

    def __init__(self, config: Config, pictures: PictureSet) -> None:
        self.pictures = pictures
        classes = len(pictures.class_names)
        by_class = config.conditional and 1 < classes <= 12
        self.columns = classes if by_class else ROWS
        self.labels = np.arange(ROWS * self.columns) % max(1, classes)
        self.by_class = by_class

    def reference(self) -> Reference:
        """Real pictures in the same arrangement."""
        shuffled = self.pictures.sample(len(self.pictures), seed=0)
        if not self.by_class:
            return Reference(shuffled.images[: len(self.labels)], self.columns)
        by_class = [_filled(shuffled.images[shuffled.labels == c]) for c in range(self.columns)]
        return Reference(np.stack(by_class, axis=1).reshape(-1, *shuffled.images.shape[1:]), self.columns)


def roughness(images: np.ndarray) -> float:
    """Mean squared difference of neighbouring pixels of pictures uint8 [N, H, W, C], from 0 to 2: what blur takes."""
    pixels = images.astype(np.float32) / 255
    return float(np.square(np.diff(pixels, axis=1)).mean() + np.square(np.diff(pixels, axis=2)).mean())


def _filled(images: np.ndarray) -> np.ndarray:
    """The first ROWS of the pictures [N, …] of a class; where it has fewer, blank ones below them."""
    blank = np.full((max(0, ROWS - len(images)), *images.shape[1:]), 255, np.uint8)
    return np.concatenate([images[:ROWS], blank])


class _Training:
    """One run from its first step, or from where it was cut off, to its last."""

    def __init__(
        self,
        family: Family,
        trainer: Trainer,
        judge: Judge,
        judged: int,
        grid: _Grid,
        folder: Path | None,
        terms: Terms | None = None,
    ) -> None:
        """The judge is to see `judged` pictures at a time."""
        from engines.live_training.checkpoint import Checkpoints
        from engines.live_training.exam.memory import Memory
        from engines.live_training.pace import Computing, best_choice

        self.family, self.config, self.trainer, self.judge, self.grid = family, trainer.config, trainer, judge, grid
        self.judged, self.memory = judged, Memory(judge)
        self.terms, self.budget = terms, Budget(trainer, terms)
        self.noise = trainer.noise(len(grid.labels), FIXED_NOISE)
        self.checkpoints = Checkpoints(trainer, folder, self._memory)
        self.doctor = family.doctor()
        self.signals: dict[str, float] = {}
        self.computing = Computing(
            trainer, lambda free: best_choice(family, trainer.config, grid.pictures, trainer.device, free)
        )

    @property
    def step(self) -> int:
        """Steps done."""
        return self.trainer.steps

    def events(self) -> Events:
        """All events of the run; see `train`."""
        asked = yield from self.budget.timed(self._events())
        if self.terms and not asked:
            yield from each(self._final())

    def _events(self) -> Events:
        """All but the exam at the end of a race; returns whether a stop was asked for."""
        share, now = self.family.share, self.budget.now
        jobs: Jobs = [
            (Clock(0.25, now=now), self._report),
            (Clock(0.5, share, now=now), self._show),
            (Clock(3.0, share, self.family.examined_after, now), self._examine),
            (Clock(5.0, now=now), self._keep),
            (Clock(4.0, share, now=now), self._add),
        ]
        memory = self.checkpoints.resume()
        if memory is not None:
            self._recall(memory)
            yield Resumed(self.step)
        yield self.computing.caption()
        asked = yield from each(self._show())
        asked, _ = yield from in_turns(self.budget.over, self.computing, self.checkpoints, jobs, asked)
        for _, job in jobs:
            asked = yield from each(job(), asked=asked)
        return asked

    def _memory(self) -> dict[str, Any]:
        """What a checkpoint keeps beside the trainer."""
        return {
            "doctor": asdict(self.doctor),
            "signals": self.signals,
            "pictures": len(self.grid.pictures),
            "changed": self.computing.changed,
        }

    def _recall(self, memory: dict[str, Any]) -> None:
        """The inverse of _memory."""
        began_with, now = memory["pictures"], len(self.grid.pictures)
        if began_with != now:
            raise EngineError(
                "This run began with {count} pictures, and now there are {now}: the same dataset cannot be had.",
                count=began_with,
                now=now,
            )
        self.doctor, self.signals = self.family.doctor(**memory["doctor"]), memory["signals"]
        self.computing.changed = memory.get("changed", 0)

    def _progress(self) -> Progress:
        return Progress(self.step, self.budget.steps, {"{n} pictures": self.step * self.config.batch})

    def _report(self) -> Job:
        """Losses and progress."""
        self.signals = self.trainer.signals() or self.signals
        if not self.signals:
            return
        if not all(map(math.isfinite, self.signals.values())):
            raise Diverged(self.step)
        self.doctor.watch(self.signals)
        yield Metrics(self.step, {name: self.signals[name] for name in self.family.shown})
        yield self._progress()

    def _draw(self, noise: np.ndarray, labels: np.ndarray) -> Generator[Event, bool, np.ndarray | None]:
        """Pictures from noise, in pieces between which one may pause and stop; None after a stop."""
        drawn, piece = [], self.family.piece
        for start in range(0, len(noise), piece):
            if start and (yield self._progress()):
                return None
            drawn.append(self.trainer.sample(noise[start : start + piece], labels[start : start + piece]))
        return np.concatenate(drawn)

    def _show(self) -> Job:
        """The grid from fixed noise."""
        images = yield from self._draw(self.noise, self.grid.labels)
        if images is not None:
            yield Samples(self.step, images, self.grid.columns)

    def _examine(self) -> Job:
        """Fréchet distance, class shares, near-copies and the diagnosis, on fresh noise."""
        from engines.data.features import to_tensor

        if not self.signals:
            return
        count = self.judged
        labels = np.arange(count) % max(1, len(self.grid.pictures.class_names))
        images = yield from self._draw(self.trainer.noise(count, seed=self.step), labels)
        if images is None:
            return
        features = self.judge.features(to_tensor(images))
        scores, copies = self.judge.score(features), self.memory.look_up(features)
        real = self.judge.real_shares
        exam = Exam(self.step, self.signals, scores.frechet, scores.diversity, scores.shares, real, copies.share)
        yield Metrics(self.step, {"Fréchet distance": scores.frechet, "Diversity": scores.diversity}, "scores")
        yield self.doctor.examine(exam)
        if scores.shares:
            yield Shares("Classes among the generated pictures", self.judge.class_names, scores.shares)
        for event in self.memory.tell(self.step, images, copies):  # noqa: UP028 - as in _add
            yield event

    def _final(self) -> Job:
        """The exam at the end of a race, several times of fresh noise, so that one sees what chance does to it."""
        from engines.data.features import to_tensor

        said = Message(
            "The exam at the end: {count} times {pictures} pictures of fresh noise. Sharpness is how much neighbouring"
            " pixels differ, as a share of what they do in real pictures: blur lowers it, noise raises it.",
            count=self.terms.exams,
            pictures=self.terms.pictures,
        )
        yield Caption(FINAL, said)
        labels = np.arange(self.terms.pictures) % max(1, len(self.grid.pictures.class_names))
        real = roughness(self.judge.real.images)
        for number in range(self.terms.exams):
            images = yield from self._draw(self.trainer.noise(self.terms.pictures, seed=EXAM_SEED + number), labels)
            if images is None:
                return
            scores = self.judge.score(self.judge.features(to_tensor(images)))
            sharpness = roughness(images) / max(1e-9, real)
            values = {"Fréchet distance": scores.frechet, "Diversity": scores.diversity, "Sharpness": sharpness}
            yield Metrics(self.step, values, FINAL)

    def _add(self) -> Job:
        """What only this family shows."""
        for event in self.trainer.extras(self.grid.pictures.class_names):  # noqa: UP028 - a list takes no replies
            yield event

    def _keep(self) -> Job:
        """The model as it is now."""
        pictures = self.grid.pictures
        facts = {"channels": pictures.channels, "class_names": list(pictures.class_names)}
        yield Weights(self.step, self.trainer.weights(), facts)
