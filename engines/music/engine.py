"""Trains a chorale network and tells what happens: a generator from a MusicConfig to events."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engines.live_training.jobs import Job, Jobs, telling_divergence
from engines.live_training.one_run import OneNetRun, Part
from engines.messages import Message
from engines.music.chorales import Corpus, load
from engines.music.config import MusicConfig
from engines.music.diagnosis import Doctor, Exam
from engines.music.measures.copies import Copies
from engines.music.measures.lines import lines
from engines.music.measures.rules import by_voice, score
from engines.running.clock import Clock
from engines.running.events import Bars, Caption, Events, Metrics, Note, Progress, Written
from engines.running.workers.zero_gpu import TRAINING, on_gpu

if TYPE_CHECKING:
    import torch

    from engines.device.tuning import Choice
    from engines.music.step import Trainer

SHARE = 0.05  # of the time that each of showing, examining and testing may take
THOROUGH = 8  # rounds of the held-out pieces at the end
TRIED = 20  # pieces that a copy trains on while it is tried out how to compute


@on_gpu(TRAINING)
def train(config: MusicConfig, uploads: Sequence[str] = (), folder: Path | None = None) -> Events:
    """Train on the bundled chorales; ends early when told to stop. There are no `uploads`.

    Yields Progress and Metrics ("losses": Training, Held-out, Pitch alone, and what counting reaches, in nats a note)
    four times a second, Written with a chorale as grid.to_text has it, and every few seconds Metrics ("scores",
    "rules"), a Verdict, Bars and Weights. Raises EngineError when a loss is not finite any more; what was yielded
    before stays good.

    In `folder`, the run's own, the state is saved about every 20 seconds; if one is there already, the training goes
    on from it and yields Resumed.
    """
    yield Note(Message("Loading PyTorch"))
    from engines.device import pick_device, release_memory
    from engines.device.cores import Neighbours
    from engines.music.step import Trainer

    neighbours = Neighbours()
    yield Note(Message("Counting notes"))
    corpus = load(config.part)
    counted = lines(corpus.train, corpus.held)
    yield Caption("losses", about(corpus))
    device, trainer = pick_device(), None
    try:
        yield Note(Message("Trying out how to compute fastest here"))
        trainer = Trainer(config, corpus, device, best_choice(config, corpus, device, neighbours.free()))
        yield from telling_divergence(_Training(trainer, corpus, counted, folder).events())
    finally:
        del trainer
        release_memory()


def about(corpus: Corpus) -> Message:
    """What the losses mean, and what they cannot be compared with."""
    return Message(
        "Nats a note, which is one voice in one sixteenth, in the mean over all orders of filling; {count} chorales"
        " are learnt from and {held} held out. Pitch alone: whether a note begins or is held left out, as in Coconet's"
        " figures.",
        count=len(corpus.train),
        held=len(corpus.held),
    )


def best_choice(config: MusicConfig, corpus: Corpus, device: torch.device, free: int) -> Choice:
    """How to compute this training while others leave `free` cores; a GPU has one way."""
    from engines.device import usual
    from engines.device.tuning import choose, ways
    from engines.music.step import Trainer

    if device.type != "cpu":
        return usual(device)
    few = replace(corpus, train=corpus.train[:TRIED], held=corpus.held[:1])

    def trial(choice: Choice) -> Callable[[], None]:
        return Trainer(config, few, device, choice).step

    shapes = f"{config.layers} x {config.width} x {config.batch} x {config.rows}"
    return choose("chorales", shapes, ways(free, layouts=("contiguous",)), trial, free)


class _Training(OneNetRun):
    """See OneNetRun."""

    config: MusicConfig
    trainer: Trainer

    def __init__(self, trainer: Trainer, corpus: Corpus, counted: dict[str, float], folder: Path | None) -> None:
        from engines.music.pen import Pen

        best = partial(best_choice, trainer.config, corpus, trainer.device)
        super().__init__(trainer, Doctor(), folder, best)
        self.lines = counted
        self.pen, self.copies = Pen(), Copies(corpus.train)
        self.real = score(corpus.held)
        self.held_out = self.pitch = math.nan
        self.test()
        self.exam = Exam(0, math.nan, math.nan, counted)

    def jobs(self) -> Jobs:
        """See OneNetRun."""
        return [
            (Clock(2.0, SHARE), self._test),
            (Clock(0.25), self._report),
            (Clock(1.5, SHARE), self._write),
            (Clock(4.0, SHARE), self._score),
            (Clock(1.0), self._examine),
            (Clock(2.0, SHARE), self._keep),
        ]

    def first(self) -> Sequence[Part]:
        """See OneNetRun."""
        return self._write, self._keep

    def last(self, jobs: Jobs, stopped: bool) -> Sequence[Part]:
        """See OneNetRun; what was not stopped is tested thoroughly."""
        test = [] if stopped else [partial(self._test, THOROUGH)]
        return [*test, *super().last(jobs, stopped)[1:]]

    def _recall(self, memory: dict[str, Any]) -> None:
        super()._recall(memory)
        self.test()

    def test(self, rounds: int = 1) -> Any:
        """Measures the held-out loss; returns it by voice, float64 [4]."""
        whole, pitch = self.trainer.held_out(rounds)
        self.held_out, self.pitch = float(whole.mean()), float(pitch.mean())
        return whole

    def _test(self, rounds: int = 1) -> Job:
        """The held-out loss, and which voice it comes from."""
        names, values = by_voice(self.test(rounds))
        yield Bars("Loss by voice", names, values, "nats")

    def _report(self) -> Job:
        """Losses and progress."""
        if not self.read(self.held_out):
            return
        losses = {"Training": self.signals["Training"], "Held-out": self.held_out, "Pitch alone": self.pitch}
        yield Metrics(self.step, losses | self.lines)
        counts = {"{n} passages": self.step * self.config.batch}
        yield Progress(self.step, self.config.steps, counts)

    def _write(self) -> Job:
        """A chorale, from the same chance each time."""
        with self.trainer.resting() as net:
            yield Written(self.step, (self.pen.show(net),))

    def _score(self) -> Job:
        """How good what it writes is, from chance as it is now."""
        with self.trainer.resting() as net:
            pieces = self.pen.examine(net, seed=self.step)
        found, real = score(pieces), self.real
        copied = max(map(self.copies.longest, pieces))
        self.exam = replace(
            self.exam, chords=found.chords, fifths=found.fifths + found.octaves,
            real_fifths=real.fifths + real.octaves, copied=copied,
        )  # fmt: skip
        yield Metrics(
            self.step, {"Chords": found.chords, "In one scale": found.scale, "Bach's chords": real.chords}, "scores"
        )
        rules = {"Parallels": found.fifths + found.octaves, "Crossings": found.crossings}
        bach = {"Bach's parallels": real.fifths + real.octaves, "Bach's crossings": real.crossings}
        yield Metrics(self.step, rules | bach, "rules")
        yield Metrics(self.step, {"Longest copied run": copied}, "copies")

    def _examine(self) -> Job:
        """The diagnosis."""
        if self.signals:
            now = {"step": self.step, "training": self.signals["Training"], "held_out": self.held_out}
            yield self.doctor.examine(self.config, replace(self.exam, **now))
