"""A fair line for the places at the device, and how long one will wait in it."""

from __future__ import annotations

import heapq
import itertools
import math
import threading
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Sequence

from engines.running.board import Board

REMEMBERED = 20  # ended runs of an engine behind its usual duration
LOOK_AGAIN = 5.0  # seconds after which one in line estimates anew
ROUND = 10.0  # seconds to which a wait is rounded, so that it is not told anew for nothing

Moved = Callable[[int, "float | None"], None]


class Ticket:
    """A run's claim to a place: whose it is, and the board that tells how far it is."""

    def __init__(self, owner: str, board: Board) -> None:
        self.owner, self.board = owner, board
        self.since = 0.0  # its turn; lower is earlier


class Slots:
    """`count` places at the device. Visitors take turns: one's second run waits behind others' first ones."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._turns = itertools.count()
        self._line: list[Ticket] = []
        self._at_work: list[Ticket] = []
        self._durations: dict[str, deque[float]] = defaultdict(lambda: deque(maxlen=REMEMBERED))
        self._changed = threading.Condition()

    def acquire(self, ticket: Ticket, moved: Moved, gave_up: Callable[[], bool]) -> bool:
        """Wait for a place; `moved(position, seconds)` tells the place in line and the wait, None if unknown.

        False if `gave_up()` came true.
        """
        told = None
        with self._changed:
            ticket.since = next(self._turns)
            self._line.append(ticket)
            try:
                while not gave_up():
                    order = self._in_order()
                    position = order.index(ticket) + 1
                    if position == 1 and len(self._at_work) < self._count:
                        self._at_work.append(ticket)
                        return True
                    place = position, self._wait_behind(order[: position - 1])
                    if place != told:
                        moved(*place)
                        told = place
                    self._changed.wait(LOOK_AGAIN)
                return False
            finally:
                self._line.remove(ticket)
                self._changed.notify_all()

    def release(self, ticket: Ticket) -> None:
        """Give the place back; the owner's next run then waits behind all who wait now, and before later ones."""
        with self._changed:
            self._at_work.remove(ticket)
            for waiting in sorted(self._line, key=lambda other: other.since):
                if waiting.owner == ticket.owner:
                    waiting.since = next(self._turns)
            self._changed.notify_all()

    def over(self, ticket: Ticket) -> bool:
        """Whether a run must let others go on; here each keeps its place until it ends or pauses. See turns.py."""
        return False

    def wake(self) -> None:
        """Let those in line look again whether they gave up."""
        with self._changed:
            self._changed.notify_all()

    def waiting(self) -> int:
        """How many are in line."""
        with self._changed:
            return len(self._line)

    def remember(self, engine: str, seconds: float) -> None:
        """Learn how long a run of this engine took that has ended."""
        with self._changed:
            self._durations[engine].append(seconds)

    def _in_order(self) -> list[Ticket]:
        """The line: first each owner's first run, then each one's second; the earlier before the later."""
        before = Counter(ticket.owner for ticket in self._at_work)
        keys: dict[Ticket, tuple[int, int]] = {}
        for ticket in sorted(self._line, key=lambda ticket: ticket.since):
            keys[ticket] = (before[ticket.owner], ticket.since)
            before[ticket.owner] += 1
        return sorted(keys, key=keys.__getitem__)

    def _wait_behind(self, ahead: Sequence[Ticket]) -> float | None:
        """Seconds until those at work and those `ahead` leave a place free, None while unknown."""
        free_in = [self._left(ticket.board) for ticket in self._at_work]
        free_in += [0.0] * (self._count - len(free_in))
        heapq.heapify(free_in)
        for ticket in ahead:
            heapq.heapreplace(free_in, free_in[0] + self._left(ticket.board))
        return ROUND * math.ceil(free_in[0] / ROUND) if math.isfinite(free_in[0]) else None

    def _left(self, board: Board) -> float:
        """Seconds of work left: by the run's own pace, else by the usual duration; infinite while unknown."""
        seconds = board.seconds_left()
        if seconds is not None:
            return seconds
        known = self._durations.get(board.engine)
        return max(0.0, sum(known) / len(known) - board.active_seconds) if known else math.inf
