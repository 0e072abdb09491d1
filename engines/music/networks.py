"""The network: from cells, some of them hidden, to what may stand in each, seeing both what comes before and after.

After Coconet (Huang et al. 2017, arXiv:1903.07227), made small: a vector stands for the four voices of a sixteenth,
and blocks of dilated convolutions over time (Yu and Koltun 2016) take the place of two-dimensional ones.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engines.music.chorales import FAR, HIDDEN, OUTSIDE, PHASES, STEPS, TOKENS, WIDEST
from engines.music.config import MusicConfig
from engines.music.grid import VOICES

APART = max(STEPS) + 1


class Block(nn.Module):
    """Three rows, `apart` from one another, become one; added to what was there."""

    def __init__(self, width: int, apart: int, dropout: float) -> None:
        super().__init__()
        self.apart, self.drop = apart, nn.Dropout(dropout)
        self.norm, self.look, self.out = nn.LayerNorm(width), nn.Linear(3 * width, width), nn.Linear(width, width)
        nn.init.zeros_(self.out.weight)

    def forward(self, x: Tensor) -> Tensor:
        """x [N, T, width]."""
        rows = x.shape[1]
        around = F.pad(self.norm(x), (0, 0, self.apart, self.apart))
        three = torch.cat([around[:, i * self.apart : i * self.apart + rows] for i in range(3)], -1)
        return x + self.drop(self.out(self.drop(F.gelu(self.look(three)))))


class Filler(nn.Module):
    """Fills hidden cells, all at once.

    Beside the cells themselves it is given for each, of the same voice, the nearest known cell before it and after it
    and how far they are; what these two make likely by themselves is looked up in a table, and the blocks add to that.
    """

    def __init__(self, layers: int, width: int, dropout: float = 0.0) -> None:
        super().__init__()
        voices = len(VOICES)
        self.cells = nn.Embedding(3 * voices * (OUTSIDE + 1), width)
        self.distances = nn.Embedding(2 * voices * (FAR + 1), width)
        self.phases = nn.Embedding(PHASES, width)
        self.blocks = nn.ModuleList(Block(width, 2 ** (i % WIDEST), dropout) for i in range(layers))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, voices * TOKENS)
        self.beside = nn.Embedding(2 * (OUTSIDE + 1) * APART, TOKENS)
        self.register_buffer("steps", torch.tensor(STEPS), persistent=False)
        for table in (self.cells, self.distances, self.phases):
            nn.init.normal_(table.weight, std=0.07)
        nn.init.zeros_(self.beside.weight)

    def forward(self, cells: Tensor, phases: Tensor) -> Tensor:
        """Logits [N, T, 4, TOKENS] for tokens int64 [N, T, 4] and places in the bar int64 [N, T]."""
        near, far = nearest(cells)
        x = _sum(self.cells, [cells, *near]) + _sum(self.distances, far) + self.phases(phases)
        for block in self.blocks:
            x = block(x)
        rows = APART * torch.stack(near, -1) + self.steps[torch.stack(far, -1)]
        rows[..., 1] += self.beside.num_embeddings // 2
        beside = F.embedding_bag(rows.view(-1, 2), self.beside.weight, mode="sum")
        return (self.head(self.norm(x)).flatten() + beside.flatten()).view(*cells.shape, TOKENS)


def nearest(cells: Tensor) -> tuple[list[Tensor], list[Tensor]]:
    """Of each cell the nearest ones before and after it in its voice that are not HIDDEN, and how far they are.

    Both lists hold int64 [N, T, 4], distances from 1 to FAR; where there is none, HIDDEN and FAR.
    """
    count = cells.shape[1]
    place = torch.arange(count, device=cells.device)[None, :, None].expand_as(cells)
    known = cells != HIDDEN
    before = F.pad(torch.where(known, place, -1), (0, 0, 1, 0), value=-1)[:, :-1].cummax(1).values
    after = F.pad(torch.where(known, place, count), (0, 0, 0, 1), value=count)[:, 1:]
    after = after.flip(1).cummin(1).values.flip(1)
    near, far = [], []
    for there, at, distance in ((before >= 0, before, place - before), (after < count, after, after - place)):
        near.append(torch.where(there, cells.gather(1, at.clamp(0, count - 1)), HIDDEN))
        far.append(torch.where(there, distance, FAR).clamp(max=FAR))
    return near, far


def _sum(table: nn.Embedding, numbers: list[Tensor]) -> Tensor:
    """What a table has for numbers int64 [N, T, 4], added up to [N, T, width]; each column has its part of it."""
    each = torch.cat(numbers, -1)
    columns = each.shape[-1]
    rows = each + table.num_embeddings // columns * torch.arange(columns, device=each.device)
    return F.embedding_bag(rows.view(-1, columns), table.weight, mode="sum").view(*each.shape[:2], -1)


def build(config: MusicConfig) -> Filler:
    """The config's network with fresh weights, the same for the same seed."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        return Filler(config.layers, config.width, config.dropout)
