"""The parts of a training's work that recur on a clock, such as telling, showing and examining."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator

from engines.running.events import Event

Job = Generator[Event, bool, None]  # a part of the work, which may be left at any yield


class Diverged(Exception):
    """A loss is not finite; `step` says when."""

    def __init__(self, step: int) -> None:
        super().__init__(step)
        self.step = step


def each(
    job: Job, done: Callable[[float], None] = lambda seconds: None, asked: bool = False
) -> Generator[Event, bool, bool]:
    """Passes on what a job yields, and the replies; returns whether a stop was asked for, at first if `asked`.

    `done` is told how long the job took, without the yields, which may be long pauses.
    """
    took, stop, reply = 0.0, asked, None
    while True:
        began = time.monotonic()
        try:
            event = job.send(reply)
        except StopIteration:
            done(took + time.monotonic() - began)
            return stop
        took += time.monotonic() - began
        stop = (yield event) or stop
        reply = stop
