"""The toy as a family: nothing here loads torch before it is called."""

from __future__ import annotations

from dataclasses import dataclass

from engines.live_training.family import Family
from engines.messages import Message
from engines.running.events import Verdict
from tests.toy_training.config import ENGINE, PRESETS, ToyConfig


@dataclass
class Doctor:
    """Finds every run healthy."""

    exams: int = 0

    def watch(self, signals):
        """Nothing is short here."""

    def examine(self, exam):
        self.exams += 1
        return Verdict("healthy", Message("Fine"), Message("{n} exams", n=self.exams), Message("Go on."))


def make_trainer(*args, **kwargs):
    from tests.toy_training.step import Trainer

    return Trainer(*args, **kwargs)


def load(config, weights):
    from tests.toy_training.step import Model

    return Model.load(config, weights)


def tries(config, free):
    from engines.device.tuning import Choice

    return [Choice()]


FAMILY = Family(
    home=__name__, engine=ENGINE, title="Toy", config=ToyConfig, presets=PRESETS, shown=("Loss",),
    trainer=make_trainer, doctor=Doctor, load=load, shapes=lambda config, channels, classes: "toy", tries=tries,
)  # fmt: skip
