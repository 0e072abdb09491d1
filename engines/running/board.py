"""The board: the small, thinned state of a run that any number of viewers may read.

The engine's thread folds events in; viewers ask whether the version has changed and take what is new. Whatever
the length of a run, a series has at most MAX_POINTS points and the history at most MAX_FRAMES grids.
"""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

from engines.data.grids import Picture, encode_grid
from engines.messages import Message
from engines.running.events import (
    Bars,
    Caption,
    Download,
    Evaluation,
    Event,
    Ground,
    Metrics,
    Note,
    Plane,
    Progress,
    Reference,
    Resumed,
    Samples,
    Scatter,
    Shares,
    Sheet,
    Verdict,
    Weights,
    Written,
)
from engines.running.shown.exhibits import MAX_EXHIBITS, Exhibit, exhibit
from engines.running.shown.moments import Moments
from engines.running.shown.planes import Planes
from engines.running.shown.times import Times
from engines.running.shown.writings import Writings

MAX_POINTS = 1000
MAX_FRAMES = 120

LIVE_STATES = ("queued", "running", "pausing", "paused", "stopping")
ENDED_STATES = ("finished", "stopped", "failed", "interrupted")  # the last may be resumed


class Series:
    """Named columns over steps in stable bins: point i is the mean of `width` reports, for good.

    When there are MAX_POINTS points, neighbours are merged in pairs and `width` doubles, so a drawn curve
    never wobbles as it grows.
    """

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names
        self.width = 1
        self.rows: list[tuple[float, ...]] = []  # (step, value of each name)
        self._open: list[tuple[float, ...]] = []

    def append(self, step: int, values: Mapping[str, float]) -> None:
        """Add one report; values of unknown names are dropped, missing ones become NaN."""
        self._open.append((step, *(float(values.get(name, math.nan)) for name in self.names)))
        if len(self._open) == self.width:
            self.rows.append(_mean(self._open))
            self._open = []
        if len(self.rows) == MAX_POINTS:
            pairs = zip(self.rows[::2], self.rows[1::2], strict=True)
            self.rows = [_mean(pair) for pair in pairs]
            self.width *= 2

    def rewind(self, step: int) -> None:
        """Forget the reports after `step`."""
        self.rows = [row for row in self.rows if row[0] <= step]
        self._open = []

    def since(self, cursor: tuple[int, int, int]) -> dict[str, Any] | None:
        """What a viewer that has `count` points of `width`, the last at `step`, lacks, or None.

        One whose points are not these, as after a rewind, gets all anew. Columns are comma strings.
        """
        width, count, step = cursor
        known = 0 < count <= len(self.rows) and round(self.rows[count - 1][0]) == step
        start = count if width == self.width and known else 0
        new = self.rows[start:]
        if not new and width == self.width and count == len(self.rows):
            return None
        columns = {name: ",".join(f"{row[i + 1]:.4g}" for row in new) for i, name in enumerate(self.names)}
        steps = ",".join(f"{row[0]:.0f}" for row in new)
        return {"width": self.width, "start": start, "steps": steps, "columns": columns}

    def copy(self) -> Series:
        """The points so far, to read from; not to append to."""
        other = Series(self.names)
        other.width, other.rows = self.width, list(self.rows)
        return other


def _mean(rows: Sequence[tuple[float, ...]]) -> tuple[float, ...]:
    """Column means; the step is the last one, so that the newest point sits at the newest step."""
    return (rows[-1][0], *(sum(column) / len(rows) for column in list(zip(*rows, strict=True))[1:]))


@dataclass(frozen=True)
class Frame:
    """One grid of the history."""

    step: int
    picture: Picture


@dataclass
class Board:
    """State of one run. `fold` and `set_state` are called by the run's thread, a Caption and the rest by any.

    A new name in a table makes a new table, since readers may be looping over the old one.
    """

    engine: str
    config: dict[str, Any]
    state: str = "queued"
    position: int = 0  # in the queue; 1 is next
    wait_seconds: float | None = None  # estimated, in the queue; None while unknown
    note: Message | None = None
    error: Message | None = None
    download: Download | None = None  # only while one is on its way
    progress: Progress | None = None
    verdict: Verdict | None = None
    shares: Shares | None = None
    exhibits: dict[str, Exhibit] = field(default_factory=dict)
    planes: Planes = field(default_factory=Planes)
    writings: Writings = field(default_factory=Writings)
    moments: Moments = field(default_factory=Moments)
    times: Times = field(default_factory=Times)
    reference: Picture | None = None
    latest: Frame | None = None
    history: list[Frame] = field(default_factory=list)
    series: dict[str, Series] = field(default_factory=dict)
    captions: dict[str, Message] = field(default_factory=dict)
    weights: Weights | None = None
    evaluations: dict[str, Evaluation] = field(default_factory=dict)
    started: float = field(default_factory=time.time)
    active_seconds: float = 0.0  # time spent running, pauses left out
    version: int = 1

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._pace: deque[tuple[float, int]] = deque(maxlen=20)  # (active seconds, step)
        self.stride = 1  # of the history: every so many grids one is kept
        self.frames_seen = 0

    # --- written by the run ---------------------------------------------------------------------------

    def fold(self, event: Event) -> None:
        """Take one event in."""
        match event:
            case Note(message):
                self.note, self.download = message, None
            case Download():
                self.download = event
            case Resumed(step, apart):
                self.rewind(step, apart)
            case Progress():
                self.progress, self.note, self.download = event, None, None
                self._pace.append((self.active_seconds, event.step))
                self.times.add(event.step, self.active_seconds)
            case Metrics(step, values, group):
                with self._lock:
                    if group not in self.series:
                        self.series = {**self.series, group: Series(tuple(values))}
                    self.series[group].append(step, values)
            case Caption(group, message):
                with self._lock:  # votes come beside the engine
                    self.captions = {**self.captions, group: message}
            case Samples(step, images, columns):
                self.add_frame(Frame(step, encode_grid(images, columns)))
            case Reference(images, columns):
                self.reference = encode_grid(images, columns)
            case Shares():
                self.shares = event
            case Sheet(name) | Bars(name) | Scatter(name):
                if name in self.exhibits or len(self.exhibits) < MAX_EXHIBITS:
                    self.exhibits = {**self.exhibits, name: exhibit(event)}
            case Ground() | Plane():
                self.planes.add(event)
            case Written():
                self.writings.add(event)
            case Verdict():
                self.verdict = event
            case Evaluation(name):
                self.evaluations = {**self.evaluations, name: event}
                self.note = None
            case Weights():
                self.weights = event
                if event.lasting:
                    self.moments.add(event)
                return  # nothing that a viewer sees
        self._publish()

    def add_frame(self, frame: Frame) -> None:
        """Make `frame` the newest, and keep it in the history if it falls on the history's stride.

        The last one of the same step gives way to it.
        """
        with self._lock:
            self.latest = frame
            if self.history and self.history[-1].step == frame.step:
                self.history[-1] = frame
                return
            if self.frames_seen % self.stride == 0:
                self.history.append(frame)
            if len(self.history) > MAX_FRAMES:
                self.history = self.history[::2]
                self.stride *= 2
            self.frames_seen += 1

    def rewind(self, step: int, apart: Collection[str] = ()) -> None:
        """Forget what came after `step`, from which a run goes on, but for the metrics of the groups `apart`."""
        with self._lock:
            for group, series in self.series.items():
                if group not in apart:
                    series.rewind(step)
            self.planes.rewind(step)
            self.writings.rewind(step)
            self.moments.rewind(step)
            self.times.rewind(step)
            self.history = [frame for frame in self.history if frame.step <= step]
            self.frames_seen = len(self.history) * self.stride
            if self.latest and self.latest.step > step:
                self.latest = self.history[-1] if self.history else None
            if self.progress:
                self.progress = replace(self.progress, step=min(step, self.progress.step))
            self._pace.clear()

    def become(self, other: Board) -> None:
        """Show what `other` shows, a newer reading of the same run's files; `other` is not used any more."""
        with self._lock:
            for item in fields(other):
                if item.name != "version":
                    setattr(self, item.name, getattr(other, item.name))
            if self.progress:
                self._pace.append((self.active_seconds, self.progress.step))
        self._publish()

    def set_state(
        self, state: str, *, position: int = 0, wait_seconds: float | None = None, error: Message | None = None
    ) -> None:
        """Change the run's state."""
        self.state, self.position, self.wait_seconds = state, position, wait_seconds
        self.error = error or self.error
        if self.ended and self.verdict:
            self.verdict = self.verdict.ended()
        self._publish()

    def _publish(self) -> None:
        with self._lock:
            self.version += 1

    # --- read by viewers --------------------------------------------------------------------------------

    @property
    def ended(self) -> bool:
        """Whether nothing more will come."""
        return self.state in ENDED_STATES

    def frame_at(self, step: int) -> Frame | None:
        """The kept grid of `step`, the newest included."""
        with self._lock:
            candidates = [*self.history, *([self.latest] if self.latest else [])]
        return next((frame for frame in candidates if frame.step == step), None)

    def frames(self) -> list[Frame]:
        """The history in order, ending with the newest grid."""
        with self._lock:
            frames = list(self.history)
            if self.latest and (not frames or frames[-1].step != self.latest.step):
                frames.append(self.latest)
        return frames

    def copy_series(self) -> dict[str, Series]:
        """Every group's series as it is now; the copies do not grow."""
        with self._lock:
            return {group: series.copy() for group, series in self.series.items()}

    def steps_per_second(self) -> float:
        """Pace over the last few seconds of work, pauses left out; 0 while unknown."""
        with self._lock:
            if len(self._pace) < 2:
                return 0.0
            (time_from, step_from), (time_to, step_to) = self._pace[0], self._pace[-1]
        return (step_to - step_from) / max(1e-9, time_to - time_from)

    def seconds_left(self) -> float | None:
        """Estimated seconds of work left, None while unknown or when ended."""
        pace = self.steps_per_second()
        if self.ended or not pace:
            return None
        return max(0, self.progress.total - self.progress.step) / pace
