"""One run of a trainer of one network: its jobs on their clocks, what checkpoints keep, its beginning and its end."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engines.live_training.jobs import Diverged, Job, Jobs, each, in_turns
from engines.running.events import Events, Resumed, Weights

if TYPE_CHECKING:
    from engines.device.tuning import Choice
    from engines.live_training.one_net import OneNetTrainer

Part = Callable[[], Job]


class OneNetRun:
    """From its first step, or from where it was cut off, to its last. A subclass says what is to be done, and when.

    Its doctor is a dataclass, of whatever diagnosis the model has, that can `watch` a loss of training.
    """

    def __init__(
        self, trainer: OneNetTrainer, doctor: Any, folder: Path | None, best: Callable[[int], Choice]
    ) -> None:
        """`folder` is for checkpoints, None for none; `best` says how to compute while so many cores are free."""
        from engines.live_training.checkpoint import Checkpoints
        from engines.live_training.pace import Computing

        self.trainer, self.config, self.doctor = trainer, trainer.config, doctor
        self.signals: dict[str, float] = {}  # as the trainer told them last
        self.checkpoints = Checkpoints(trainer, folder, self._memory)
        self.computing = Computing(trainer, best)

    def jobs(self) -> Jobs:
        """What recurs, and when."""
        raise NotImplementedError

    def first(self) -> Sequence[Part]:
        """What is done before the first step."""
        raise NotImplementedError

    def last(self, jobs: Jobs, stopped: bool) -> Sequence[Part]:
        """What is done after the last step, or when the training was `stopped` before it."""
        return [job for _, job in jobs]

    @property
    def step(self) -> int:
        """Steps done."""
        return self.trainer.steps

    def events(self) -> Events:
        """All events of the run; returns whether a stop was asked for."""
        jobs = self.jobs()
        memory = self.checkpoints.resume()
        if memory is not None:
            self._recall(memory)
            yield Resumed(self.step)
        yield self.computing.caption()
        asked = False
        for job in self.first():
            asked = yield from each(job(), asked=asked)
        asked, stopped = yield from in_turns(self._over, self.computing, self.checkpoints, jobs, asked)
        for job in self.last(jobs, stopped):
            asked = yield from each(job(), asked=asked)
        return asked

    def read(self, *others: float) -> bool:
        """Hear the trainer's signals; whether there are any. Diverged if one, or one of the others, is not finite."""
        self.signals = self.trainer.signals() or self.signals
        if not self.signals:
            return False
        if not all(map(math.isfinite, (*self.signals.values(), *others))):
            raise Diverged(self.step)
        self.doctor.watch(self.signals["Training"])
        return True

    def _over(self) -> bool:
        return self.step >= self.config.steps

    def _memory(self) -> dict[str, Any]:
        """What a checkpoint keeps beside the trainer."""
        return {"doctor": asdict(self.doctor), "signals": self.signals, "changed": self.computing.changed}

    def _recall(self, memory: dict[str, Any]) -> None:
        """The inverse of _memory."""
        self.doctor, self.signals = type(self.doctor)(**memory["doctor"]), memory["signals"]
        self.computing.changed = memory["changed"]

    def _keep(self) -> Job:
        """The model as it is now."""
        yield Weights(self.step, self.trainer.weights())
