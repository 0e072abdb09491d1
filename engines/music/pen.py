"""What a network in training writes: one chorale for all to see, and several from chance to be judged."""

from __future__ import annotations

import torch
from torch import nn

from engines.music.chorales import HIDDEN, to_cells
from engines.music.grid import VOICES, Chorale, tidy, to_text
from engines.music.sampling import AROUND, framed, gibbs

FIXED = 1  # seed of what is shown; the same in every run, so that runs can be compared
BAR, BARS = 16, 4  # of what is written: rows of a bar, and bars
JUDGED = 8  # pieces
PASSES = 24


class Pen:
    """How to write with the network of one training."""

    def show(self, net: nn.Module) -> str:
        """A chorale of BARS bars as text, the same chance each time."""
        return to_text(self._write(net, 1, FIXED)[0].grid)

    def examine(self, net: nn.Module, seed: int) -> list[Chorale]:
        """JUDGED pieces."""
        return self._write(net, JUDGED, seed)

    @staticmethod
    def _write(net: nn.Module, count: int, seed: int) -> list[Chorale]:
        device = next(net.parameters()).device
        cells = torch.full((count, BAR * BARS, len(VOICES)), HIDDEN, device=device)
        phases = (torch.arange(BAR * BARS, device=device) % BAR).expand(count, -1)
        cells, phases = framed(cells, phases)
        *_, (found, _) = gibbs(net, cells, cells == HIDDEN, phases, PASSES, seed=seed)
        return [Chorale(tidy(to_cells(one))) for one in found[:, AROUND:-AROUND].cpu().numpy()]
