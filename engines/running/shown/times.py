"""When a run was at which step, thinned: what turns an axis of steps into one of seconds."""

from __future__ import annotations

from collections.abc import Sequence

MAX_TIMES = 200


class Times:
    """Pairs of (step, seconds of work), pauses left out. For one who adds and any number who read."""

    def __init__(self) -> None:
        self._stride = 1  # every so many pairs one is kept
        self._seen = 0
        self._kept: list[tuple[int, float]] = []
        self._newest: tuple[int, float] | None = None

    def add(self, step: int, seconds: float) -> None:
        """Take one in; a step that was there already keeps its time."""
        if self._newest and step <= self._newest[0]:
            return
        self._newest = step, round(seconds, 3)
        if self._seen % self._stride == 0:
            self._kept = [*self._kept, self._newest] if len(self._kept) < MAX_TIMES else self._thinned()
        self._seen += 1

    def _thinned(self) -> list[tuple[int, float]]:
        self._stride *= 2
        return [*self._kept[::2], self._newest]

    def rewind(self, step: int) -> None:
        """Forget what came after `step`; the time that it took stays lost."""
        self._kept = [pair for pair in self._kept if pair[0] <= step]
        self._newest = self._kept[-1] if self._kept else None
        self._seen = len(self._kept) * self._stride

    def pairs(self) -> list[tuple[int, float]]:
        """In order, ending with the newest; seconds count from the first, since what comes before is preparation."""
        kept, newest = self._kept, self._newest
        pairs = [*kept, newest] if newest and (not kept or kept[-1] != newest) else list(kept)
        return [(step, round(seconds - pairs[0][1], 3)) for step, seconds in pairs]

    def to_json(self) -> list[tuple[int, float]]:
        """For a run file."""
        return self.pairs()

    @classmethod
    def from_json(cls, said: Sequence[Sequence[float]]) -> Times:
        """The inverse of to_json; any exception if it is something else, which a visitor may have made up."""
        times = cls()
        for step, seconds in said[: MAX_TIMES + 1]:
            times.add(int(step), float(seconds))
        return times
