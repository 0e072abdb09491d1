"""Brings words and pictures together and tells what happens: a generator from a ClipConfig to events."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from engines.clip_training.config import ClipConfig
from engines.clip_training.diagnosis import Doctor, Exam
from engines.clip_training.pairs import HELD, LANGUAGES, Pairs, load
from engines.clip_training.retrieval import BEST, matrix, mean_of, names_shown, retrieval
from engines.live_training.jobs import Job, Jobs, telling_divergence
from engines.live_training.one_run import OneNetRun, Part
from engines.messages import Message
from engines.running.clock import Clock
from engines.running.events import (
    Bars,
    Caption,
    Events,
    Metrics,
    Note,
    Progress,
    Reference,
    Written,
)
from engines.running.workers.zero_gpu import TRAINING, on_gpu

if TYPE_CHECKING:
    import torch

    from engines.clip_training.step import Trainer
    from engines.device.tuning import Choice

SHARE = 0.08  # of the time that looking at all pictures may take, and keeping the weights
SPOKEN = ("English", "Chinese")  # as in pairs.LANGUAGES
COLUMNS = 6  # of the sheet with the pictures of the matrix


@on_gpu(TRAINING)
def train(config: ClipConfig, uploads: Sequence[str] = (), folder: Path | None = None) -> Events:
    """Train on the bundled emoji and their names; ends early when told to stop. There are no `uploads`.

    Yields Reference with the pictures of the matrix, Progress and Metrics ("losses": Training and Guessing, in nats)
    four times a second, and every few seconds Written with the matrix as retrieval.matrix has it, Metrics ("held_out",
    "known", "temperature"), Bars, a Verdict and Weights. Raises EngineError when a loss is not finite any more; what
    was yielded before stays good.

    In `folder`, the run's own, the state is saved about every 20 seconds; if one is there already, the training goes
    on from it and yields Resumed.
    """
    yield Note(Message("Loading PyTorch"))
    from engines.clip_training.step import Trainer
    from engines.device import pick_device, release_memory
    from engines.device.cores import Neighbours

    neighbours = Neighbours()
    pairs = load(config.part)
    yield Caption("losses", about(pairs))
    yield Reference(pairs.images[pairs.first_pictures(pairs.shown)], COLUMNS)
    device, trainer = pick_device(), None
    try:
        yield Note(Message("Trying out how to compute fastest here"))
        trainer = Trainer(config, pairs, device, best_choice(config, pairs, device, neighbours.free()))
        yield from telling_divergence(_Training(trainer, pairs, folder).events())
    finally:
        del trainer
        release_memory()


def about(pairs: Pairs) -> Message:
    """What the numbers mean, and what they cannot be compared with."""
    return Message(
        "{count} emoji in {pictures} pictures are learnt from, {held} are held out. Found at once: the right one of"
        " {held} is nearest, in the mean over English and Chinese. The frozen vectors are multilingual-e5-small's.",
        count=len(pairs.learnt),
        pictures=f"{int((pairs.emoji[:, None] == pairs.learnt).sum()):,}",
        held=len(pairs.held),
    )


def best_choice(config: ClipConfig, pairs: Pairs, device: torch.device, free: int) -> Choice:
    """How to compute this training while others leave `free` cores; a GPU has one way."""
    from engines.clip_training.step import Trainer
    from engines.device import usual
    from engines.device.tuning import choose, ways

    if device.type != "cpu":
        return usual(device)

    def trial(choice: Choice) -> Callable[[], None]:
        return Trainer(config, pairs, device, choice).step

    return choose("words and pictures", f"{config.width} x {config.batch}", ways(free), trial, free)


class _Training(OneNetRun):
    """See OneNetRun."""

    config: ClipConfig
    trainer: Trainer

    def __init__(self, trainer: Trainer, pairs: Pairs, folder: Path | None) -> None:
        best = partial(best_choice, trainer.config, pairs, trainer.device)
        super().__init__(trainer, Doctor(), folder, best)
        self.pairs, self.names = pairs, names_shown(pairs)
        self.shown = pairs.first_pictures(pairs.shown)
        self.known = self.held_1 = self.held_5 = 0.0

    def jobs(self) -> Jobs:
        """See OneNetRun."""
        return [
            (Clock(0.25), self._report),
            (Clock(0.5, SHARE), self._show),
            (Clock(1.0, SHARE), self._look),
            (Clock(1.0), self._examine),
            (Clock(2.0, SHARE), self._keep),
        ]

    def first(self) -> Sequence[Part]:
        """See OneNetRun."""
        return self._show, self._look, self._keep

    @property
    def temperature(self) -> float:
        """By which similarities are divided."""
        return float(1 / self.trainer.net.scale.detach())

    def _report(self) -> Job:
        """The loss and the progress."""
        if not self.read():
            return
        yield Metrics(self.step, {"Training": self.signals["Training"], "Guessing": self.trainer.guessing})
        yield Metrics(self.step, {"Temperature": self.temperature}, "temperature")
        counts = {"{n} pictures": self.step * min(self.config.batch, len(self.pairs.learnt))}
        yield Progress(self.step, self.config.steps, counts)

    def _show(self) -> Job:
        """The matrix."""
        pictures, words = self.trainer.embedded(self.shown)
        yield Written(self.step, (matrix(self.pairs, pictures, words),), self.names)

    def _look(self) -> Job:
        """How many are found."""
        pictures, words = self.trainer.embedded()
        held, known = (retrieval(self.pairs, pictures, words, some) for some in (self.pairs.held, self.pairs.learnt))
        self.known = mean_of(known, "picture", 1)
        self.held_1, self.held_5 = (mean_of(held, "picture", best) for best in BEST)
        both = {"Picture to name": "picture", "Name to picture": "word"}
        found = {f"{label}, {count}": mean_of(held, side, best) for label, side in both.items()
                 for best, count in zip(BEST, ("at once", "in five"), strict=True)}  # fmt: skip
        yield Metrics(self.step, found | {"Guessing at once": 1 / HELD, "Guessing in five": 5 / HELD}, "held_out")
        yield Metrics(self.step, {label: mean_of(known, side, 1) for label, side in both.items()}, "known")
        values = tuple(held[f"{language} picture 1"] for language in LANGUAGES)
        yield Bars("Held-out names found at once", SPOKEN, values)

    def _examine(self) -> Job:
        """The diagnosis."""
        if self.signals:
            signals = self.signals["Training"], self.trainer.guessing, self.temperature
            exam = Exam(self.step, *signals, known=self.known, held_1=self.held_1, held_5=self.held_5)
            yield self.doctor.examine(self.config, exam)
