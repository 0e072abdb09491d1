"""What a language model in training wrote from its fixed starts: the newest texts, and a thinned history."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any

from engines.running.events import Written

MAX_WRITINGS = 120  # of the history
MAX_TEXTS = 12  # at a step
MAX_LETTERS = 600  # characters of a text; more is cut


class Writings:
    """For one who adds and any number who read. Whatever comes, it holds at most a few megabytes."""

    def __init__(self) -> None:
        self.stride = 1  # of the history: every so many writings one is kept
        self.newest: Written | None = None
        self._seen = 0
        self._history: list[Written] = []
        self._lock = threading.Lock()

    def __bool__(self) -> bool:
        return self.newest is not None

    def history(self) -> list[Written]:
        """The history in order, ending with the newest."""
        with self._lock:
            newest = [self.newest] if self.newest else []
            return [*(each for each in self._history if each is not self.newest), *newest]

    def steps(self) -> str:
        """The steps of `history`, with commas."""
        return ",".join(str(each.step) for each in self.history())

    def add(self, event: Written) -> None:
        """Take one in. What was written at a step that was shown already gives way to it."""
        event = _cut(event)
        with self._lock:
            old, self.newest = self.newest, event
            if old and old.step == event.step:
                if self._history and self._history[-1] is old:
                    self._history[-1] = event
                return
            if self._seen % self.stride == 0:
                self._history.append(event)
            if len(self._history) > MAX_WRITINGS:
                self._history = self._history[::2]
                self.stride *= 2
            self._seen += 1

    def rewind(self, step: int) -> None:
        """Forget what came after `step`."""
        with self._lock:
            self._history = [each for each in self._history if each.step <= step]
            if self.newest and self.newest.step > step:
                self.newest = self._history[-1] if self._history else None
            self._seen = len(self._history) * self.stride

    # --- as JSON --------------------------------------------------------------------------------------------------

    def to_json(self) -> dict[str, Any]:
        """All of it, for a run file."""
        return {"stride": self.stride, "history": [pack(each) for each in self.history()]}

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> Writings:
        """The inverse of to_json; any exception if it is something else, which a visitor may have made up."""
        writings, before = cls(), -1
        for one in said["history"][: MAX_WRITINGS + 1]:
            event = _cut(Written(int(one["step"]), _texts(one["texts"]), _texts(one["starts"])))
            if event.step <= before:
                raise ValueError("not texts in their order")
            before = event.step
            writings._history.append(event)
        writings.stride = min(max(1, int(said["stride"])), 2**20)
        writings.newest = writings._history[-1] if writings._history else None
        writings._seen = len(writings._history) * writings.stride
        return writings


def pack(event: Written) -> dict[str, Any]:
    """The event as a page reads it and a run file keeps it."""
    return {"step": event.step, "texts": list(event.texts), "starts": list(event.starts)}


def _cut(event: Written) -> Written:
    texts, starts = (tuple(text[:MAX_LETTERS] for text in some[:MAX_TEXTS]) for some in (event.texts, event.starts))
    return Written(event.step, texts, starts)


def _texts(said: Sequence[Any]) -> tuple[str, ...]:
    """Texts, if they are some; ValueError if not."""
    if not isinstance(said, list) or not all(isinstance(text, str) for text in said):
        raise ValueError("not texts")
    "".join(said).encode()  # a half of a character is none
    return tuple(said)
