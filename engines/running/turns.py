"""The turns of a race: several runs share one place at the device, a few seconds each; their workers stay alive."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from engines.running.slots import Moved, Slots, Ticket

TURN_SECONDS = 4.0


class _Whole:
    """The race as a board, for the estimate of those who wait behind it."""

    engine = "race"

    def __init__(self, seconds: float) -> None:
        self._seconds, self._began, self.active_seconds = seconds, time.monotonic(), 0.0

    def seconds_left(self) -> float:
        """What is left if it has been computing since."""
        return max(0.0, self._seconds - (time.monotonic() - self._began))


class Turns:
    """For the runs of one race what Slots is for others: whose turn is over gives the place to the next in turn."""

    def __init__(self, slots: Slots, owner: str, seconds: float) -> None:
        """`seconds` is how long the race will take about, for those who wait behind it."""
        self._slots = slots
        self._place = Ticket(owner, _Whole(seconds))  # the one at the device
        self._held = self._asking = False
        self._at_work: Ticket | None = None
        self._waiting: list[Ticket] = []
        self._began = 0.0
        self._changed = threading.Condition()

    def acquire(self, ticket: Ticket, moved: Moved, gave_up: Callable[[], bool]) -> bool:
        """Wait for one's turn; as Slots.acquire, with the place of the whole race in line."""
        with self._changed:
            self._waiting.append(ticket)
            try:
                while not gave_up():
                    if not self._held and not self._asking:
                        self._ask(moved, gave_up)
                    elif self._held and self._at_work is None and self._waiting[0] is ticket:
                        self._at_work, self._began = ticket, time.monotonic()
                        return True
                    else:
                        self._changed.wait(0.5)
                return False
            finally:
                self._waiting.remove(ticket)
                self._free()

    def _ask(self, moved: Moved, gave_up: Callable[[], bool]) -> None:
        """Wait in line with the others' runs for the race's place; who began to wait does it for all."""
        self._asking = True
        self._changed.release()
        try:
            entered = self._slots.acquire(self._place, moved, gave_up)
        finally:
            self._changed.acquire()
            self._asking = False
            self._changed.notify_all()
        self._held = entered

    def release(self, ticket: Ticket) -> None:
        """The turn is over, or the run has ended."""
        with self._changed:
            self._at_work = None
            self._free()

    def _free(self) -> None:
        """Give the race's place back when nobody wants it, as when all have ended or pause."""
        if self._held and self._at_work is None and not self._waiting:
            self._held = False
            self._slots.release(self._place)
        self._changed.notify_all()

    def over(self, ticket: Ticket) -> bool:
        """Whether it is another one's turn."""
        return bool(self._waiting) and time.monotonic() - self._began >= TURN_SECONDS

    def remember(self, engine: str, seconds: float) -> None:
        """How long an entry took says nothing of a run by itself."""
