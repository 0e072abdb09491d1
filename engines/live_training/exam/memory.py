"""Whether a model draws its training pictures again: the nearest of them to what it made, and the share of copies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from engines.data.features import Judge
from engines.live_training.diagnosis import percent
from engines.messages import Message
from engines.running.events import Event, Metrics, Sheet

SHOWN, NEAREST = 8, 3  # made pictures on the sheet, and training pictures below each
NEIGHBOURS = 50
NEAR = 0.4  # of the mean distance to the next neighbours; of new real clothes and digits it finds 0.7 %


@dataclass(frozen=True)
class Copies:
    """For N made pictures: the nearest training pictures, int64 [N, NEAREST] or fewer, and which are near-copies."""

    nearest: np.ndarray
    near: np.ndarray | None  # bool [N]; None where there are too few training pictures to tell

    @property
    def share(self) -> float | None:
        """The share of near-copies, from 0 to 1."""
        return None if self.near is None else float(self.near.mean())


class Memory:
    """The distinct training pictures that a judge has seen, in its features."""

    def __init__(self, judge: Judge) -> None:
        images = judge.real.images
        _, first = np.unique(images.reshape(len(images), -1), axis=0, return_index=True)
        self._images, self._features = images[first], judge.real_features[torch.from_numpy(first)].cpu().float()
        self._real = self._among_themselves()

    def _among_themselves(self) -> float:
        """The share of the training pictures that stand as near to another of them as a near-copy does."""
        count = len(self._features)
        if count < 4:
            return 0.0
        distances = torch.cdist(self._features, self._features).fill_diagonal_(torch.inf)
        nearest = distances.topk(min(1 + NEIGHBOURS, count - 1), largest=False).values
        return _near(nearest).float().mean().item()

    def look_up(self, features: Tensor) -> Copies:
        """What stands out among the distances from made pictures, whose features are float [N, D].

        A picture is a near-copy if its nearest training picture is at most NEAR times as far as the next NEIGHBOURS
        are on average: the measure of Carlini et al. 2023 (arXiv:2301.13188), which pictures that are near to all
        alike, as blurry ones are, do not meet.
        """
        count = len(self._images)
        distances, index = torch.cdist(features.cpu().float(), self._features).topk(
            min(1 + NEIGHBOURS, count), largest=False
        )
        nearest = index[:, :NEAREST].numpy()
        if count < 3:
            return Copies(nearest, None)
        return Copies(nearest, _near(distances).numpy())

    def tell(self, step: int, made: np.ndarray, copies: Copies) -> list[Event]:
        """A sheet of the first pictures made, uint8 [N, S, S, C], over the training pictures nearest to them."""
        made, nearest = made[:SHOWN], self._images[copies.nearest[:SHOWN]]
        rows = [made, *nearest.swapaxes(0, 1)]
        what = Message(
            "Above pictures just made, below each the nearest of {count} training pictures, in the same features.",
            count=len(self._images),
        )
        if copies.share is None:
            return [Sheet("Is it learned by heart?", step, np.concatenate(rows), len(made), what)]
        note = Message(
            "{what} {share} % of {made} pictures are near-copies, which are far nearer to one training picture than to"
            " the next ones; of the training pictures among themselves {real} % are.",
            what=what,
            share=percent(copies.share) if copies.share else "0",
            made=len(copies.nearest),
            real=percent(self._real) if self._real else "0",
        )
        sheet = Sheet("Is it learned by heart?", step, np.concatenate(rows), len(made), note)
        return [sheet, Metrics(step, {"Near-copies": copies.share}, "copies")]


def _near(distances: Tensor) -> Tensor:
    """Which rows of ascending distances [N, K] begin with one that stands out, bool [N]."""
    return distances[:, 0] <= NEAR * distances[:, 1:].mean(1)
