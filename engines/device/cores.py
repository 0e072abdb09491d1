"""How many threads to compute with: those cores that others leave idle.

Threads meet after every operation, thousands of times a second, and one that must wait for a core holds up
all: beside a busy process two threads on two cores were measured up to 50 times slower than one.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import torch

MOST = 8  # more threads than that only wait for each other in a small model
SECONDS = 0.3  # between looks
SPARE = 0.3  # of a core: what others may use before it counts as taken


class Neighbours:
    """Looks at what other processes do from its making on, until it is asked."""

    def __init__(self) -> None:
        self._began, self._busy, self._own = time.monotonic(), _busy_seconds(), time.process_time()

    def free(self) -> int:
        """Cores that others leave idle, at least 1; waits until it has looked for SECONDS.

        AIGC_CORES names a number to take instead, so that a seed repeats whatever else runs.
        """
        if (named := os.environ.get("AIGC_CORES", "")).isdecimal():
            return _left(os.cpu_count() or 1, (os.cpu_count() or 1) - int(named))
        time.sleep(max(0.0, self._began + SECONDS - time.monotonic()))
        seconds = time.monotonic() - self._began
        taken = (_busy_seconds() - self._busy - (time.process_time() - self._own)) / seconds
        return _left(os.cpu_count() or 1, taken)


class Cores:
    """Sets the number of threads of the thread that calls `share` between its steps."""

    def __init__(self) -> None:
        self._cores = min(MOST, os.cpu_count() or 1)
        self._threads = 1  # until it is known that others leave more
        self._looked, self._busy, self._own = time.monotonic(), _busy_seconds(), time.thread_time()
        torch.set_num_threads(1)

    def share(self) -> None:
        """Look at how busy the computer is, now and then, and use as many threads as have a core of their own."""
        now = time.monotonic()
        if now - self._looked < SECONDS:
            return
        busy, own = _busy_seconds(), time.thread_time()
        taken = (busy - self._busy - self._threads * (own - self._own)) / (now - self._looked)  # cores, by others
        self._looked, self._busy, self._own = now, busy, own
        threads = _left(self._cores, taken)
        if threads != self._threads:
            torch.set_num_threads(threads)
            self._threads = threads


def _left(cores: int, taken: float) -> int:
    """Whole cores that are left of so many."""
    return max(1, min(cores, int(cores - taken + SPARE)))


def _busy_seconds() -> float:
    """CPU seconds that all cores have worked since the start; 0 where that is not told."""
    try:
        numbers = [int(word) for word in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    except (OSError, ValueError):
        return 0.0
    return (sum(numbers) - numbers[3] - numbers[4]) / os.sysconf("SC_CLK_TCK")
