"""The pictures of the plane that a run on points has shown: the real points, the newest pictures, a thinned history.

A run tells ten a second, more often than a page asks; so that a page can show each of them, some of the newest are
kept beside the history.
"""

from __future__ import annotations

import base64
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np

from engines.running.events import Ground, Plane

MAX_PLANES = 150  # of the history
LATEST = 24  # that are there for who asks every other second
BOUNDS = {  # of each array: its kind, the shape but for free lengths (None), and the most numbers in it
    "points": (np.uint16, (None, 2), 10_000),
    "centres": (np.uint16, (None, 2), 200),
    "samples": (np.uint16, (None, 2), 4_000),
    "covered": (np.uint8, (None,), 100),
    "field": (np.uint8, (None, None), 4_096),
    "arrows": (np.uint16, (None, None, 2, 2), 8_000),
    "paths": (np.uint16, (None, None, 2), 16_000),
}


class Planes:
    """For one who adds and any number who read."""

    def __init__(self) -> None:
        self.ground: Ground | None = None
        self.stride = 1  # of the history: every so many pictures one is kept
        self._seen = 0
        self._history: list[Plane] = []
        self._latest: deque[Plane] = deque(maxlen=LATEST)
        self._lock = threading.Lock()

    def __bool__(self) -> bool:
        return self.ground is not None

    @property
    def newest(self) -> Plane | None:
        """The last picture."""
        with self._lock:
            return self._latest[-1] if self._latest else None

    def latest(self) -> list[Plane]:
        """The newest pictures, all of them in order."""
        with self._lock:
            return list(self._latest)

    def history(self) -> list[Plane]:
        """The history in order, ending with the newest picture."""
        with self._lock:
            newest = [self._latest[-1]] if self._latest else []
            return [*(plane for plane in self._history if plane is not (newest or [None])[0]), *newest]

    def steps(self) -> str:
        """The steps of `history`, with commas."""
        return ",".join(str(plane.step) for plane in self.history())

    def add(self, event: Ground | Plane) -> None:
        """Take one event in. A picture of a step that was shown already takes its place."""
        if isinstance(event, Ground):
            self.ground = event
            return
        with self._lock:
            if self._latest and self._latest[-1].step == event.step:
                old = self._latest.pop()
                self._latest.append(event)
                if self._history and self._history[-1] is old:
                    self._history[-1] = event
                return
            self._latest.append(event)
            if self._seen % self.stride == 0:
                self._history.append(event)
            if len(self._history) > MAX_PLANES:
                self._history = self._history[::2]
                self.stride *= 2
            self._seen += 1

    def rewind(self, step: int) -> None:
        """Forget what came after `step`."""
        with self._lock:
            self._history = [plane for plane in self._history if plane.step <= step]
            left = [plane for plane in self._latest if plane.step <= step] or self._history[-1:]
            self._latest = deque(left, LATEST)
            self._seen = len(self._history) * self.stride

    # --- as arrays ------------------------------------------------------------------------------------------------

    def to_tensors(self) -> dict[str, np.ndarray]:
        """All of the history by names, for a run file."""
        ground = self.ground
        tensors = {"points": ground.points, "centres": ground.centres, "radius": np.float32([ground.radius])}
        for number, plane in enumerate(self.history()):
            tensors[f"{number}.step"] = np.int64([plane.step])
            tensors |= {f"{number}.{name}": value for name, value in _arrays(plane).items()}
        return tensors

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, np.ndarray], stride: int) -> Planes:
        """The inverse of to_tensors; any exception if the arrays, which a visitor may have made up, are others."""
        planes, (radius,) = cls(), tensors["radius"]
        if not 0 < float(radius) < 1:
            raise ValueError("not a radius")
        planes.add(Ground(_checked("points", tensors), _checked("centres", tensors), float(radius)))
        planes.stride = min(max(1, stride), 2**20)
        before = -1
        for number in range(MAX_PLANES + 1):
            if f"{number}.step" not in tensors:
                break
            (step,) = tensors[f"{number}.step"]
            own = {name: _checked(f"{number}.{name}", tensors) for name in BOUNDS if f"{number}.{name}" in tensors}
            plane = Plane(int(step), **own)
            if plane.step <= before or len(plane.covered) != len(planes.ground.centres):
                raise ValueError("not pictures in their order")
            before = plane.step
            planes._history.append(plane)
        planes._latest = deque(planes._history[-1:], LATEST)
        planes._seen = len(planes._history) * planes.stride
        return planes


def pack(event: Ground | Plane) -> dict[str, Any]:
    """The event as a page reads it: numbers, and of each array its shape and base64 of its bytes."""
    packed = {
        name: {"shape": value.shape, "data": base64.b64encode(np.ascontiguousarray(value).tobytes()).decode()}
        for name, value in _arrays(event).items()
    }
    return {**packed, "radius": event.radius} if isinstance(event, Ground) else {**packed, "step": event.step}


def _arrays(event: Ground | Plane) -> dict[str, np.ndarray]:
    values = {field.name: getattr(event, field.name) for field in fields(event)}
    return {name: value for name, value in values.items() if isinstance(value, np.ndarray)}


def _checked(name: str, tensors: Mapping[str, np.ndarray]) -> np.ndarray:
    """The array of that name; ValueError if it is not as BOUNDS says."""
    value, name = tensors[name], name.rpartition(".")[2]
    kind, shape, most = BOUNDS[name]
    fits = value.ndim == len(shape) and all(n in (None, m) for n, m in zip(shape, value.shape, strict=True))
    if value.dtype != kind or not fits or not 0 < value.size <= most:
        raise ValueError("not an array of the plane")
    if name == "field" and value.shape[0] != value.shape[1]:
        raise ValueError("not square")
    return value
