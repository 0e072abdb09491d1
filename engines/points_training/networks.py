"""The small networks of all three families: multilayer perceptrons on points of the plane."""

from __future__ import annotations

import itertools
import math

import torch
from torch import Tensor, nn

FREQUENCIES = 3  # of the sines and cosines that tell a network the time, or the place


def mlp(inputs: int, width: int, outputs: int) -> nn.Sequential:
    """Three hidden layers of SiLU units, whose smooth slopes make smooth fields."""
    sizes = [inputs, width, width, width, outputs]
    layers: list[nn.Module] = []
    for before, after in itertools.pairwise(sizes):
        layers += [nn.Linear(before, after), nn.SiLU()]
    return nn.Sequential(*layers[:-1])


class Waves(nn.Module):
    """Places with sines and cosines of them, by which a small network sees details (Tancik et al. 2020)."""

    size = 2 + 4 * FREQUENCIES

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("frequencies", math.pi / 3 * 2.0 ** torch.arange(FREQUENCIES), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """[N, size] from places [N, 2]."""
        waves = (x[:, :, None] * self.frequencies).flatten(1)
        return torch.cat([x, waves.sin(), waves.cos()], 1)


class Velocity(nn.Module):
    """v(x, t): how points x [N, 2] should move at times t [N, 1] from 0, noise, to 1, data."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.net = mlp(3 + 2 * FREQUENCIES, width, 2)
        self.register_buffer("frequencies", math.pi * 2.0 ** torch.arange(FREQUENCIES), persistent=False)

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        """Velocities [N, 2]."""
        waves = t * self.frequencies
        return self.net(torch.cat([x, t, waves.sin(), waves.cos()], 1))
