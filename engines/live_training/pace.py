"""How a training computes: tried out on a copy of it before its first step, and changed when others need the cores."""

from __future__ import annotations

import time
from collections.abc import Callable

import torch

from engines.data.pictures import PictureSet
from engines.device import usual
from engines.device.tuning import Choice, Pace, choose
from engines.knobs import Config
from engines.live_training.family import Family, Trainer
from engines.messages import Message
from engines.running.events import COMPUTED, Caption

PICTURES = 512  # that a copy trains on


def best_choice(family: Family, config: Config, pictures: PictureSet, device: torch.device, free: int) -> Choice:
    """How to compute this training while others leave `free` cores; a GPU has one way."""
    if device.type != "cpu":
        return usual(device)
    images, labels, classes = pictures.images[:PICTURES], pictures.labels[:PICTURES], len(pictures.class_names)

    def trial(choice: Choice) -> Callable[[], None]:
        return family.trainer(config, images, labels, classes, device, choice=choice).step

    shapes = family.shapes(config, pictures.channels, classes)
    return choose(family.title, shapes, family.tries(config, free), trial, free)


class Computing:
    """A trainer's steps, with an eye on whether others have come to need the cores."""

    def __init__(self, trainer: Trainer, choose_anew: Callable[[int], Choice]) -> None:
        """`choose_anew` says how to compute while others leave so many cores."""
        self.trainer, self.choose_anew = trainer, choose_anew
        self.changed = 0  # the step at which another way to compute was taken
        self._pace: Pace | None = None

    def step(self) -> bool:
        """One step; whether it is computed another way from here on."""
        self._pace = self._pace or Pace(self.trainer.choice)
        began = time.perf_counter()
        self.trainer.step()
        if not self._pace.add(time.perf_counter() - began):
            return False
        trainer, self._pace = self.trainer, None
        if trainer.team or trainer.device.type != "cpu" or trainer.choice.threads == 1:
            return False
        trainer.use(self.choose_anew(1))
        self.changed = trainer.steps
        return True

    def caption(self) -> Caption:
        """How it is computed."""
        how = self.trainer.choice.describe(self.trainer.device.type)
        if self.changed:
            how = Message(
                "{how}. This was taken at step {step}, since others needed the cores: another run with the same seed"
                " may come out differently.",
                how=how,
                step=self.changed,
            )
        return Caption(COMPUTED, how)
