"""The network: a small U-Net that is told the noise level and the class.

After Ronneberger et al. 2015 and Dhariwal and Nichol 2021 (arXiv:2105.05233), made small: places of 2 x 2 or 4 x 4
pixels go in at once, so that no convolution runs over all pixels. Weights come from a torch.Generator of their own, so
that the same seed gives the same network whatever else runs in the process.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engines.diffusion_training.config import DiffusionConfig, patch

FREQUENCIES = 32  # of the noise level's encoding
CONDITION = 128  # width of what the blocks are told
GROUP = 8  # channels that a norm takes together


class Residual(nn.Module):
    """x + two convolutions of it; between them the condition scales and shifts."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm1 = nn.GroupNorm(width // GROUP, width)
        self.conv1 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.norm2 = nn.GroupNorm(width // GROUP, width, affine=False)
        self.told = nn.Linear(CONDITION, 2 * width)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1, bias=False)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """x [N, W, H, H], condition [N, CONDITION]."""
        scale, shift = self.told(condition)[..., None, None].chunk(2, dim=1)
        h = self.conv1(F.silu(self.norm1(x)))
        return x + self.conv2(F.silu(torch.addcmul(shift, self.norm2(h), 1 + scale)))


class UNet(nn.Module):
    """Two maps, the second half as large and twice as wide."""

    def __init__(self, size: int, channels: int, features: int, classes: int) -> None:
        """`classes` 0: the network is told none. Label `classes` stands for "no class"."""
        super().__init__()
        p, w = patch(size), features
        self.patch, self.classes = p, classes
        self.level = nn.Sequential(nn.Linear(2 * FREQUENCIES, CONDITION), nn.SiLU(), nn.Linear(CONDITION, CONDITION))
        self.label = nn.Embedding(classes + 1, CONDITION) if classes else None
        self.enter = nn.Conv2d(p * p * channels, w, 3, padding=1)
        self.down = nn.ModuleList([Residual(w) for _ in range(2)])
        self.shrink = nn.Conv2d(w, 2 * w, 2, stride=2)
        self.middle = nn.ModuleList([Residual(2 * w) for _ in range(2)])
        self.grow = nn.ConvTranspose2d(2 * w, w, 2, stride=2)
        self.up = nn.ModuleList([Residual(w) for _ in range(2)])
        self.norm = nn.GroupNorm(w // GROUP, w)
        self.leave = nn.Conv2d(w, p * p * channels, 3, padding=1)

    def forward(self, z: Tensor, level: Tensor, label: Tensor | None = None) -> Tensor:
        """What the objective asks for, [N, C, S, S], of z alike; noise levels [N] from 0 to 1, labels int64 [N]."""
        told = self.level(encode(level))
        if self.label is not None:
            told = told + self.label(label)
        told = F.silu(told)
        x = self.enter(F.pixel_unshuffle(z, self.patch))
        for block in self.down:
            x = block(x, told)
        h = self.shrink(x)
        for block in self.middle:
            h = block(h, told)
        x = x + self.grow(h)
        for block in self.up:
            x = block(x, told)
        return F.pixel_shuffle(self.leave(F.silu(self.norm(x))), self.patch)


def encode(level: Tensor) -> Tensor:
    """Noise levels [N] as cosines and sines [N, 2 FREQUENCIES] (Vaswani et al. 2017)."""
    rates = torch.exp(torch.linspace(0, math.log(1000), FREQUENCIES, device=level.device))
    angles = level.float()[:, None] * rates
    return torch.cat([angles.cos(), angles.sin()], dim=1)


def build_network(config: DiffusionConfig, channels: int, classes: int) -> UNet:
    """The network on the CPU, its weights drawn from config.seed."""
    with torch.device("meta"):  # otherwise each layer would draw weights from the global RNG
        net = UNet(config.size, channels, config.features, classes if config.conditional else 0)
    return _initialise(net.to_empty(device="cpu"), config.seed)


def _initialise(net: UNet, seed: int) -> UNet:
    """He et al. 2015 for what follows a SiLU; what ends a branch begins at zero, so that each block begins as x."""
    rng = torch.Generator().manual_seed(seed)
    for module in net.modules():
        if isinstance(module, nn.Embedding):
            nn.init.normal_(module.weight, generator=rng)
        elif isinstance(module, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
            nn.init.kaiming_normal_(module.weight, nonlinearity="linear", generator=rng)
        elif isinstance(module, nn.GroupNorm) and module.affine:
            nn.init.ones_(module.weight)
        if getattr(module, "bias", None) is not None:
            nn.init.zeros_(module.bias)
    for module in net.modules():
        if isinstance(module, Residual):
            nn.init.zeros_(module.conv2.weight)
            nn.init.zeros_(module.told.weight)
    nn.init.zeros_(net.leave.weight)
    return net
