"""The keys and values of many texts in one transformers cache, each text in a row of its own.

Row r holds lengths[r] tokens from the left; a step adds one token to every row. Rows are kept together at the
top, so that a step computes no more than the rows in use.
"""

from __future__ import annotations

import torch
from torch import Tensor
from transformers import Cache, DynamicCache
from transformers.cache_utils import CacheLayerMixin


class SlotLayer(CacheLayerMixin):
    """One layer: keys and values are [rows, length, heads, dim], so that a token's entry lies in one piece."""

    def __init__(self, slots: SlotCache) -> None:
        super().__init__()
        self.slots = slots
        self.is_initialized = True

    def lazy_initialization(self, key_states: Tensor, value_states: Tensor) -> None:
        """Nothing to do: SlotCache.reserve makes the tensors."""

    def update(self, key_states: Tensor, value_states: Tensor, *args, **kwargs) -> tuple[Tensor, Tensor]:
        """Write the new token [n, heads, 1, dim] of each row; returns what is kept, [n, heads, length, dim]."""
        slots, rows = self.slots, key_states.shape[0]
        for kept, new in ((self.keys, key_states), (self.values, value_states)):
            kept.view(-1, *kept.shape[2:]).index_copy_(0, slots.places, new[:, :, 0])
        return (
            self.keys[:rows, : slots.seen].transpose(1, 2),
            self.values[:rows, : slots.seen].transpose(1, 2),
        )

    def get_mask_sizes(self, query_length: int) -> tuple[int, int]:
        return self.slots.seen, 0

    def get_seq_length(self) -> int:
        return self.slots.seen - 1

    def get_max_length(self) -> int:
        return -1


class SlotCache(Cache):
    """All layers. Before each step set `places` and `seen`.

    first: rows and tokens a row to make room for at first; doubled as needed.
    """

    def __init__(self, layers: int, first: tuple[int, int] = (1, 256)) -> None:
        super().__init__(layers=[SlotLayer(self) for _ in range(layers)])
        self.first = first
        self.rows = self.length = 0
        self.places: Tensor | None = None  # int64 [n]: where in rows x length each row's new token goes
        self.seen = 0  # tokens of a row that are looked at, masked ones included

    def reserve(self, rows: int, length: int, like: DynamicCache) -> None:
        """Make room for `rows` texts of `length` tokens, keeping what is there; `like` gives the shapes."""
        if rows <= self.rows and length <= self.length:
            return
        new_rows, new_length = (self.rows, self.length) if self.rows else self.first
        while new_rows < rows:
            new_rows *= 2
        while new_length < length:
            new_length *= 2
        for layer, source in zip(self.layers, like.layers, strict=True):
            layer.keys = _grown(layer.keys, new_rows, new_length, source.keys)
            layer.values = _grown(layer.values, new_rows, new_length, source.values)
        self.rows, self.length = new_rows, new_length

    def put(self, row: int, source: DynamicCache) -> None:
        """Copy a text read elsewhere into `row`."""
        for layer, read in zip(self.layers, source.layers, strict=True):
            layer.keys[row, : read.keys.shape[2]] = read.keys[0].transpose(0, 1)
            layer.values[row, : read.values.shape[2]] = read.values[0].transpose(0, 1)

    def move(self, source: int, target: int, length: int) -> None:
        """Copy the first `length` tokens of row `source` over row `target`."""
        for layer in self.layers:
            layer.keys[target, :length] = layer.keys[source, :length]
            layer.values[target, :length] = layer.values[source, :length]


def _grown(old: Tensor | None, rows: int, length: int, like: Tensor) -> Tensor:
    """Zeros [rows, length, heads, dim] with `old` in its corner; like: [1, heads, tokens, dim]."""
    new = torch.zeros(rows, length, like.shape[1], like.shape[3], dtype=like.dtype, device=like.device)
    if old is not None:
        new[: old.shape[0], : old.shape[1]] = old
    return new
