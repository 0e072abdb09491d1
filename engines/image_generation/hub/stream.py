"""A blocking job, such as a diffusers pipeline's call, as a generator of the events that it emits."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator

from engines.messages import Message
from engines.running.events import Event, Note, Progress

BEAT = 0.25  # seconds without an event after which the latest is yielded again, so that a stop is heard
Emit = Callable[[Event], None]  # raises Interrupted once the person asked to stop


class Interrupted(Exception):
    """The person asked to stop."""


def stream(work: Callable[[Emit], None], first: Event) -> Generator[Event, bool, None]:
    """Run work(emit) in a thread and yield what it emits; when nothing comes for a while, the latest step or note.

    Told to stop, the next emit raises Interrupted inside the work, which is waited for; it is raised here as well.
    """
    events: queue.SimpleQueue[Event | BaseException | None] = queue.SimpleQueue()
    stopped = threading.Event()

    def emit(event: Event) -> None:
        if stopped.is_set():
            raise Interrupted
        events.put(event)

    def run() -> None:
        try:
            work(emit)
            events.put(None)
        except BaseException as problem:
            events.put(problem)

    thread = threading.Thread(target=run, name="drawing", daemon=True)
    thread.start()
    try:
        event: Event | BaseException | None = first
        latest = first
        while True:
            if isinstance(event, (Note, Progress)):
                latest = event
            if (yield event):
                stopped.set()
                latest = Note(Message("Stopping after this step"))
            try:
                event = events.get(timeout=BEAT)
                while stopped.is_set() and event is not None and not isinstance(event, BaseException):
                    event = events.get(timeout=BEAT)  # what was emitted before the stop is of no use now
            except queue.Empty:
                event = latest
            if event is None:
                return
            if isinstance(event, BaseException):
                raise event
    finally:
        stopped.set()
        thread.join()
