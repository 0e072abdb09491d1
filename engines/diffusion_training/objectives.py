"""What the network predicts: one entry an objective, a path from pictures to noise and the target on it.

At noise level s, from 0 (the picture x) to 1 (noise e, standard normal), the noisy picture is z = alpha x + sigma e.
From what the network predicts of z comes the clean picture, which is all that guidance and samplers need.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import torch
from torch import Tensor

LEAST = 0.02  # alpha is never taken smaller where one divides by it
Path = Callable[[Tensor], tuple[Tensor, Tensor]]  # noise levels -> (alpha, sigma), of the same shape
Change = Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class Objective:
    """A path, what is predicted on it, and how one draws the noise levels that are learned from."""

    title: str
    paper: str
    path: Path
    target: Change  # (x, e, alpha, sigma) -> what the network should say
    clean: Change  # (z, what it says, alpha, sigma) -> the predicted x
    levels: Callable[[Tensor], Tensor]  # standard normal numbers -> noise levels in (0, 1)


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


def velocity(x: Tensor, e: Tensor, alpha: Tensor, sigma: Tensor) -> Tensor:
    """dz/ds on the straight path."""
    return e - x


def clean_of_velocity(z: Tensor, said: Tensor, alpha: Tensor, sigma: Tensor) -> Tensor:
    """x = z - s (e - x)."""
    return z - sigma * said


def noise(x: Tensor, e: Tensor, alpha: Tensor, sigma: Tensor) -> Tensor:
    """The noise itself."""
    return e


def clean_of_noise(z: Tensor, said: Tensor, alpha: Tensor, sigma: Tensor) -> Tensor:
    """x = (z - sigma e) / alpha, cut to what pictures can be: near pure noise small errors are made huge."""
    return ((z - sigma * said) / alpha.clamp(min=LEAST)).clamp(-1.5, 1.5)


def v(x: Tensor, e: Tensor, alpha: Tensor, sigma: Tensor) -> Tensor:
    """alpha e - sigma x, which is dz/ds on the cosine path, up to a factor."""
    return alpha * e - sigma * x


def clean_of_v(z: Tensor, said: Tensor, alpha: Tensor, sigma: Tensor) -> Tensor:
    """x = alpha z - sigma v."""
    return alpha * z - sigma * said


OBJECTIVES: Mapping[str, Objective] = MappingProxyType(
    {
        "flow": Objective(
            "Flow matching",
            "Lipman et al. 2023, arXiv:2210.02747; Liu, Gong and Liu 2023, arXiv:2209.03003",
            straight,
            velocity,
            clean_of_velocity,
            mostly_middle,
        ),
        "epsilon": Objective(
            "DDPM: the noise", "Ho, Jain and Abbeel 2020, arXiv:2006.11239", cosine, noise, clean_of_noise, evenly
        ),
        "v": Objective("DDPM: v", "Salimans and Ho 2022, arXiv:2202.00512", cosine, v, clean_of_v, evenly),
    }
)


def spread_out(values: Tensor, like: Tensor) -> Tensor:
    """Numbers [N] as [N, 1, 1, 1], to be multiplied with pictures."""
    return values.view(-1, *[1] * (like.dim() - 1))
