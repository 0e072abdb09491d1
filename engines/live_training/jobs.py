"""The parts of a training's work that recur on a clock, such as telling, showing and examining."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence
from typing import TYPE_CHECKING

from engines.live_training.diagnosis import diverged
from engines.messages import EngineError
from engines.running.clock import Clock
from engines.running.events import Event, Events

if TYPE_CHECKING:
    from engines.live_training.checkpoint import Checkpoints
    from engines.live_training.pace import Computing

Job = Generator[Event, bool, None]  # a part of the work, which may be left at any yield
Jobs = Sequence[tuple[Clock, Callable[[], Job]]]  # each is done when its clock says so


class Diverged(Exception):
    """A loss is not finite; `step` says when."""

    def __init__(self, step: int) -> None:
        super().__init__(step)
        self.step = step


def telling_divergence(events: Events) -> Events:
    """A training's events; where it raises Diverged, a last one says so, and the EngineError what to do."""
    try:
        return (yield from events)
    except Diverged as problem:
        yield diverged()
        raise EngineError(
            "At step {step} a loss was not a number any more: the training has diverged. Lower the learning rate and"
            " start again; what was made before is kept.",
            step=problem.step,
        ) from problem


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


def in_turns(
    over: Callable[[], bool], computing: Computing, checkpoints: Checkpoints, jobs: Jobs, asked: bool
) -> Generator[Event, bool, tuple[bool, bool]]:
    """Steps of a trainer until it is `over()`, and the jobs as they are due.

    Takes and returns whether a stop was asked for; returns also whether it cut the training short.
    """
    stop = False
    while not stop and not over():
        if computing.step():
            asked = (yield computing.caption()) or asked
        for clock, job in jobs:
            if clock.due():
                asked = (yield from each(job(), clock.done, asked)) or asked
        stop = checkpoints.meet(asked)
    checkpoints.mark(last=True)
    return asked, stop
