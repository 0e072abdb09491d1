"""Trains a melody VAE and tells what happens: a generator from a MelodyConfig to events."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from engines.live_training.jobs import Diverged, Job, Jobs, telling_divergence
from engines.live_training.one_run import OneNetRun, Part
from engines.messages import Message
from engines.music.melody_vae.bars import to_line
from engines.music.melody_vae.config import MelodyConfig
from engines.music.melody_vae.corpus import Corpus, load, to_cells
from engines.music.melody_vae.diagnosis import Doctor, Exam
from engines.running.clock import Clock
from engines.running.events import Caption, Events, Metrics, Note, Progress, Written
from engines.running.workers.zero_gpu import TRAINING, on_gpu

if TYPE_CHECKING:
    import torch

    from engines.device.tuning import Choice
    from engines.music.melody_vae.step import Trainer

SHARE = 0.05  # of the time that each of showing, measuring and keeping may take
SHOWN = 4  # melodies from the prior, and held-out ones beside their reconstructions
FIXED = 1  # seed of those from the prior; the same in every run, so that runs can be compared
TRIED = 512  # melodies that a copy trains on while it is tried out how to compute


@on_gpu(TRAINING)
def train(config: MelodyConfig, uploads: Sequence[str] = (), folder: Path | None = None) -> Events:
    """Train on the bundled melodies; ends early when told to stop. There are no `uploads`.

    Yields Progress and Metrics ("losses": −ELBO and its parts, in nats a melody) four times a second; Metrics ("elbo",
    "notes") of held-out melodies; Written with melodies from the prior, with held-out ones, and with what comes back
    of these; a Verdict and Weights. Raises EngineError when a loss is not finite any more; what was yielded before
    stays good.

    In `folder`, the run's own, the state is saved about every 20 seconds; if one is there already, the training goes
    on from it and yields Resumed.
    """
    yield Note(Message("Loading PyTorch"))
    from engines.device import pick_device, release_memory
    from engines.device.cores import Neighbours
    from engines.music.melody_vae.step import Trainer

    neighbours = Neighbours()
    corpus = load(config.metre, config.part)
    yield Caption("losses", about(corpus))
    device, trainer = pick_device(), None
    try:
        yield Note(Message("Trying out how to compute fastest here"))
        trainer = Trainer(config, corpus, device, best_choice(config, corpus, device, neighbours.free()))
        yield from telling_divergence(_Training(trainer, corpus, folder).events())
    finally:
        del trainer
        release_memory()


def about(corpus: Corpus) -> Message:
    """What the numbers are of."""
    return Message(
        "Nats a melody of two bars; {count} melodies of Irish and Scottish tunes are learnt from and {held} held out,"
        " of other tunes. All are moved to D.",
        count=f"{len(corpus.train):,}",
        held=f"{len(corpus.held):,}",
    )


def best_choice(config: MelodyConfig, corpus: Corpus, device: torch.device, free: int) -> Choice:
    """How to compute this training while others leave `free` cores; a GPU has one way."""
    from engines.device import usual
    from engines.device.tuning import choose, ways
    from engines.music.melody_vae.step import Trainer

    if device.type != "cpu":
        return usual(device)
    few = replace(corpus, train=corpus.train.first(TRIED), held=corpus.held.first(1))

    def trial(choice: Choice) -> Callable[[], None]:
        return Trainer(config, few, device, choice).step

    shapes = f"{config.decoder} {config.latent} x {config.width} x {config.batch}"
    return choose("melodies", shapes, ways(free, layouts=("contiguous",)), trial, free)


class _Training(OneNetRun):
    """See OneNetRun."""

    config: MelodyConfig
    trainer: Trainer

    def __init__(self, trainer: Trainer, corpus: Corpus, folder: Path | None) -> None:
        from engines.music.melody_vae.step import by_place

        best = partial(best_choice, trainer.config, corpus, trainer.device)
        super().__init__(trainer, Doctor(), folder, best)
        self.usual_notes, self.usual_cells = by_place(trainer.train, trainer.held)
        self.held = trainer.held_out()

    def jobs(self) -> Jobs:
        """See OneNetRun."""
        return [
            (Clock(1.5, SHARE), self._test),
            (Clock(0.25), self._report),
            (Clock(1.0, SHARE), self._write),
            (Clock(1.0), self._examine),
            (Clock(2.0, SHARE), self._keep),
        ]

    def first(self) -> Sequence[Part]:
        """See OneNetRun."""
        return self._write, self._keep

    def _recall(self, memory: dict[str, Any]) -> None:
        super()._recall(memory)
        self.held = self.trainer.held_out()

    def _test(self) -> Job:
        """The held-out melodies: their nats, and what comes back of them."""
        self.held = self.trainer.held_out()
        if not math.isfinite(self.held.reconstruction + self.held.kl):
            raise Diverged(self.step)
        yield Metrics(self.step, {"−ELBO, held-out melodies": self.held.reconstruction + self.held.kl}, "elbo")
        notes = {"Notes that come back": self.held.notes, "Commonest note": self.usual_notes}
        cells = {"Sixteenths that come back": self.held.cells, "Commonest sixteenth": self.usual_cells}
        yield Metrics(self.step, notes | cells, "notes")

    def _report(self) -> Job:
        """Losses and progress."""
        if not self.read():
            return
        parts = {name: self.signals[name] for name in ("Reconstruction", "KL")}
        yield Metrics(self.step, {"−ELBO": self.signals["Training"]} | parts)
        yield Progress(self.step, self.config.steps, {"{n} melodies": self.step * self.config.batch})

    def _write(self) -> Job:
        """Melodies from the prior, one after the other; held-out ones; and what comes back of these."""
        held = self.trainer.held[:SHOWN]
        made, back = self.trainer.drawn(SHOWN, FIXED), self.trainer.redrawn(held)
        lines = [row_of(to_cells(tokens.cpu().numpy())) for tokens in (made, held, back)]
        yield Written(self.step, tuple(lines))

    def _examine(self) -> Job:
        """The diagnosis."""
        if self.signals:
            signals = {name: self.signals[name] for name in ("Training", "KL", "spread")}
            held = self.held.reconstruction + self.held.kl
            exam = Exam(self.step, *signals.values(), held, self.held.notes, self.usual_notes)
            yield self.doctor.examine(self.config, exam)


def row_of(cells: np.ndarray) -> str:
    """Melodies int8 [N, ROWS] one after the other, each filled up with rests to two bars of 4/4."""
    return "".join(to_line(melody).ljust(melody.size, ".") for melody in cells)
