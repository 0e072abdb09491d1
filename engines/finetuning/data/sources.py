"""Examples on their way into a network: tokenised once, bucketed by length, padded to the batch's longest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np
import torch
from torch import Tensor
from transformers import PreTrainedTokenizerBase

POOL = 50  # batches whose examples are sorted by length together
MULTIPLE = 8  # to which lengths are rounded up, as matrix units like it
ON_A_GPU = 32  # the same there: few lengths, each of which is captured as a graph
CHUNK = 2000  # texts tokenised at once


class Source(Protocol):
    """Where a Trainer gets its inputs from."""

    lengths: np.ndarray  # int64 [N], what an example costs in relation to others

    def inputs(self, rows: np.ndarray) -> tuple[Tensor, ...]:
        """The network's inputs for those rows, on its device."""
        ...


class TextSource:
    """Texts as token ids. `used` has the ids that occur; inputs number the tokens within it."""

    def __init__(self, ids: Sequence[Sequence[int]], rows: np.ndarray, count: int, device: torch.device) -> None:
        """`ids` belong to those `rows` of a dataset with `count`; the others are empty."""
        self.lengths = np.zeros(count, np.int64)
        self.lengths[rows] = [len(row) for row in ids]
        flat = np.concatenate([np.asarray(row, np.int64) for row in ids])
        self.used, self._flat = np.unique(flat, return_inverse=True)
        self._ends = np.zeros(count, np.int64)
        self._ends[rows] = np.cumsum(self.lengths[rows])
        self.device, self._multiple = device, ON_A_GPU if device.type == "cuda" else MULTIPLE

    def inputs(self, rows: np.ndarray) -> tuple[Tensor, Tensor]:
        """(tokens, mask) int64 [B, T] each, T the longest row rounded up to a multiple of 8, of 32 on a GPU."""
        lengths = self.lengths[rows]
        width = -(-int(lengths.max()) // self._multiple) * self._multiple
        tokens = np.zeros((len(rows), width), np.int64)
        mask = np.arange(width) < lengths[:, None]
        for i, row in enumerate(rows):
            tokens[i, : lengths[i]] = self._flat[self._ends[row] - lengths[i] : self._ends[row]]
        return torch.tensor(tokens, device=self.device), torch.tensor(mask, dtype=torch.int64, device=self.device)


class PictureSource:
    """Pictures uint8 [N, H, W, C]."""

    def __init__(self, images: np.ndarray, device: torch.device) -> None:
        self._images, self.device = images, device
        self.lengths = np.ones(len(images), np.int64)

    def inputs(self, rows: np.ndarray) -> tuple[Tensor]:
        """float32 [B, C, H, W] from -1 to 1."""
        images = torch.tensor(self._images[rows], device=self.device)
        return (images.permute(0, 3, 1, 2).float().div_(127.5).sub_(1),)


class FeatureSource:
    """Vectors float32 [N, D] that a frozen backbone made once."""

    def __init__(self, features: np.ndarray, rows: np.ndarray, count: int, device: torch.device) -> None:
        """`features` belong to those `rows` of a dataset with `count`; the others are zero."""
        self._features = torch.zeros(count, features.shape[1], device=device)
        self._features[torch.tensor(rows)] = torch.tensor(features, device=device)
        self.lengths = np.ones(count, np.int64)

    def inputs(self, rows: np.ndarray) -> tuple[Tensor]:
        """float32 [B, D]."""
        return (self._features[torch.tensor(rows)],)


def tokenized(
    tokenizer: PreTrainedTokenizerBase, texts: Sequence[str], max_length: int
) -> Iterator[list[list[int]] | None]:
    """Yields None while at work, and last the ids of all texts, cut to max_length."""
    ids: list[list[int]] = []
    for start in range(0, len(texts), CHUNK):
        ids += tokenizer(list(texts[start : start + CHUNK]), truncation=True, max_length=max_length)["input_ids"]
        yield None
    yield ids


def bucketed(rows: np.ndarray, lengths: np.ndarray, batch: int, mixed: np.random.Generator) -> list[np.ndarray]:
    """All rows in batches of similar length, in random order: ceil(len(rows) / batch) of them.

    Sorting within pools of 50 batches leaves little padding, and still mixes the batches of every epoch.
    """
    order = mixed.permutation(rows)
    batches = []
    for start in range(0, len(order), POOL * batch):
        pool = order[start : start + POOL * batch]
        pool = pool[np.argsort(lengths[pool], kind="stable")]
        batches += [pool[i : i + batch] for i in range(0, len(pool), batch)]
    return [batches[i] for i in mixed.permutation(len(batches))]
