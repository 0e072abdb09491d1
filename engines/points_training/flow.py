"""Diffusion of points as flow matching along straight lines: Lipman et al. 2023, arXiv:2210.02747; Liu et al. 2023."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from engines.points_training.networks import Velocity
from engines.points_training.trainer import Trainer, adam, mesh, place

PATHS, MOMENTS = 60, 21  # ways that are shown, and places on each
ARROWS = 12  # of the flow, a side
TIMES = (0.0, 0.5, 0.9)  # at which the flow is shown
ARROW = 0.12  # seconds for which an arrow follows the flow


class FlowTrainer(Trainer):
    """A network learns which way the mixture of a data point and noise is moving."""

    names = ("Loss",)
    noise_size = 2

    def build(self) -> dict[str, nn.Module]:
        """See Trainer."""
        self.net = Velocity(self.config.width)
        self._mesh = mesh(ARROWS)
        return {"net": self.net}

    def make_optimisers(self) -> dict[str, torch.optim.Optimizer]:
        """See Trainer."""
        return {"net": adam([self.net], self.config.lr)}

    def update(self) -> None:
        """One step towards the velocity data - noise at a random time."""
        x1 = self.batch()
        x0, t = self.draw(*x1.shape), torch.rand(len(x1), 1, generator=self.rng)
        loss = (self.net(torch.lerp(x0, x1, t), t) - (x1 - x0)).square().mean()
        self._optimisers["net"].zero_grad()
        loss.backward()
        self._optimisers["net"].step()
        self.note({"Loss": loss})

    @torch.no_grad()
    def make(self, noise: Tensor) -> Tensor:
        """See Trainer."""
        return flow(self.net, noise, self.config.sampling)[-1]

    @torch.no_grad()
    def look(self) -> dict[str, np.ndarray]:
        """The ways of some points from noise to data; and the flow at TIMES."""
        ways = flow(self.net, self.fixed[:PATHS], self.config.sampling)
        moments = np.linspace(0, len(ways) - 1, MOMENTS)
        low = np.floor(moments).astype(int).clip(0, len(ways) - 2)
        share = torch.tensor(moments - low, dtype=torch.float32)[:, None, None]
        paths = torch.lerp(ways[low], ways[low + 1], share).transpose(0, 1)
        arrows = []
        for time in TIMES:
            ends = self._mesh + ARROW * self.net(self._mesh, torch.full((len(self._mesh), 1), time))
            arrows.append(torch.stack([self._mesh, ends], 1))
        return {"paths": place(paths), "arrows": place(torch.stack(arrows))}


def flow(velocity: Callable[[Tensor, Tensor], Tensor], noise: Tensor, steps: int) -> Tensor:
    """The places [steps + 1, N, 2] of noise [N, 2] that moves with velocity(x, t) from t = 0 to 1, by Euler."""
    x, places = noise, [noise]
    for i in range(steps):
        x = x + velocity(x, torch.full((len(x), 1), i / steps)) / steps
        places.append(x)
    return torch.stack(places)
