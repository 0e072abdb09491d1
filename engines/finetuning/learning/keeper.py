"""Keeps the best model and the checkpoints of a run on disk, now and then, so that a run is not all writing."""

from __future__ import annotations

import logging
import math
import shutil
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from torch import Tensor

from engines.finetuning.classifier import BEST
from engines.finetuning.config import FinetuningConfig
from engines.finetuning.disk import disk_space, replace_folder
from engines.finetuning.learning.checkpoint import save_checkpoint
from engines.finetuning.learning.learner import Learner
from engines.finetuning.learning.training import Trainer
from engines.messages import Message
from engines.running.clock import Clock
from engines.running.events import Caption, Event, Events, Note
from engines.weights import in_background

log = logging.getLogger(__name__)

BEST_SECONDS, CHECKPOINT_SECONDS = 10.0, 30.0  # between writes, which take at most a twentieth of the time


class Keeper:
    """What a run has found so far, in memory and in its folder."""

    def __init__(self, config: FinetuningConfig, folder: Path, learner: Learner) -> None:
        self.config, self.folder, self.learner = config, folder, learner
        # Validation accuracy and loss of the best, validations since it, step of the last validation, its diagnosis.
        self.state: dict[str, Any] = {"best": [-1.0, math.inf], "waited": 0, "validated": -1, "doctor": {}}
        self._best: dict[str, Tensor] | None = None  # weights that are not in "best" yet
        self._keeping, self._saving = Clock(BEST_SECONDS), Clock(CHECKPOINT_SECONDS)
        self._saving.done()  # the first one is due after CHECKPOINT_SECONDS

    @property
    def has_best(self) -> bool:
        """Whether any model was validated yet."""
        return self.state["best"][0] >= 0

    def load(self, trainer: Trainer, tensors: dict[str, Tensor], values: dict[str, Any]) -> None:
        """Go on from a checkpoint."""
        self.state |= values.pop("run")
        trainer.load_state(tensors, values)

    def found_best(self, trainer: Trainer) -> Events:
        """The trainer's weights are the best so far: remember them, and write them if it is time."""
        self._best = trainer.snapshot()
        if self._keeping.due():
            yield from self.keep_best(trainer)
            self._keeping.done()

    def keep_best(self, trainer: Trainer) -> Events:
        """Put the best weights into "best" if they are not there yet; EngineError if the disk refuses.

        What was there before then stays.
        """
        if self._best is None:
            return
        now = trainer.snapshot()
        trainer.restore(self._best)
        yield from patiently(self._save, Note(Message("Keeping the best model")))
        trainer.restore(now)
        self._best = None

    def _save(self) -> None:
        new = self.folder / f"{BEST}.new"
        shutil.rmtree(new, ignore_errors=True)
        try:
            with disk_space():
                self.learner.save(new)
                replace_folder(new, self.folder / BEST)
        finally:
            shutil.rmtree(new, ignore_errors=True)

    def keep_checkpoint_in_time(self, trainer: Trainer) -> Events:
        """Write a checkpoint if it is time."""
        if self._saving.due():
            yield from self.keep_checkpoint(trainer)
            self._saving.done()

    def keep_checkpoint(self, trainer: Trainer) -> Events:
        """Write a checkpoint; where the disk refuses, say so and go on."""
        yield from self.keep_best(trainer)
        tensors, values = trainer.state()
        values["run"] = self.state
        if trainer.device.type == "cpu":
            values["computed"] = trainer.lanes.choice.to_dict()
        try:
            note = Note(Message("Keeping a checkpoint"))
            yield from patiently(lambda: save_checkpoint(self.folder, self.config, tensors, values), note)
        except (OSError, SafetensorError):
            log.warning("no checkpoint could be saved", exc_info=True)
            sentence = "The disk had no room for a checkpoint: if this run is cut off, it must start anew."
            yield Caption("training", Message(sentence))


def patiently(job: Callable[[], Any], note: Note) -> Generator[Event, bool, Any]:
    """Returns job(), run in the background to its end, even if told to stop."""
    work = in_background(job, note)
    while True:
        try:
            event = next(work)
        except StopIteration as end:
            return end.value
        yield event


def patiently_finish(job: Iterator[Any], note: Note) -> Generator[Event, bool, Any]:
    """Yields `note` while an iterator yields None, and returns the value it yields last, even if told to stop."""
    result = None
    for result in job:
        if result is None:
            yield note
    return result
