"""What a tracker takes, and how a run's events, or the board of an ended run, are told to one."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from engines.data.grids import Picture, encode_grid
from engines.running.board import Board
from engines.running.events import Event, Metrics, Resumed, Samples, Sheet, Written

PROJECT = "aigc-playground"
SAMPLES, WRITTEN = "samples", "written"  # the names of grids from fixed noise, and of texts from fixed starts


@dataclass(frozen=True)
class About:
    """The run that is told of."""

    id: str
    engine: str
    config: Mapping[str, Any]
    started: float  # seconds since 1970


class Tracker(Protocol):
    """Made from an About; for one thread. `when` is in seconds since 1970. Any call may raise anything."""

    def scalars(self, step: int, values: Mapping[str, float], when: float) -> None:
        """Numbers by name; all are finite."""

    def picture(self, step: int, name: str, picture: Picture, when: float) -> None:
        """An encoded picture."""

    def text(self, step: int, name: str, text: str, when: float) -> None:
        """A text of several lines."""

    def rewind(self, step: int, when: float) -> None:
        """What was told of later steps does not count: the run goes on from this one."""

    def close(self, state: str) -> None:
        """The run has ended in this state; write what is not written yet."""


def tell(tracker: Tracker, event: Event, when: float) -> None:
    """Pass an event on, if it is one of those that trackers know."""
    match event:
        case Metrics(step, values, group):
            _tell_numbers(tracker, step, group, values, when)
        case Samples(step, images, columns):
            tracker.picture(step, SAMPLES, encode_grid(images, columns), when)
        case Sheet(name, step, images, columns):
            tracker.picture(step, name, encode_grid(images, columns), when)
        case Written(step, texts):
            tracker.text(step, WRITTEN, "\n\n".join(texts), when)
        case Resumed(step):
            tracker.rewind(step, when)


def retell(tracker: Tracker, board: Board) -> None:
    """Tell what is kept of a run: its curves as they are drawn, its history of grids and texts."""
    pairs = board.times.pairs()

    def when(step: float) -> float:
        """As far as it is known; a run of before times were kept has them evenly spread."""
        last = board.progress.step if board.progress else 0
        if not pairs:
            return board.started + board.active_seconds * step / max(1, last)
        return board.started + next((seconds for at, seconds in pairs if at >= step), pairs[-1][1])

    for group, series in board.copy_series().items():
        for step, *values in series.rows:
            numbers = dict(zip(series.names, values, strict=True))
            _tell_numbers(tracker, round(step), group, numbers, when(step))
    for frame in board.frames():
        tracker.picture(frame.step, SAMPLES, frame.picture, when(frame.step))
    for written in board.writings.history():
        tracker.text(written.step, WRITTEN, "\n\n".join(written.texts), when(written.step))
    tracker.close(board.state)


def _tell_numbers(tracker: Tracker, step: int, group: str, values: Mapping[str, float], when: float) -> None:
    finite = {f"{group}/{name}": float(value) for name, value in values.items() if math.isfinite(value)}
    if finite:
        tracker.scalars(step, finite, when)
