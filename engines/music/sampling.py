"""Filling holes with a network: pass after pass some cells are drawn anew, ever fewer, each given all others.

Blocked Gibbs sampling with an annealed share of cells (Yao et al. 2014; Huang et al. 2017, section 4.3).
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engines.music.chorales import HIDDEN, OUTSIDE, PHASES

MOST_HIDDEN, LEAST_HIDDEN = 1.0, 0.02  # share of the cells drawn anew at the first pass, and at the last ones
FALLING = 0.75  # of the passes, in which the share falls
CALM = 0.5  # of the temperature, that is left at the last pass: what is drawn last is seldom what is unlikely
AROUND = 16  # rows before and after a piece that tell the network where it begins and ends


def framed(cells: Tensor, phases: Tensor) -> tuple[Tensor, Tensor]:
    """Tokens int64 [N, T, 4] and places in the bar [N, T] with AROUND rows before and after that are no piece."""
    around = F.pad(cells, (0, 0, AROUND, AROUND), value=OUTSIDE)
    return around, F.pad(phases, (AROUND, AROUND), value=PHASES - 1)


@torch.no_grad()
def gibbs(
    net: nn.Module, cells: Tensor, free: Tensor, phases: Tensor, passes: int, temperature: float = 1.0, seed: int = 0
) -> Iterator[tuple[Tensor, Tensor]]:
    """After each pass the cells, int64 [N, T, 4], and how likely the network found each when it was drawn, float.

    `free`, bool of the same shape, are drawn, the others, which must not be HIDDEN, stay and count as certain;
    phases int64 [N, T]. A temperature of 0 takes the likeliest. What is drawn is fixed by the seed on the same
    machine.
    """
    rng = torch.Generator(cells.device).manual_seed(seed)
    cells, sure = cells.masked_fill(free, HIDDEN), torch.ones(cells.shape, device=cells.device)
    count = int(free.sum())
    for number in range(passes):
        fallen = min(1.0, number / max(1.0, FALLING * passes))
        share = MOST_HIDDEN - (MOST_HIDDEN - LEAST_HIDDEN) * fallen
        lots = torch.rand(count, generator=rng, device=cells.device) < (share if number else 1.0)
        now = free.masked_scatter(free, lots)
        shares = net(cells.masked_fill(now, HIDDEN), phases)[now].float().softmax(-1)
        drawn = _draw(shares, temperature * (1 - (1 - CALM) * fallen), rng)
        cells = cells.masked_scatter(now, drawn)
        sure = sure.masked_scatter(now, shares.gather(-1, drawn[:, None])[:, 0])
        yield cells, sure


def _draw(shares: Tensor, temperature: float, rng: torch.Generator) -> Tensor:
    """A token for each row of shares [M, TOKENS]."""
    if temperature <= 0 or not len(shares):
        return shares.argmax(-1)
    return torch.multinomial(shares.pow(1 / temperature), 1, generator=rng)[:, 0]
