"""One training step of a chorale network, fast: pieces on the device, a fused optimiser, no waiting for numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engines.device.tuning import Choice
from engines.live_training.one_net import OneNetTrainer
from engines.music.chorales import HIDDEN, OUTSIDE, PHASES, TOKENS, Corpus, join, shifts, to_tokens
from engines.music.config import MusicConfig
from engines.music.grid import VOICES, Chorale
from engines.music.networks import build

EDGE = 16  # rows by which a passage may reach beyond its piece
TOGETHER = 64  # held-out passages at a time


class Passages:
    """Pieces on a device, and passages of them."""

    def __init__(self, pieces: Sequence[Chorale], rows: int, device: torch.device, transpose: bool = False) -> None:
        """Passages of so many rows; with `transpose` in any key in which the voices keep to their ranges."""
        grid, phases, starts = join(pieces)
        low, high = zip(*(shifts(piece) if transpose else (0, 0) for piece in pieces), strict=True)
        lengths = [len(piece) for piece in pieces]
        numbers = np.repeat(np.arange(len(pieces)), lengths)  # the piece of each row
        self.rows, self.reach = rows, torch.arange(rows, device=device)
        self.cells, self.phases, self.numbers, self.starts, self.lengths, self.low, self.keys = (
            torch.tensor(values, device=device)
            for values in (
                to_tokens(grid), np.minimum(phases, PHASES - 2), numbers, starts, lengths, low,
                np.subtract(high, low) + 1,
            )
        )  # fmt: skip

    def draw(self, count: int, rng: torch.Generator) -> tuple[Tensor, Tensor]:
        """Passages by chance: tokens int64 [count, rows, 4] and places in the bar int64 [count, rows]."""
        device = self.cells.device
        drawn = torch.rand(3, count, generator=rng, device=device)
        piece = self.numbers[(drawn[0] * len(self.cells)).long()]  # the longer, the oftener
        places = (self.lengths[piece] - self.rows + 2 * EDGE).clamp(min=1)
        begin = (drawn[1] * places).long() - EDGE
        shift = self.low[piece] + (drawn[2] * self.keys[piece]).long()
        return self.at(piece, begin, shift)

    def every(self) -> Iterator[tuple[Tensor, Tensor]]:
        """All rows of all pieces once, in passages that do not overlap, some at a time."""
        counts = -(-self.lengths // self.rows)
        piece = torch.arange(len(counts), device=counts.device).repeat_interleave(counts)
        first = (counts.cumsum(0) - counts).repeat_interleave(counts)
        begin = (torch.arange(len(piece), device=counts.device) - first) * self.rows
        for some, at in zip(piece.split(TOGETHER), begin.split(TOGETHER), strict=True):
            yield self.at(some, at, torch.zeros_like(some))

    def at(self, piece: Tensor, begin: Tensor, shift: Tensor) -> tuple[Tensor, Tensor]:
        """The passages of these pieces from these rows on, so many semitones higher."""
        place = begin[:, None] + self.reach
        over = (place < 0) | (place >= self.lengths[piece, None])
        row = (self.starts[piece, None] + place).clamp(0, len(self.cells) - 1)
        cells = self.cells[row]
        cells = torch.where(cells > 0, cells + 2 * shift[:, None, None], cells)
        return cells.masked_fill(over[..., None], OUTSIDE), self.phases[row].masked_fill(over, PHASES - 1)


def hide(cells: Tensor, rng: torch.Generator, evenly: bool = False) -> Tensor:
    """Which cells to hide, bool [N, T, 4]: of each passage any number, from one to all, by chance.

    With `evenly` the N shares lie evenly between none and all, so that chance makes less of a difference.
    """
    real, device = (cells != OUTSIDE).flatten(1), cells.device
    drawn = torch.rand((len(cells), real.shape[1] + 1), generator=rng, device=device)
    share = drawn[:, :1]
    if evenly:
        share = (torch.randperm(len(cells), generator=rng, device=device)[:, None] + share) / len(cells)
    count = (share * real.sum(1, keepdim=True)).long() + 1
    rank = drawn[:, 1:].masked_fill(~real, 2.0).argsort(1).argsort(1)
    return ((rank < count) & real).view_as(cells)


class Trainer(OneNetTrainer):
    """The network, its optimiser and the pieces on one device. Not for use by two threads at once."""

    rise, lowest = 30, 0.02

    def __init__(
        self, config: MusicConfig, corpus: Corpus, device: str | torch.device = "cpu", choice: Choice | None = None
    ) -> None:
        """`choice` is how to compute; else it is the usual way."""
        super().__init__(config, device, choice=choice)
        self.train = Passages(corpus.train, config.rows, self.device, config.transpose)
        self.held = Passages(corpus.held, config.rows, self.device)
        self.begin(build(config))

    def held_out(self, rounds: int = 1) -> tuple[np.ndarray, np.ndarray]:
        """Nats a note of the held-out pieces by voice, and of their pitches alone; see `nats`."""
        with self.resting() as net:
            return nats(net, self.held, rounds)

    def _update(self) -> None:
        cells, phases = self.train.draw(self.config.batch, self.rng)
        hidden = hide(cells, self.rng)
        self.optimiser.zero_grad()
        with self._autocast():
            logits = self.net(cells.masked_fill(hidden, HIDDEN), phases)
        targets = cells.masked_fill(~hidden, -1).flatten()
        losses = F.cross_entropy(logits.flatten(0, 2).float(), targets, ignore_index=-1, reduction="none")
        counts = hidden.flatten(1).sum(1).clamp(min=1)
        loss = (losses.view_as(cells).flatten(1).sum(1) / counts).mean()  # each number of holes weighs alike
        self.learn(loss, loss.detach())


@torch.no_grad()
def nats(net: nn.Module, passages: Passages, rounds: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Orderless nats a note by voice, float64 [4], of all passages: of the cells, and of their pitches alone.

    A note here is one voice in one sixteenth, as in Coconet's figures. What stands in a cell is its pitch and whether
    it begins there; Coconet knows pitches alone. The mean over all orders in which a passage's cells could be found
    one by one, each given those before it (Uria et al. 2014, arXiv:1310.1757): hide any number, and take the mean of
    the hidden ones. `rounds` draws the hidden ones so often, each time alike.
    """
    rng = torch.Generator(passages.cells.device).manual_seed(0)
    total = torch.zeros(3, len(VOICES), dtype=torch.float64, device=passages.cells.device)
    for _ in range(rounds):
        for cells, phases in passages.every():
            hidden, real = hide(cells, rng, evenly=True), cells != OUTSIDE
            shares = net(cells.masked_fill(hidden, HIDDEN), phases).float().log_softmax(-1)
            targets = cells.clamp(max=TOKENS - 1)[..., None]
            other = torch.where(targets > 0, (targets - 1 ^ 1) + 1, targets)  # the same pitch, begun or held
            own, twin = (-shares.gather(-1, which)[..., 0] for which in (targets, other))
            pitch = torch.where(targets[..., 0] > 0, -torch.logaddexp(-own, -twin), own)
            weight = real.flatten(1).sum(1) / hidden.flatten(1).sum(1).clamp(min=1)
            found = torch.stack([own, pitch]) * hidden * weight[:, None, None]
            total += torch.cat([found.sum((1, 2)), (hidden * weight[:, None, None]).sum((0, 1))[None]])
    whole, pitch, count = total.cpu().numpy()
    return whole / count.clip(1e-9), pitch / count.clip(1e-9)
