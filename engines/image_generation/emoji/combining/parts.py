"""A batch of pictures of a plan as the single things that the model draws for it, and back.

Each thing has a sampling of its own, all in one batch, and they meet on the picture's plane at every preview, as
regions do in MultiDiffusion (Bar-Tal 2023) and objects in LMD (Lian 2023). There the network joins them in its last
steps; this one smeared them (tests/benchmarks/LOG.md), so they are laid over each other as pictures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from engines.image_generation.emoji.combining.colouring import coloured
from engines.image_generation.emoji.combining.placing import ground_of, put_together
from engines.image_generation.emoji.combining.plan import DRAWN, Plan, Thing


@dataclass(frozen=True)
class Parts:
    """What one picture of a plan is drawn from."""

    plan: Plan

    @cached_property
    def drawn(self) -> tuple[Thing, ...]:
        """The things that are drawn for one picture, one after the other."""
        return tuple(thing for thing in self.plan.things for _ in range(min(thing.count, DRAWN)))

    @cached_property
    def phrases(self) -> tuple[str, ...]:
        """What each of them is drawn from."""
        return tuple(thing.phrase for thing in self.drawn)

    def joined(
        self, small: np.ndarray, side: int, double: Callable[[np.ndarray], np.ndarray] | None = None
    ) -> np.ndarray:
        """The batch's pictures, uint8 [N, side, side, 3], of all things drawn for them, uint8 [N * D, S, S, 3].

        Things are coloured as drawn; then `double`, if any, makes them twice as large.
        """
        tinted = [_tinted(one, self.drawn[i % len(self.drawn)]) for i, one in enumerate(small)]
        things = double(np.stack(tinted)) if double else tinted
        return np.stack([self._one(list(things[at : at + len(self.drawn)]), side)
                         for at in range(0, len(things), len(self.drawn))])  # fmt: skip

    def _one(self, things: Sequence[np.ndarray], side: int) -> np.ndarray:
        if len(things) == 1:
            return things[0]  # as it was drawn, only its colour is another
        return put_together(self.plan, list(self._copied(things)), side)

    def _copied(self, things: Sequence[np.ndarray]) -> Iterator[np.ndarray]:
        """Each thing as often as its count says."""
        at = 0
        for thing in self.plan.things:
            drawn = min(thing.count, DRAWN)
            yield from (things[at + i % drawn] for i in range(thing.count))
            at += drawn


def _tinted(picture: np.ndarray, thing: Thing) -> np.ndarray:
    return coloured(picture, thing.colour, ground_of(picture)) if thing.colour else picture
