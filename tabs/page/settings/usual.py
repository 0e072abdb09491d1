"""How long a run will take, by those that computed here before with settings alike."""

from __future__ import annotations

import statistics
from collections.abc import Iterable

from engines.knobs import Config
from engines.messages import Message
from engines.running.run import Run

NEWEST = 3  # runs that are looked at: the machine may have become busier, or free
FURTHER = 10.0  # times as far as a run came: of more it tells too little, since it had to begin as well


def usual_seconds(config: Config, before: Iterable[Run]) -> float | None:
    """Seconds that a run with this config computes; None if none of the runs `before`, oldest first, was alike."""
    told = []
    for run in before:
        done = _done(run) if config.paced_like(run.config) else 0.0
        if 0 < _length(config) <= FURTHER * done:
            told.append(run.board.active_seconds / done * _length(config))
    return statistics.median(told[-NEWEST:]) if told else None


def _length(config: Config) -> float:
    """The setting that a run's time grows with."""
    return getattr(config, config.time_of[0])


def _done(run: Run) -> float:
    """How much of that setting an ended run had done; 0 where that can't be told."""
    progress = run.board.progress
    return progress.step / max(1, progress.total) * _length(run.config) if progress and run.board.ended else 0.0


def words_for_usual(seconds: float) -> Message:
    """The same as a sentence."""
    if seconds < 55:
        return Message("With these settings a run took about {n} s on this machine.", n=max(5, 5 * round(seconds / 5)))
    if seconds < 5400:
        return Message("With these settings a run took about {n} min on this machine.", n=max(1, round(seconds / 60)))
    return Message("With these settings a run took about {n} h on this machine.", n=f"{seconds / 3600:.1f}")
