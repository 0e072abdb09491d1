"""Pictures by a trained network: noise in, pictures out, with a sampler, a number of steps and a guidance scale."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from itertools import zip_longest

import numpy as np
import torch
from torch import Tensor

from engines.diffusion_training.config import DiffusionConfig
from engines.diffusion_training.networks import UNet
from engines.diffusion_training.objectives import OBJECTIVES, clean, spread_out
from engines.diffusion_training.samplers import sample

CHUNKS = {"cpu": 32}  # pictures at a time: on a CPU as many as stay in its cache
LARGE_CHUNK = 256


class Drawing:
    """A network with a config's sampler, Sampling steps and Guidance scale."""

    def __init__(
        self,
        config: DiffusionConfig,
        net: UNet,
        channels: int,
        classes: int,
        second_lane: Executor | None = None,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        """`classes` is what the network knows, 0 if none. `second_lane` is a thread that may draw half of them."""
        self.config, self.net, self.classes, self.dtype = config, net, classes, dtype
        self.objective = OBJECTIVES[config.objective]
        self.shape = (channels, config.size, config.size)
        self.device = next(net.parameters()).device
        self._second_lane = second_lane

    def noise(self, count: int, seed: int) -> np.ndarray:
        """float32 [count, C, S, S] ~ N(0, 1), the same for a seed on every device."""
        return torch.randn(count, *self.shape, generator=torch.Generator().manual_seed(seed)).numpy()

    def sample(self, noise: np.ndarray, labels: np.ndarray | None = None) -> np.ndarray:
        """Pictures uint8 [N, S, S, C]; the labels take turns if left out."""
        return to_pictures(self.clean(noise, labels))

    def clean(self, noise: np.ndarray, labels: np.ndarray | None = None) -> Tensor:
        """The same as float32 [N, C, S, S] on the CPU, about -1 to 1, not cut."""
        labels = np.arange(len(noise)) % max(1, self.classes) if labels is None else np.asarray(labels)
        chunk = CHUNKS.get(self.device.type, LARGE_CHUNK)
        jobs = [(noise[i : i + chunk], labels[i : i + chunk], i) for i in range(0, len(noise), chunk)]
        if self._second_lane is None:
            return torch.cat([self._last(*job) for job in jobs])
        theirs = [self._second_lane.submit(self._last, *job) for job in jobs[1::2]]
        mine = [self._last(*job) for job in jobs[::2]]
        parts = [part for pair in zip_longest(mine, theirs) for part in pair if part is not None]
        return torch.cat([part if isinstance(part, Tensor) else part.result() for part in parts])

    def _last(self, noise: np.ndarray, labels: np.ndarray, first: int) -> Tensor:
        *_, (_, picture, _) = self.way(noise, labels, first)
        return picture

    def way(self, noise: np.ndarray, labels: np.ndarray, first: int = 0) -> Iterator[tuple[float, Tensor, Tensor]]:
        """(noise level, the noisy pictures, what the network thinks they will be) at every step; see samplers.sample.

        `first` is the number of the first picture among all, which fixes the noise that a sampler adds.
        """
        start = torch.as_tensor(noise, dtype=torch.float32, device=self.device)
        y = torch.as_tensor(labels, dtype=torch.int64, device=self.device) if self.classes else None

        def denoise(z: Tensor, s: float) -> Tensor:
            return self.predict(z, torch.full((len(z),), s, device=self.device), y)

        steps = sample(denoise, self.objective.path, start, self.config.sampling_steps, self.config.sampler, first)
        return ((s, z.float().cpu(), x.float().cpu()) for s, z, x in steps)

    @torch.inference_mode()
    def predict(self, z: Tensor, s: Tensor, y: Tensor | None) -> Tensor:
        """The clean pictures that are predicted of z [N, C, S, S] at noise levels s [N], guided towards classes y [N].

        Classifier-free guidance (Ho and Salimans 2022, arXiv:2207.12598): away from what is predicted without a class.
        """
        alpha, sigma = (spread_out(each, z) for each in self.objective.path(s))
        scale = self.config.guidance
        with torch.autocast(self.device.type, self.dtype, enabled=self.dtype != torch.float32):
            if y is None or scale == 1:
                return clean(z, self.net(z, s, y).float(), alpha, sigma)
            both = torch.cat([y, torch.full_like(y, self.classes)])
            given = self.net(torch.cat([z, z]), torch.cat([s, s]), both).float()
        towards, away = (clean(z, each, alpha, sigma) for each in given.chunk(2))
        return away + scale * (towards - away)


def to_pictures(x: Tensor) -> np.ndarray:
    """Floats [N, C, S, S] from -1 to 1, cut to that, as uint8 [N, S, S, C]; what is no number becomes gray."""
    x = torch.nan_to_num(x.float(), nan=0.0).clamp(-1, 1)
    return ((x + 1) * 127.5).round().byte().permute(0, 2, 3, 1).cpu().numpy()


def as_input(images: Tensor) -> Tensor:
    """uint8 [N, S, S, C] as float32 [N, C, S, S] from -1 to 1."""
    return images.permute(0, 3, 1, 2).float().div_(127.5).sub_(1)
