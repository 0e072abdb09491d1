"""The terms of a race: every entry gets the same seconds of computing, and the same exam at the end."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engines.running.events import Events

if TYPE_CHECKING:
    from engines.live_training.family import Trainer

SETTLED = 20  # steps after which the pace says how many there will be


@dataclass(frozen=True)
class Terms:
    """What each entry gets."""

    seconds: float  # of computing, from its first step on
    exams: int = 4  # at the end, each of fresh noise
    pictures: int = 500  # of each exam: some families draw slowly


class Budget:
    """When a training is over: after its config's steps; in a race, when its seconds of computing are used up.

    In a race its time stands still while others have their turn, and how far the training has come, by which learning
    rates fall, is how much of its time it has used.
    """

    def __init__(self, trainer: Trainer, terms: Terms | None) -> None:
        self.trainer, self.terms = trainer, terms
        self._spent, self._since = 0.0, time.monotonic()
        trainer.planned = trainer.config.steps

    def now(self) -> float:
        """The time by which this training works, in seconds from anywhere."""
        running = time.monotonic() - self._since
        return self._spent + running if self.terms else time.monotonic()

    def over(self) -> bool:
        """Whether there is nothing left. To be asked before each step."""
        trainer = self.trainer
        if self.terms is None:
            return trainer.steps >= trainer.config.steps
        if self.now() >= self.terms.seconds:
            trainer.planned = trainer.steps
            return True
        if trainer.steps >= SETTLED:
            trainer.planned = max(trainer.steps + 1, round(trainer.steps * self.terms.seconds / self.now()))
        return False

    @property
    def steps(self) -> int:
        """How many steps there are to be, as far as one knows now."""
        return self.trainer.planned

    def timed(self, events: Events) -> Events:
        """Passes events and replies on; the time until a reply comes is not this training's."""
        reply, self._since = None, time.monotonic()
        while True:
            try:
                event = events.send(reply)
            except StopIteration as ended:
                return ended.value
            self._spent += time.monotonic() - self._since
            self._since = time.monotonic()  # for who asks for the time meanwhile
            reply = yield event
            self._since = time.monotonic()
