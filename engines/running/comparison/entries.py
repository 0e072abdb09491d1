"""One run in a comparison: what it is measured on, and where it stands on each axis."""

from __future__ import annotations

import bisect
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from typing import Any

from engines.knobs import Config
from engines.messages import Message, listed
from engines.running.board import Board, Series
from engines.running.comparison.measures import Measure
from engines.running.events import COMPUTED

NAMES = ("A", "B", "C", "D")
MOST = len(NAMES)  # runs in a comparison
STEPS, SECONDS, PICTURES = "steps", "seconds", "pictures"
AXES = (STEPS, SECONDS, PICTURES)
OWN = "own"  # begins the name of data that a visitor brought


@dataclass(frozen=True)
class Entry:
    """A run under one of NAMES; `title` says what kind of model it is. For one moment: its board may go on."""

    name: str
    title: str
    config: Config
    board: Board

    @cached_property
    def series(self) -> Mapping[str, Series]:
        """Every group's series as they were at first sight."""
        return self.board.copy_series()

    @cached_property
    def times(self) -> list[tuple[int, float]]:
        """Pairs of step and seconds; a run of before these were kept has none."""
        return self.board.times.pairs()

    @property
    def batch(self) -> int:
        """Pictures, or texts, of a step."""
        return getattr(self.config, "batch", 1)

    @property
    def computed(self) -> Message | None:
        """How it is computed, where it told."""
        return self.board.captions.get(COMPUTED)

    def place(self, step: float, axis: str) -> float | None:
        """Where a step lies on an axis; None if that is not known."""
        if axis == STEPS:
            return step
        if axis == PICTURES:
            return step * self.batch
        if not self.times:
            return None
        steps, seconds = zip(*self.times, strict=True)
        i = min(max(1, bisect.bisect_left(steps, step)), len(steps) - 1)
        if i == 0 or step >= steps[-1]:
            return seconds[-1]
        share = (step - steps[i - 1]) / (steps[i] - steps[i - 1])
        return max(0.0, seconds[i - 1] + share * (seconds[i] - seconds[i - 1]))

    # --- what it can be compared with -------------------------------------------------------------------------

    @cached_property
    def data(self) -> tuple[Any, ...]:
        """The same for runs that are measured on the same data; an upload is known by what can be seen of it."""
        settings = [(name, getattr(self.config, name)) for name in self.config.data_of]
        own = any(isinstance(value, str) and value.startswith(OWN) for _, value in settings)
        return (*settings, self._upload() if own else "")

    @cached_property
    def data_title(self) -> Message:
        """The data in words, such as Fashion-MNIST, 28 px."""
        knobs, words = self.config.knobs(), []
        for name in self.config.data_of:
            value = getattr(self.config, name)
            if knobs[name].choices:
                words.append(knobs[name].choices[value])
            elif value:
                words.append(Message("{field}: {value}", field=Message(knobs[name].label), value=value))
        return listed(words)

    def key(self, group: str, measure: Measure) -> tuple[Any, ...]:
        """The same for runs whose numbers of this group can be compared: of data, measured and meant alike."""
        caption = self.board.captions.get(group)
        key = (self.data, caption.template if caption else "")
        return (*key, self.board.engine, self.losses) if measure.own else key

    @property
    def losses(self) -> tuple[Any, ...]:
        """What its losses depend on."""
        return tuple(getattr(self.config, name) for name in self.config.loss_of)

    def _upload(self) -> str:
        board, seen = self.board, blake2b(digest_size=12)
        if board.reference:
            seen.update(board.reference.data)
        elif board.evaluations:
            seen.update(repr([each.rows for each in board.evaluations.values()]).encode())
        else:
            seen.update(repr(board.captions.get("losses")).encode())
        return seen.hexdigest()
