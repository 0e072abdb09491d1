"""Trainings that visitors take step by step: a few are kept, each under a key that only its visitor knows."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Any

from engines.messages import EngineError
from engines.points_training.bench import Bench
from engines.points_training.clouds import REACH

MOST = 30  # benches; each is of a megabyte or less with the widths that one uses


class Benches:
    """The benches of all visitors; the one longest unused goes first. For any number of threads."""

    def __init__(self) -> None:
        self._benches: OrderedDict[str, Bench] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: str) -> Bench:
        """The bench under this key; EngineError if there is none (any more)."""
        with self._lock:
            bench = self._benches.get(key)
            if bench is None:
                raise EngineError("This training is not kept any more; begin anew.")
            self._benches.move_to_end(key)
            return bench

    def keep(self, key: str, bench: Bench) -> None:
        """Keep a bench in the place of the one that was under the key."""
        with self._lock:
            self._benches[key] = bench
            self._benches.move_to_end(key)
            while len(self._benches) > MOST:
                self._benches.popitem(last=False)


def report(key: str, bench: Bench) -> dict[str, Any]:
    """What a script is told of a bench."""
    return {
        "bench": key,
        "config": bench.config.to_dict(),
        "step": bench.weights.step,
        "numbers": {name: float(value) for name, value in bench.numbers.items()},
        "alone": dict(bench.alone),
        "points": places(bench.plane.samples),
    }


def places(points: Any) -> list[list[float]]:
    """Places of the plane uint16 [N, 2] as numbers from -3 to 3."""
    return [[round(REACH * (2 * float(value) / 65535 - 1), 3) for value in point] for point in points]
