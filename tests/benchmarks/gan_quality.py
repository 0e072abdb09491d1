"""What keeps a GAN learning: `python -m tests.benchmarks.gan_quality [variant …]` prints one JSON line a variant.

Each variant trains the default run for as many steps as two CPU cores make in five minutes; several take turns in a
process, which is for a GPU. The Fréchet distance is the app's own. What a variant changes that is no
setting is done here, to be moved to the engine if it wins.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import get_context
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from engines.data.features import Judge, load_net, to_tensor
from engines.data.pictures import load_bundled
from engines.device import usual
from engines.gan_training.config import GanConfig
from engines.gan_training.networks import latents
from engines.gan_training.step import Trainer

EVERY = 1000  # steps between two scores
JUDGED, REAL_JUDGED = 1000, 2000  # as the engine does


def translated(x: Tensor, rng: torch.Generator, share: float = 0.125) -> Tensor:
    """DiffAugment's translation (Zhao et al. 2020, arXiv 2006.10738): shifted by up to `share` of the side, with zeros
    as in the paper; ours are black at -1, so the border is filled with that."""
    n, _, size, _ = x.shape
    most = round(size * share)
    dx, dy = (torch.randint(-most, most + 1, (n, 1, 1), generator=rng, device=x.device) for _ in range(2))
    rows = torch.arange(size, device=x.device).view(1, size, 1) + dy
    columns = torch.arange(size, device=x.device).view(1, 1, size) + dx
    padded = F.pad(x, (most, most, most, most), value=-1.0).permute(0, 2, 3, 1)
    number = torch.arange(n, device=x.device).view(n, 1, 1)
    return padded[number, rows + most, columns + most].permute(0, 3, 1, 2)


def cut_out(x: Tensor, rng: torch.Generator, share: float = 0.5) -> Tensor:
    """DiffAugment's cutout: a square of `share` of the side becomes zero."""
    n, _, size, _ = x.shape
    side = int(size * share + 0.5)
    at = torch.randint(0, size + (1 - side % 2), (2, n, 1, 1), generator=rng, device=x.device) - side // 2
    line = torch.arange(size, device=x.device)
    inside = [
        (line.view(shape) >= a) & (line.view(shape) < a + side)
        for a, shape in zip(at, ((1, -1, 1), (1, 1, -1)), strict=True)
    ]
    return x * ~(inside[0] & inside[1]).unsqueeze(1)


def mirrored(x: Tensor, rng: torch.Generator) -> Tensor:
    """Half of the pictures from left to right."""
    flip = torch.rand(len(x), 1, 1, 1, generator=rng, device=x.device) < 0.5
    return torch.where(flip, x.flip(3), x)


def noisy(x: Tensor, rng: torch.Generator, std: float = 0.1) -> Tensor:
    """Instance noise (Sønderby et al. 2016, arXiv 1610.04490)."""
    return x + std * torch.randn(x.shape, generator=rng, device=x.device)


def constant(share: float) -> float:
    """Of the learning rate, at that share of the steps."""
    return 1.0


def linear(share: float, begin: float = 0.25) -> float:
    """Falls to nearly nothing."""
    return max(0.01, min(1.0, (1 - share) / (1 - begin)))


def cosine(share: float) -> float:
    """Falls to nearly nothing, as half a wave."""
    return max(0.01, 0.5 + 0.5 * math.cos(math.pi * share))


@dataclass(frozen=True)
class Variant:
    """Settings, and what is no setting."""

    settings: Mapping[str, Any] = field(default_factory=dict)
    augment: tuple[Callable[[Tensor, torch.Generator], Tensor], ...] = ()
    rate: Callable[[float], float] = constant
    rate_d: Callable[[float], float] | None = None
    beta2: float = 0.999


SHIFT, CUT = translated, cut_out
VARIANTS: dict[str, Variant] = {
    "constant": Variant(),
    "linear": Variant(rate=linear),
    "cosine": Variant(rate=cosine),
    "cosine, ema .995": Variant({"ema": 0.995}, rate=cosine),
    "shift": Variant(augment=(SHIFT,)),
    "shift + cut": Variant(augment=(SHIFT, CUT)),
    "shift, cosine": Variant(augment=(SHIFT,), rate=cosine),
    "shift + cut, cosine": Variant(augment=(SHIFT, CUT), rate=cosine),
    "small shift, cosine": Variant(augment=(partial(translated, share=0.07),), rate=cosine),
    "shift, cosine, ema .995": Variant({"ema": 0.995}, (SHIFT,), cosine),
    "shift, cosine, batch 128": Variant({"batch": 128}, (SHIFT,), cosine),
    "noise .1, cosine": Variant(augment=(noisy,), rate=cosine),
    "cut, cosine": Variant(augment=(CUT,), rate=cosine),
    "cosine, lr 1e-3": Variant({"lr_g": 1e-3, "lr_d": 1e-3}, rate=cosine),
    "cosine, lr_d 1e-3": Variant({"lr_d": 1e-3}, rate=cosine),
    "shift, cosine, lr_d 1e-3": Variant({"lr_d": 1e-3}, (SHIFT,), cosine),
    "cosine, beta2 .99": Variant(rate=cosine, beta2=0.99),
    "hinge, cosine": Variant({"objective": "hinge"}, rate=cosine),
    "least squares, cosine": Variant({"objective": "least_squares"}, rate=cosine),
    "relativistic, cosine": Variant({"objective": "relativistic"}, rate=cosine),
    "relativistic .3, cosine": Variant({"objective": "relativistic", "gamma": 0.3}, rate=cosine),
    "conditional, cosine": Variant({"conditional": True}, rate=cosine),
    "shift, conditional, cosine": Variant({"conditional": True}, (SHIFT,), cosine),
    "features 48, shift, cosine": Variant({"features": 48}, (SHIFT,), cosine),
    "latent 64, shift, cosine": Variant({"latent": 64}, (SHIFT,), cosine),
    "mirror, shift, cosine": Variant(augment=(mirrored, SHIFT), rate=cosine),
}


class VariedTrainer(Trainer):
    """A Trainer whose D sees augmented pictures and whose rates change."""

    def __init__(self, variant: Variant, config: GanConfig, *rest: Any, **options: Any) -> None:
        super().__init__(config, *rest, **options)
        self.variant, score = variant, self._call_d

        def augmented(x: Tensor, y: Tensor) -> Tensor:
            for change in variant.augment:
                x = change(x, self.rng)
            return score(x, y)

        self._call_d = augmented
        for optimiser in (self.opt_g, self.opt_d):
            for group in optimiser.param_groups:
                group["betas"] = (config.beta1, variant.beta2)

    def _set_rate(self, optimiser: torch.optim.Optimizer, rate: float) -> None:
        """The variant's in place of the engine's."""
        is_d = optimiser is self.opt_d
        plan = (self.variant.rate_d if is_d else None) or self.variant.rate
        rate = self.config.lr_d if is_d else self.config.lr_g
        super()._set_rate(optimiser, rate * plan(self.steps / self.config.steps))


def run(jobs: Sequence[tuple[str, int]], steps: int) -> list[dict[str, Any]]:
    """Scores by step of some trainings (variant, seed), which take turns; on a GPU each has a stream of its own."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.set_num_threads(1)
    trainers = [new_trainer(VARIANTS[name], seed, steps, device) for name, seed in jobs]
    data = load_bundled(GanConfig.dataset)
    judge = Judge(data.sample(REAL_JUDGED, seed=0), load_net(data.name, data.channels), device)
    streams = [torch.cuda.Stream() if device == "cuda" else None for _ in jobs]
    found: list[dict[str, Any]] = [{"scores": [], "signals": []} for _ in jobs]
    began = time.perf_counter()
    for step in range(1, steps + 1):
        for trainer, stream in zip(trainers, streams, strict=True):
            with torch.cuda.stream(stream):
                trainer.step()
        if step % EVERY == 0:
            if device == "cuda":
                torch.cuda.synchronize()
            for trainer, result in zip(trainers, found, strict=True):
                images = to_tensor(trainer.sample(latents(JUDGED, trainer.config.latent, seed=step)))
                result["scores"].append(round(judge.judge(images).frechet, 2))
                result["signals"].append(round(trainer.signals()["pair_accuracy"], 3))
    for (name, seed), result in zip(jobs, found, strict=True):
        result |= {"variant": name, "seed": seed, "group_s": round(time.perf_counter() - began, 1)}
    return found


def new_trainer(variant: Variant, seed: int, steps: int, device: str) -> VariedTrainer:
    """Ready for its first step."""
    config = GanConfig(**{"seed": seed, "steps": steps, "conditional": False, **variant.settings})
    data = load_bundled(config.dataset)
    choice = usual(torch.device(device))
    return VariedTrainer(variant, config, data.images, data.labels, len(data.class_names), device, choice=choice)


def main() -> None:
    """Parse the arguments, train, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("variants", nargs="*", default=tuple(VARIANTS))
    parser.add_argument("--steps", type=int, default=16_000)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--processes", type=int, default=3)
    options = parser.parse_args()
    jobs = [(name, seed) for name in options.variants for seed in range(options.seeds)]
    groups = [jobs[i :: options.processes] for i in range(options.processes)]
    with ProcessPoolExecutor(options.processes, get_context("spawn")) as pool:
        found = [result for results in pool.map(run, groups, [options.steps] * len(groups)) for result in results]
    for name in options.variants:
        results = [result for result in found if result["variant"] == name]
        last = [round(statistics.mean(result["scores"][-3:]), 2) for result in results]
        print(json.dumps({"variant": name, "last": last, "runs": results}), flush=True)


if __name__ == "__main__":
    main()
