"""Turns: runs of a race, or of a room, share one place at the device, a few seconds each; their workers stay alive."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable

from engines.running.slots import Moved, Slots, Ticket

TURN_SECONDS = 4.0  # at most
ROUND_SECONDS, SHORTEST = 15.0, 0.5  # of many runs each turn is shorter, so that a round is not long


class _Whole:
    """The race or room as a board, for the estimate of those who wait behind it."""

    engine = "race"

    def __init__(self, seconds: float) -> None:
        self._seconds, self._began, self.active_seconds = seconds, time.monotonic(), 0.0

    def begin(self) -> None:
        """It has its place from now on."""
        self._began = time.monotonic()

    @property
    def seconds_since(self) -> float:
        """How long it has had its place."""
        return time.monotonic() - self._began

    def seconds_left(self) -> float:
        """What is left if it has been computing since."""
        return max(0.0, self._seconds - self.seconds_since)


class Turns:
    """For the runs of one race or room what Slots is for others: whose turn is over gives the place to the next."""

    def __init__(self, slots: Slots | Turns, owner: str, seconds: float, patient: bool = True) -> None:
        """`seconds` is how long the race will take about, for those who wait behind it.

        If it is not `patient`, which a room is not, it lets others in line go on before it after so many seconds. A
        race in a room has the room's turns as its `slots`.
        """
        self._slots, self._most = slots, math.inf if patient else seconds
        self._place = Ticket(owner, _Whole(seconds))  # the one at the device
        self._held = self._asking = False
        self._at_work: Ticket | None = None
        self._waiting: list[Ticket] = []
        self._began = self._before = 0.0  # when the turn began, and the seconds computed before it
        self._changed = threading.Condition()

    def acquire(self, ticket: Ticket, moved: Moved, gave_up: Callable[[], bool]) -> bool:
        """Wait for one's turn; as Slots.acquire, with the place of the whole race in line.

        Who has computed least is next, as in fair queueing: one that just came, or paused, has as much behind it as
        the least of the others, so that it gets no more than they do from now on.
        """
        with self._changed:
            others = [*self._waiting, *([self._at_work] if self._at_work else [])]
            ticket.since = max(ticket.since, min((other.since for other in others), default=0))
            self._waiting.append(ticket)
            try:
                while not gave_up():
                    if not self._held and not self._asking:
                        self._ask(moved, gave_up)
                    elif self._held and self._at_work is None and self._next() is ticket:
                        self._at_work, self._began = ticket, time.monotonic()
                        self._before = ticket.board.active_seconds
                        return True
                    else:
                        self._changed.wait(0.5)
                return False
            finally:
                self._waiting.remove(ticket)
                self._free()

    def _next(self) -> Ticket:
        """Whose turn it is: of those that had least, the one who waited longest."""
        return min(self._waiting, key=lambda ticket: ticket.since)

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
        if entered:
            self._place.board.begin()

    def release(self, ticket: Ticket) -> None:
        """The turn is over, or the run has ended."""
        with self._changed:
            computed = ticket.board.active_seconds - self._before
            ticket.since += computed
            self._place.board.active_seconds += computed
            self._at_work = None
            self._free()

    def _free(self) -> None:
        """Give the place back when nobody wants it, as when all have ended or pause, or when others come first."""
        if self._held and self._at_work is None and (not self._waiting or self._others_first()):
            self._held = False
            self._slots.release(self._place)
        self._changed.notify_all()

    def over(self, ticket: Ticket) -> bool:
        """Whether it is another one's turn, here or in what this has its place from."""
        turn = min(TURN_SECONDS, max(SHORTEST, ROUND_SECONDS / (1 + len(self._waiting))))
        mine_is_over = bool(self._waiting) and time.monotonic() - self._began >= turn
        return mine_is_over or self._others_first()

    def _others_first(self) -> bool:
        long_enough = self._place.board.seconds_since >= self._most and self._slots.waiting() > 0
        return long_enough or self._slots.over(self._place)

    def waiting(self) -> int:
        """How many wait for their turn."""
        return len(self._waiting)

    def remember(self, engine: str, seconds: float) -> None:
        """How long an entry took says nothing of a run by itself."""
