"""An engine in one process, its caller in another: both ends of the line between them.

Each event waits for the caller's reply, as in one process: without it the engine does not go on, as in a pause, and
when the caller hangs up, it is closed. What carries events and replies is the business of pool.py and zero_gpu.py.
"""

from __future__ import annotations

import contextlib
import enum
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from engines.messages import EngineError, Message, PlaygroundError
from engines.running.events import Event, Events

OVERTIME = Message("It has computed for as long as a run may here, so it was stopped; everything is kept.")

NO_MEMORY = Message(
    "The memory that this may take here is used up. Choose a smaller model, a smaller batch or smaller pictures."
)


class WorkerLostError(EngineError):
    """The process that computed something is gone; what it had saved is there."""


class Reply(enum.Enum):
    """What the caller says to an event."""

    GO = 0
    STOP = 1
    OVER = 2  # the time is over, and it said nothing
    GONE = 3  # it hung up


@dataclass(frozen=True)
class Ended:
    """The last thing that comes: what the engine returned or raised, or why it was told to stop."""

    value: Any = None
    problem: Exception | None = None


def serve(events: Events, reply: Callable[[], Reply]) -> Iterator[Event | Ended]:
    """The engine's side: its events, each told before `reply()` is asked for, and at last how it Ended.

    A problem that is not meant for a person may not be picklable; its trace is told in its place.
    """
    stop = why = None
    with contextlib.closing(events):
        while True:
            try:
                event = events.send(stop)
            except StopIteration as ended:
                yield Ended(why or ended.value)
                return
            except PlaygroundError as problem:
                yield Ended(problem=problem)
                return
            except MemoryError:
                yield Ended(problem=EngineError(NO_MEMORY))
                return
            except Exception:
                yield Ended(problem=RuntimeError(f"in the engine's process:\n{traceback.format_exc()}"))
                return
            yield event
            said = reply()
            if said is Reply.GONE:
                return
            if said is Reply.OVER and not stop:
                why = OVERTIME
            stop = said is not Reply.GO


def relay(told: Iterator[Event | Ended], answer: Callable[[bool], None]) -> Events:
    """The caller's side: yields what is `told`, `answer`s, and returns or raises what the engine did."""
    event = next(told, Ended())
    while not isinstance(event, Ended):
        stop = yield event
        with contextlib.suppress(OSError):  # its time is over, and it listens no more
            answer(bool(stop))
        event = next(told, Ended())
    if event.problem:
        raise event.problem
    return event.value
