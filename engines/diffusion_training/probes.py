"""What a training is looked at by, every few seconds: by noise level, on held-out pictures, and in samples."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from engines.diffusion_training.drawing import Drawing, as_input, to_pictures
from engines.messages import Message
from engines.running.events import Bars, Event, Sheet

LEVELS = 10  # of noise, that the loss is told by
ACROSS = 10  # pictures in a row of a sheet
STEPS_SHOWN = (1, 2, 5, 20, 50)
FIXED_NOISE = 2  # seed
ASKED = 128  # pictures behind a loss on held-out ones, and behind the one on learned ones
LOOKED_THROUGH = 10_000  # training pictures, at most, that a sample is compared with
PIECE = 1000  # of them at a time
NEAR = 0.5  # a sample nearer to a training picture than this share of what is usual counts as a copy
SAME = 0.1  # root mean square of differences that hardly anybody sees, where black and white are 2 apart
BEYOND = 1.1  # values of a sample that lie further out than this are cut: too bright, too dark
FORGET = 0.7  # of the loss by noise level at each look


class Probes:
    """Looks at a trainer without changing what it learns."""

    def __init__(self, trainer: Any, held_out: np.ndarray, labels: np.ndarray) -> None:
        """The held-out pictures are uint8 [N, S, S, C]; there may be none."""
        self.trainer, self.signals = trainer, dict[str, float]()
        count = min(ASKED, len(held_out))
        self.held_out, self.labels = held_out[:count], labels[:count]
        self._losses = np.zeros((2, LEVELS))
        self._usual: float | None = None  # distance from a real picture to the nearest training picture

    def told(self, losses: Sequence[float], counts: Sequence[float]) -> None:
        """Sums of losses by noise level since the last call, and how many there were."""
        self._losses = self._losses * FORGET + np.array([losses, counts])

    def events(self) -> Iterator[Event]:
        """Looks, keeps what it found in `signals`, and yields what there is to see."""
        trainer = self.trainer
        if not trainer.steps:
            return
        drawing = trainer.drawing()
        sums, counts = self._losses
        values = tuple((sums / np.maximum(counts, 1e-9)).tolist())
        n = len(values)
        yield Bars("Loss by noise level", tuple(f"{i / n:g}–{(i + 1) / n:g}" for i in range(n)), values)
        self._compare_losses()
        noise = drawing.noise(ACROSS, FIXED_NOISE)
        labels = np.arange(ACROSS) % max(1, trainer.classes)
        yield self._way(drawing, noise, labels)
        rows = {steps: self._drawn(drawing, noise, labels, steps) for steps in STEPS_SHOWN}
        yield Sheet(
            "The same noise in 1, 2, 5, 20 and 50 steps",
            trainer.steps,
            np.concatenate([to_pictures(x) for x in rows.values()]),
            ACROSS,
            Message("From top to bottom: fewer steps are blurred averages, more steps become sharp."),
        )
        self._look_at_samples(drawing, noise, labels, rows[STEPS_SHOWN[-1]])

    def _way(self, drawing: Drawing, noise: np.ndarray, labels: np.ndarray) -> Sheet:
        """One picture on its way: noisy above, what the network thinks it will be below."""
        steps = max(ACROSS - 1, drawing.config.sampling_steps)
        config = replace(drawing.config, sampling_steps=steps)
        way = list(replaced(drawing, config).way(noise[:1], labels[:1]))
        chosen = [way[round(i * (len(way) - 1) / (ACROSS - 1))] for i in range(ACROSS)]
        above, below = (torch.cat([each[i] for each in chosen]) for i in (1, 2))
        return Sheet(
            "One picture on its way",
            self.trainer.steps,
            to_pictures(torch.cat([above, below])),
            ACROSS,
            Message("Above the noisy picture, from pure noise to none; below what the network thinks it will be."),
        )

    @staticmethod
    def _drawn(drawing: Drawing, noise: np.ndarray, labels: np.ndarray, steps: int) -> Tensor:
        return replaced(drawing, replace(drawing.config, sampling_steps=steps)).clean(noise, labels)

    def _look_at_samples(self, drawing: Drawing, noise: np.ndarray, labels: np.ndarray, many: Tensor) -> None:
        """Detail against many steps, values beyond black and white, and copies of training pictures."""
        more = drawing.noise(2 * ACROSS, FIXED_NOISE + 1)
        x = drawing.clean(np.concatenate([noise, more]), np.tile(labels, 3))
        self.signals |= {
            "detail": roughness(x[: len(noise)]) / max(roughness(many), 1e-6),
            "beyond": (x.abs() > BEYOND).float().mean().item(),
        }
        self.signals["copies"] = self.copies(x)

    def copies(self, x: Tensor) -> float:
        """The share of the samples that are much nearer to a training picture than other real pictures are."""
        learned = self.trainer.images[:LOOKED_THROUGH]
        if self._usual is None:
            apart = len(self.held_out) > 0
            real = torch.tensor(self.held_out, device=learned.device) if apart else learned[:ASKED]
            self._usual = nearest(as_input(real), learned, skip_itself=not apart).median().item()
        close = max(NEAR * self._usual, SAME * x[0].numel() ** 0.5)
        return (nearest(x.to(learned.device).clamp(-1, 1), learned) <= close).float().mean().item()

    @torch.inference_mode()
    def _compare_losses(self) -> None:
        """The averaged network's loss on learned and on held-out pictures, with the same noise and noise levels."""
        trainer, n = self.trainer, len(self.held_out) or min(ASKED, len(self.trainer.images))
        spread = torch.linspace(0, len(trainer.images) - 1, n, device=trainer.device).long()
        learned = trainer.images[spread], trainer.labels[spread]
        if "Loss of nothing" not in self.signals:
            self.signals["Loss of nothing"] = trainer.ask(*learned, lambda z, *told: torch.zeros_like(z))
        if len(self.held_out):
            held_out = (torch.tensor(each, device=trainer.device) for each in (self.held_out, self.labels))
            self.signals |= {"Loss on learned": trainer.ask(*learned), "Loss on held-out": trainer.ask(*held_out)}


def replaced(drawing: Drawing, config: object) -> Drawing:
    """The same network with another sampling."""
    channels = drawing.shape[0]
    return Drawing(config, drawing.net, channels, drawing.classes, drawing._second_lane, drawing.dtype)


def roughness(x: Tensor) -> float:
    """Mean squared difference of neighbouring pixels of pictures [N, C, S, S]: what blur takes away."""
    x = x.clamp(-1, 1)
    return (x.diff(dim=-1).square().mean() + x.diff(dim=-2).square().mean()).item()


def nearest(of: Tensor, among: Tensor, skip_itself: bool = False) -> Tensor:
    """Euclidean distances [N] from pictures `of` [N, C, S, S] to the nearest of `among`, uint8 [M, S, S, C].

    `skip_itself`: `of` are the first of `among`, and another is looked for; infinite where there is none.
    """
    found = torch.full((len(of),), torch.inf, device=of.device)
    for first in range(0, len(among), PIECE):
        distances = torch.cdist(of.flatten(1), as_input(among[first : first + PIECE]).flatten(1))
        if skip_itself:
            own = torch.arange(first, min(len(of), first + PIECE), device=of.device)
            distances[own, own - first] = torch.inf
        found = torch.minimum(found, distances.min(1).values)
    return found
