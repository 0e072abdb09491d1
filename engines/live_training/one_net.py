"""A trainer of one network: AdamW, a learning rate that rises and falls, and sums that are read on a clock."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from engines.live_training.team import stream_seed
from engines.live_training.trainer import BaseTrainer

CLIP = 1.0  # norm of a gradient
SIGNALS = ("Training", "grad_norm")


class OneNetTrainer(BaseTrainer):
    """A subclass calls `begin(net)` at the end of its __init__, and in `_update` `learn` with the loss.

    Two trainers with the same config, seed included, make the same weights on the same machine. The config has lr,
    decay, dropout and steps.
    """

    rise: ClassVar[int]  # steps in which the learning rate rises; besides it falls as a cosine
    lowest: ClassVar[float]  # share of the rate to which it falls

    def begin(self, net: nn.Module) -> None:
        """Learn with this network."""
        self.net = net.to(self.device)
        self.optimiser = self._with_changing_rate(self._adamw())
        self.use(self.choice)
        self._sums = torch.zeros(len(SIGNALS) + 1, device=self.device)  # the last one counts

    def step(self, share: float | None = None) -> None:
        """One update; `share` is how much of the run is over, from 0 to 1: of the steps planned, if left out."""
        self._set_rate(self.optimiser, self._rate(self.done if share is None else share))
        if self.config.dropout:  # its draws come from PyTorch's own random numbers, which no checkpoint keeps
            torch.manual_seed(stream_seed(self.config.seed, None, self.steps))
        if self.device.type == "cuda":
            self._step_cuda()
        else:
            self._update()
        self.steps += 1

    def learn(self, loss: Tensor, told: Tensor) -> None:
        """Take a step down this loss; `told` is what the signals call the loss of training, a number."""
        loss.backward()
        norm = nn.utils.clip_grad_norm_(self.net.parameters(), CLIP)
        self.optimiser.step()
        self._sums += torch.stack([told, norm.detach(), torch.ones_like(norm)])

    def signals(self) -> dict[str, float]:
        """Means since the last call: the loss of training, the gradient's norm; {} before the first step."""
        *sums, count = self._sums.tolist()
        if not count:
            return {}
        self._sums.zero_()
        return {name: value / count for name, value in zip(SIGNALS, sums, strict=True)}

    @contextmanager
    def resting(self) -> Iterator[nn.Module]:
        """The network in evaluation mode, and in its number type."""
        self.net.eval()
        try:
            with self._autocast():
                yield self.net
        finally:
            self.net.train()

    def weights(self) -> dict[str, np.ndarray]:
        """Copies of the parameters."""
        return {k: v.to("cpu", copy=True).contiguous().numpy() for k, v in self.net.state_dict().items()}

    def nets(self) -> dict[str, nn.Module]:
        """The network by its name, for checkpoints."""
        return {"net": self.net}

    def optimisers(self) -> dict[str, torch.optim.Optimizer]:
        """The optimiser by its name, for checkpoints."""
        return {"optimiser": self.optimiser}

    def begin_anew(self) -> None:
        """To be called when weights and optimisers were replaced: sums and a captured graph are of the old ones."""
        super().begin_anew()
        self._sums.zero_()

    def _adamw(self) -> torch.optim.AdamW:
        """Without decay of biases and norms."""
        parameters = list(self.net.parameters())
        groups = [
            {"params": [p for p in parameters if p.dim() > 1], "weight_decay": self.config.decay},
            {"params": [p for p in parameters if p.dim() < 2], "weight_decay": 0.0},
        ]
        cuda = self.device.type == "cuda"
        fused = self.device.type in ("cpu", "cuda")
        return torch.optim.AdamW(groups, lr=self.config.lr, betas=(0.9, 0.99), fused=fused, capturable=cuda)

    def _rate(self, share: float) -> float:
        """The learning rate when this share of the run is over."""
        falling = self.lowest + (1 - self.lowest) * 0.5 * (1 + math.cos(math.pi * min(1.0, share)))
        return self.config.lr * min(1.0, (self.steps + 1) / self.rise) * falling
