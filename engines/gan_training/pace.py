"""How a training computes: tried out on a copy of it before its first step, and changed when others need the cores."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

import torch

from engines.data.pictures import PictureSet
from engines.device import usual
from engines.device.tuning import Choice, Pace, choose, ways
from engines.gan_training.config import GanConfig
from engines.gan_training.step import Trainer, may_part
from engines.messages import Message
from engines.running.events import COMPUTED, Caption

PICTURES = 512  # that a copy trains on


def best_choice(config: GanConfig, pictures: PictureSet, device: torch.device, free: int) -> Choice:
    """How to compute this training while others leave `free` cores; a GPU has one way."""
    if device.type != "cpu":
        return usual(device)
    images, labels, classes = pictures.images[:PICTURES], pictures.labels[:PICTURES], len(pictures.class_names)

    def trial(choice: Choice) -> Callable[[], None]:
        return Trainer(config, images, labels, classes, device, choice=choice).step

    layouts = ("channels_last", "contiguous") if config.architecture == "dcgan" else ("channels_last",)
    tries = ways(free, 2 if may_part(config) and (os.cpu_count() or 1) > 1 else 1, layouts)
    return choose("GAN", shapes_of(config, pictures.channels, classes), tries, trial, free)


def shapes_of(config: GanConfig, channels: int, classes: int) -> str:
    """All that a step's time depends on."""
    told = f", {classes} classes" if config.conditional else ""
    penalty = "" if may_part(config) else f", {config.objective}"
    return (
        f"{config.architecture}{penalty}, {config.size} px x {channels}, features {config.features},"
        f" latent {config.latent}, batch {config.batch}, {config.d_steps} D steps{told}"
    )


class Computing:
    """A trainer's steps, with an eye on whether others have come to need the cores."""

    def __init__(self, trainer: Trainer, pictures: PictureSet) -> None:
        self.trainer, self.pictures = trainer, pictures
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
        trainer.use(best_choice(trainer.config, self.pictures, trainer.device, free=1))
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
