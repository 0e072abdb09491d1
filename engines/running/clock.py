"""Says when a recurring piece of work is due."""

from __future__ import annotations

import time
from collections.abc import Callable


class Clock:
    """Says when something is due: first after `wait` seconds, then every `seconds`, but taking at most `share` of the
    time.
    """

    def __init__(
        self, seconds: float, share: float = 0.05, wait: float = 0.0, now: Callable[[], float] | None = None
    ) -> None:
        """`now` is the time by which it goes, if not the machine's."""
        self.seconds, self.share, self._now = seconds, share, now or (lambda: time.monotonic())
        self._began = self._now()
        self._next = self._began + wait

    def due(self) -> bool:
        """Whether it is time; the work is then taken to begin."""
        self._began = self._now()
        return self._began >= self._next

    def done(self, took: float | None = None) -> None:
        """The work that `due` allowed has ended. It took so many seconds, or all that have passed since."""
        took = self._now() - self._began if took is None else took
        self._next = self._began + max(self.seconds, took / self.share)
