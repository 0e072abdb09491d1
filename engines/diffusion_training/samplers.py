"""From noise to pictures: steps along the path, each with what the network thinks the picture will be.

With the predicted clean picture x held fixed between two noise levels, the probability-flow equation has the exact
solution z' = r z + (alpha' - r alpha) x with r = sigma' / sigma. That step is DDIM (Song et al. 2021), and on the
straight path it is Euler's. The samplers differ in which x they take.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType

import torch
from torch import Tensor

from engines.diffusion_training.objectives import Pair

Path = Callable[[Tensor], Pair]
Denoise = Callable[[Tensor, float], Tensor]  # (z, noise level) -> the predicted clean picture


@dataclass
class Walk:
    """A sampling on its way: the path, and what a sampler remembers."""

    denoise: Denoise
    path: Path
    rng: torch.Generator  # for samplers that add noise
    before: tuple[float, Tensor] | None = None  # noise level and prediction of the last step

    def at(self, s: float) -> tuple[float, float]:
        """alpha and sigma at a noise level."""
        alpha, sigma = self.path(torch.tensor(s, dtype=torch.float64))
        return float(alpha), float(sigma)

    def log_ratio(self, s: float) -> float:
        """log(alpha / sigma) at a noise level within (0, 1)."""
        alpha, sigma = self.at(s)
        return math.log(alpha / sigma)

    def move(self, z: Tensor, s: float, after: float, x: Tensor) -> Tensor:
        """z at noise level `after` where x is predicted all the way."""
        (alpha, sigma), (next_alpha, next_sigma) = self.at(s), self.at(after)
        ratio = next_sigma / sigma
        return ratio * z + (next_alpha - ratio * alpha) * x


Step = Callable[[Walk, Tensor, float, float], tuple[Tensor, Tensor]]


def euler(walk: Walk, z: Tensor, s: float, after: float) -> tuple[Tensor, Tensor]:
    """(z at `after`, predicted x): DDIM, and on the straight path Euler."""
    x = walk.denoise(z, s)
    return walk.move(z, s, after, x), x


def heun(walk: Walk, z: Tensor, s: float, after: float) -> tuple[Tensor, Tensor]:
    """Euler's step again with the mean of the predictions at both its ends (as Karras et al. 2022, algorithm 1)."""
    there, x = euler(walk, z, s, after)
    if after == 0:
        return there, x
    x = (x + walk.denoise(there, after)) / 2
    return walk.move(z, s, after, x), x


def dpmpp(walk: Walk, z: Tensor, s: float, after: float) -> tuple[Tensor, Tensor]:
    """DPM-Solver++(2M) (Lu et al. 2022, arXiv:2211.01095): x goes on as it changed in the step before."""
    x = walk.denoise(z, s)
    straight_on = x
    if walk.before is not None and after > 0 and walk.before[0] < 1:
        before, x_before = walk.before
        here = walk.log_ratio(s)
        share = (walk.log_ratio(after) - here) / (here - walk.log_ratio(before))
        straight_on = x + share / 2 * (x - x_before)
    walk.before = (s, x)
    return walk.move(z, s, after, straight_on), x


def ddpm(walk: Walk, z: Tensor, s: float, after: float) -> tuple[Tensor, Tensor]:
    """A draw from q(z' | z, x) with the predicted x: fresh noise at every step (Ho et al. 2020, equation 7)."""
    x = walk.denoise(z, s)
    if after == 0:
        return x, x
    (alpha, sigma), (next_alpha, next_sigma) = walk.at(s), walk.at(after)
    shrink = alpha / next_alpha
    added = sigma**2 - (shrink * next_sigma) ** 2  # variance of the noise between the two levels
    mean = (shrink * next_sigma**2 * z + next_alpha * added * x) / sigma**2
    fresh = torch.randn(z.shape, generator=walk.rng, device=walk.rng.device).to(z)
    return mean + next_sigma * added**0.5 / sigma * fresh, x


SAMPLERS: Mapping[str, Step] = MappingProxyType({"euler": euler, "heun": heun, "dpmpp": dpmpp, "ddpm": ddpm})
CALLS: Mapping[str, int] = MappingProxyType({"heun": 2})  # of the network in a step, where it is not one


@torch.inference_mode()
def sample(
    denoise: Denoise, path: Path, noise: Tensor, steps: int, sampler: str = "euler", seed: int = 0
) -> Iterator[tuple[float, Tensor, Tensor]]:
    """(noise level, z there, x as predicted from it) before each of `steps` steps, and last (0, picture, picture).

    noise: standard normal [N, ...], where the path begins. `seed` fixes the noise that "ddpm" adds.
    """
    walk = Walk(denoise, path, torch.Generator().manual_seed(seed))
    levels = [1 - i / steps for i in range(steps)] + [0.0]
    z = noise
    for s, after in pairwise(levels):
        there, x = SAMPLERS[sampler](walk, z, s, after)
        yield s, z, x
        z = there
    yield 0.0, z, z
