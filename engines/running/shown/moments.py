"""Earlier states of a model in training, a few spread over its steps, so that one can see what it has learnt when."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np

from engines.messages import EngineError
from engines.running.events import Weights
from engines.running.tensors import tensors_from_bytes, tensors_to_bytes

ROOM = "moments"  # the folder of their files
MOST = 8  # to choose from, the newest included
MOST_BYTES = 64 * 2**20  # of all; of a larger model there are fewer, or none
SPARSE = 7  # one is kept when the steps since the last one are at least this part of all


class Placed(Protocol):
    """What was so at a step of a training."""

    @property
    def step(self) -> int:
        """After how many steps."""


M = TypeVar("M", bound=Placed)


@dataclass(frozen=True)
class Moment:
    """The model after `step` steps, in float16: safetensors in memory, or the file where they lie."""

    step: int
    data: bytes | Path

    @property
    def member(self) -> str:
        """Its name in a run file."""
        return f"{ROOM}/{self.step:08d}.safetensors"

    @property
    def size(self) -> int:
        """In bytes; 0 if it was thinned out meanwhile."""
        if isinstance(self.data, bytes):
            return len(self.data)
        return self.data.stat().st_size if self.data.exists() else 0

    def read(self) -> bytes:
        """Its safetensors; EngineError if it was thinned out meanwhile."""
        try:
            return self.data if isinstance(self.data, bytes) else self.data.read_bytes()
        except FileNotFoundError as problem:
            raise EngineError("This state of the model is not kept any more; choose another one.") from problem

    def weights(self, facts: Mapping[str, Any]) -> Weights:
        """As weights again, float16; `facts` are those of the newest."""
        try:
            return Weights(self.step, tensors_from_bytes(self.read()), facts)
        except ValueError as problem:
            raise EngineError("What was saved of this model is damaged.") from problem


class Moments:
    """For one who adds and any number who read."""

    def __init__(self, kept: tuple[Moment, ...] = ()) -> None:
        self._kept = kept  # replaced, never changed: readers may be looping over it

    def __iter__(self) -> Iterator[Moment]:
        return iter(self._kept)

    def __len__(self) -> int:
        return len(self._kept)

    def add(self, weights: Weights) -> None:
        """Keep these if it is time, and thin out what is one too many."""
        if self._kept and weights.step - self._kept[-1].step < max(1.0, weights.step / SPARSE):
            return
        size = 2 * sum(tensor.size for tensor in weights.tensors.values())
        most = min(MOST, MOST_BYTES // max(1, size))
        if most < 1:
            return
        new = Moment(weights.step, tensors_to_bytes(_halved(weights.tensors)))
        self._kept = tuple(thinned([*self._kept, new], most))

    def before(self, step: int) -> list[Moment]:
        """Those of earlier steps, so many that with one more there are MOST."""
        return thinned([one for one in self._kept if one.step < step], MOST - 1)

    def rewind(self, step: int) -> None:
        """Forget what came after `step`."""
        self._kept = tuple(one for one in self._kept if one.step <= step)

    def settle(self, folder: Path) -> None:
        """Let go of the memory of those that lie in this folder, under their member's name."""
        there = [(one, folder / one.member) for one in self._kept]
        self._kept = tuple(Moment(one.step, path) if path.is_file() else one for one, path in there)


def thinned(kept: list[M], most: int) -> list[M]:
    """At most so many of them: without those whose neighbours are closest to each other."""
    while len(kept) > most:
        kept.pop(min(range(1, len(kept) - 1), key=lambda i: kept[i + 1].step - kept[i - 1].step, default=-1))
    return kept


def _halved(tensors: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    with np.errstate(over="ignore"):  # of a training that diverges
        return {name: array.astype(np.float16) for name, array in tensors.items()}
