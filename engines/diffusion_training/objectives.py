"""What the network predicts: one entry an objective, a path from pictures to noise and the target on it.

At noise level s, from 0 (the picture x) to 1 (noise e, standard normal), the noisy picture is z = alpha x + sigma e,
and what is predicted is p e + q x. From that comes the clean picture, which is all that guidance and samplers need.

The network itself gives F, and what it says is a z + b F: a z is the best guess from z alone if pixels were
independent with a spread of SPREAD, and b the spread of its error, so that F has unit variance at every level, and
the network need not copy its input (Karras et al. 2022, section 5). With F = 0 it says just that best guess.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import torch
from torch import Tensor

SPREAD = 0.5  # standard deviation of pixels, as Karras et al. take it
Pair = tuple[Tensor, Tensor]


@dataclass(frozen=True)
class Objective:
    """A path, what is predicted on it, and how one draws the noise levels that are learned from."""

    title: str
    paper: str
    path: Callable[[Tensor], Pair]  # noise levels -> (alpha, sigma), of the same shape
    says: Callable[[Tensor, Tensor], Pair]  # (alpha, sigma) -> (p, q)
    levels: Callable[[Tensor], Tensor]  # standard normal numbers -> noise levels in (0, 1)

    def target(self, x: Tensor, e: Tensor, alpha: Tensor, sigma: Tensor) -> Tensor:
        """What the network should say."""
        p, q = self.says(alpha, sigma)
        return p * e + q * x

    def said(self, z: Tensor, f: Tensor, alpha: Tensor, sigma: Tensor) -> Tensor:
        """What it says of z where it gives f."""
        p, q = self.says(alpha, sigma)
        variance = variance_of(alpha, sigma)
        guess = (p * sigma + q * alpha * SPREAD**2) / variance
        return guess * z + (p * alpha - q * sigma) * SPREAD / variance.sqrt() * f


def variance_of(alpha: Tensor, sigma: Tensor) -> Tensor:
    """That of a noisy picture's pixels."""
    return alpha**2 * SPREAD**2 + sigma**2


def clean(z: Tensor, f: Tensor, alpha: Tensor, sigma: Tensor) -> Tensor:
    """The predicted x where the network gives f; the same for every objective, since they differ in the loss alone."""
    variance = variance_of(alpha, sigma)
    return alpha * SPREAD**2 / variance * z - sigma * SPREAD / variance.sqrt() * f


def straight(s: Tensor) -> tuple[Tensor, Tensor]:
    """A straight line from the picture to the noise (Liu et al. 2023; Lipman et al. 2023, optimal transport)."""
    return 1 - s, s


def cosine(s: Tensor) -> tuple[Tensor, Tensor]:
    """A quarter of a circle: variance is preserved, noise comes slowly at both ends (Nichol and Dhariwal 2021)."""
    return torch.cos(math.pi / 2 * s), torch.sin(math.pi / 2 * s)


def mostly_middle(normal: Tensor) -> Tensor:
    """Logit-normal levels: the middle is the hardest to learn (Esser et al. 2024, section 3.1)."""
    return torch.sigmoid(normal)


def evenly(normal: Tensor) -> Tensor:
    """All levels alike, as Ho et al. draw them."""
    return torch.special.ndtr(normal).clamp(1e-3, 1 - 1e-3)


def velocity(alpha: Tensor, sigma: Tensor) -> Pair:
    """e - x, which is dz/ds on the straight path."""
    return torch.ones_like(alpha), -torch.ones_like(sigma)


def noise(alpha: Tensor, sigma: Tensor) -> Pair:
    """e, the noise itself."""
    return torch.ones_like(alpha), torch.zeros_like(sigma)


def v(alpha: Tensor, sigma: Tensor) -> Pair:
    """alpha e - sigma x, which is dz/ds on the cosine path, up to a factor."""
    return alpha, -sigma


OBJECTIVES: Mapping[str, Objective] = MappingProxyType(
    {
        "flow": Objective(
            "Flow matching",
            "Lipman et al. 2023, arXiv:2210.02747; Liu, Gong and Liu 2023, arXiv:2209.03003",
            straight,
            velocity,
            mostly_middle,
        ),
        "epsilon": Objective("DDPM: the noise", "Ho, Jain and Abbeel 2020, arXiv:2006.11239", cosine, noise, evenly),
        "v": Objective("DDPM: v", "Salimans and Ho 2022, arXiv:2202.00512", cosine, v, evenly),
    }
)


def spread_out(values: Tensor, like: Tensor) -> Tensor:
    """Numbers [N] as [N, 1, 1, 1], to be multiplied with pictures."""
    return values.view(-1, *[1] * (like.dim() - 1))
