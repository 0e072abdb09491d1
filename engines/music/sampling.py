"""Filling holes with a network: pass after pass some cells are drawn anew, ever fewer, each given all others.

Blocked Gibbs sampling with an annealed share of cells (Yao et al. 2014; Huang et al. 2017, section 4.3).
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from engines.music.chorales import HIDDEN, OUTSIDE
from engines.music.networks import PHASES

MOST_HIDDEN, LEAST_HIDDEN = 1.0, 0.02  # share of the cells drawn anew at the first pass, and at the last ones
FALLING = 0.8  # of the passes, in which the share falls
AROUND = 16  # rows before and after a piece that tell the network where it begins and ends


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
    for number in range(passes):
        fallen = min(1.0, number / max(1.0, FALLING * passes))
        share = MOST_HIDDEN - (MOST_HIDDEN - LEAST_HIDDEN) * fallen
        now = free & ((torch.rand(cells.shape, generator=rng, device=cells.device) < share) | (cells == HIDDEN))
        shares = _shares(net, cells.masked_fill(now, HIDDEN), phases)
        drawn = _draw(shares, temperature, rng)
        cells = torch.where(now, drawn, cells)
        sure = torch.where(now, shares.gather(-1, drawn[..., None])[..., 0], sure)
        yield cells, sure


def _shares(net: nn.Module, cells: Tensor, phases: Tensor) -> Tensor:
    """How likely each token is in each cell, float [N, T, 4, TOKENS], of pieces that begin and end here."""
    around = torch.nn.functional.pad(cells, (0, 0, AROUND, AROUND), value=OUTSIDE)
    places = torch.nn.functional.pad(phases, (AROUND, AROUND), value=PHASES - 1)
    return net(around, places)[:, AROUND:-AROUND].float().softmax(-1)


def _draw(shares: Tensor, temperature: float, rng: torch.Generator) -> Tensor:
    if temperature <= 0:
        return shares.argmax(-1)
    flat = shares.flatten(0, -2).pow(1 / temperature)
    return torch.multinomial(flat, 1, generator=rng).view(shares.shape[:-1])
