"""Parts of a batch side by side on a CPU's cores, and dropout that stays the same whoever computes it."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from engines.device import usual
from engines.device.tuning import Choice

MOST = 4  # lanes; each adds a copy of the gradients
BYTE = 256


class Lanes:
    """Threads that each compute a part of a batch and meet once a step.

    PyTorch's own threads meet after every operation, and on a busy machine each meeting waits for a core:
    two of them were 2 to 50 times slower than one.
    """

    def __init__(self, device: torch.device, side_by_side: bool = True) -> None:
        """On a GPU, or without `side_by_side`, there is one lane."""
        cores = os.cpu_count() or 1
        self.device, self.most = device, min(cores, MOST) if side_by_side and device.type == "cpu" else 1
        self._pool: ThreadPoolExecutor | None = None
        self.use(replace(usual(device), lanes=self.most, threads=max(1, cores // (2 * self.most))))

    @property
    def count(self) -> int:
        """How many there are."""
        return self.choice.lanes

    def use(self, choice: Choice) -> None:
        """Compute so from here on, in the thread that calls this; the pool of before ends."""
        self.close()
        self.choice = choice
        torch.set_num_threads(choice.threads)  # of PyTorch in each lane
        others = choice.lanes - 1
        self._pool = ThreadPoolExecutor(others, "lane", torch.set_num_threads, (choice.threads,)) if others else None

    def map(self, job: Callable[[Any], Any], parts: Sequence[Any]) -> list[Any]:
        """[job(part), …]; the caller's thread takes the first part."""
        if self._pool is None:
            return [job(part) for part in parts]
        waiting = [self._pool.submit(job, part) for part in parts[1:]]
        return [job(parts[0]), *(future.result() for future in waiting)]

    def close(self) -> None:
        """End the threads."""
        if self._pool:
            self._pool.shutdown()
            self._pool = None


class Noise:
    """Random bytes that depend only on the seed, the step and the part of the batch, not on who asks when."""

    def __init__(self, seed: int, device: torch.device) -> None:
        self.seed, self.device = seed, device
        self._mine = threading.local()

    def begin(self, step: int, part: int) -> torch.Generator:
        """What this thread draws from now on belongs to that part of that step; returns what it draws from."""
        if not hasattr(self._mine, "generator"):
            self._mine.generator = torch.Generator(self.device)
        state = np.random.SeedSequence([self.seed, step, part]).generate_state(1, np.uint64)
        self._mine.generator.manual_seed(int(state[0] >> np.uint64(1)))
        return self._mine.generator

    def uniform(self, *shape: int) -> Tensor:
        """float32 from 0 to 1."""
        return torch.rand(*shape, device=self.device, generator=self._mine.generator)

    def bytes_like(self, x: Tensor) -> Tensor:
        """uint8 in the shape of x; eight a draw, which is many times faster than one by one."""
        count = x.numel()
        words = torch.empty((count + 7) // 8, dtype=torch.int64, device=x.device)
        # The whole range of int64: without bounds the sign bit would never be set.
        words.random_(-(2**63), None, generator=self._mine.generator)
        return words.view(torch.uint8)[:count].view(x.shape)

    def __deepcopy__(self, memo: dict) -> Noise:
        return self


class Dropout(nn.Module):
    """nn.Dropout from a Noise; p is rounded to a 256th."""

    def __init__(self, p: float, noise: Noise) -> None:
        super().__init__()
        self.p, self.noise, self.dropped = p, noise, round(p * BYTE)

    def forward(self, x: Tensor) -> Tensor:
        """x with a share p of its values zeroed and the others scaled up, in training; else x."""
        if not self.training or not self.dropped:
            return x
        kept = (self.noise.bytes_like(x) >= self.dropped).to(x.dtype)
        return x * kept.mul_(BYTE / (BYTE - self.dropped))


def use_noise(module: nn.Module, noise: Noise) -> None:
    """Replace every nn.Dropout in the module, whose masks depend on a generator that all threads share."""
    for parent in list(module.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, (nn.Dropout, Dropout)):
                setattr(parent, name, Dropout(child.p, noise))
