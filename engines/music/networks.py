"""The network: from cells, some of them hidden, to what may stand in each, seeing both what comes before and after.

After Coconet (Huang et al. 2017, arXiv:1903.07227), made small: a vector stands for the four voices of a sixteenth,
and blocks of dilated convolutions over time (Yu and Koltun 2016) take the place of two-dimensional ones.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engines.music.chorales import OUTSIDE, TOKENS
from engines.music.config import MusicConfig
from engines.music.grid import VOICES

PHASES = 17  # places in a bar that are told apart, the last for rows outside of the piece
WIDEST = 5  # after which layers the dilation begins anew: 1, 2, 4, 8, 16 sixteenths


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
        return x + self.drop(self.out(F.gelu(self.look(three))))


class Filler(nn.Module):
    """Fills hidden cells, all at once."""

    def __init__(self, layers: int, width: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.cells = nn.Embedding(len(VOICES) * (OUTSIDE + 1), width)
        self.phases = nn.Embedding(PHASES, width)
        self.blocks = nn.ModuleList(Block(width, 2 ** (i % WIDEST), dropout) for i in range(layers))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, len(VOICES) * TOKENS)
        for table in (self.cells, self.phases):
            nn.init.normal_(table.weight, std=0.1)

    def forward(self, cells: Tensor, phases: Tensor) -> Tensor:
        """Logits [N, T, 4, TOKENS] for tokens int64 [N, T, 4] and places in the bar int64 [N, T]."""
        count, rows, voices = cells.shape
        own = cells + (OUTSIDE + 1) * torch.arange(voices, device=cells.device)
        x = F.embedding_bag(own.view(-1, voices), self.cells.weight, mode="sum").view(count, rows, -1)
        x = x + self.phases(phases)
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x)).view(count, rows, voices, TOKENS)


def build(config: MusicConfig) -> Filler:
    """The config's network with fresh weights, the same for the same seed."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        return Filler(config.layers, config.width, config.dropout)
