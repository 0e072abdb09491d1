"""How long a run will take, by those that computed here before with settings alike."""

from __future__ import annotations

import statistics
from collections.abc import Iterable

from engines.knobs import Config
from engines.messages import Message
from engines.running.run import Run

NEWEST = 3  # runs that are looked at: the machine may have become busier, or free
LEAST = 0.1  # of a run: one that ended before tells too little


def usual_seconds(config: Config, before: Iterable[Run]) -> float | None:
    """Seconds that a run with this config computes; None if none of the runs `before`, oldest first, was alike."""
    told = [
        _seconds_in_all(run) / _length(run.config) * _length(config)
        for run in before
        if config.paced_like(run.config) and _seconds_in_all(run)
    ]
    return statistics.median(told[-NEWEST:]) if told else None


def _length(config: Config) -> float:
    """The setting that a run's time grows with."""
    return getattr(config, config.time_of[0])


def _seconds_in_all(run: Run) -> float:
    """Of a run to its last step, pauses left out; 0 where that can't be told."""
    progress = run.board.progress
    done = progress.step / max(1, progress.total) if progress and run.board.ended else 0.0
    return run.board.active_seconds / done if done >= LEAST else 0.0


def words_for_usual(seconds: float) -> Message:
    """The same as a sentence."""
    if seconds < 55:
        return Message("With these settings a run took about {n} s on this machine.", n=max(5, 5 * round(seconds / 5)))
    if seconds < 5400:
        return Message("With these settings a run took about {n} min on this machine.", n=max(1, round(seconds / 60)))
    return Message("With these settings a run took about {n} h on this machine.", n=f"{seconds / 3600:.1f}")
