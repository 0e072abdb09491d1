"""One training step of the two towers: pictures on the device, varied there, and no waiting for numbers."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from engines.clip_training.config import ClipConfig
from engines.clip_training.networks import Towers, build, contrast
from engines.clip_training.pairs import LANGUAGES, Pairs
from engines.device.tuning import Choice
from engines.live_training.one_net import OneNetTrainer

TOGETHER = 256  # pictures at a time when none is learnt from
TURN, SCALE, SHIFT = 0.2, 0.15, 0.12  # most that a picture is varied: radians, share, share of its half side


class Trainer(OneNetTrainer):
    """The towers, their optimiser, the pictures and the names on one device. Not for use by two threads at once."""

    rise, lowest = 50, 0.01

    def __init__(
        self, config: ClipConfig, pairs: Pairs, device: str | torch.device = "cpu", choice: Choice | None = None
    ) -> None:
        """`choice` is how to compute; else it is the usual way."""
        super().__init__(config, device, choice=choice)
        self.images = as_input(pairs.images).to(self.device)
        self.vectors = torch.tensor(pairs.vectors, device=self.device)
        told = [i for i, language in enumerate(LANGUAGES) if config.language in (language, "both")]
        self.told = torch.tensor(told, device=self.device)
        self.learnt = torch.tensor(pairs.learnt, device=self.device)
        places = [np.flatnonzero(pairs.emoji == one) for one in range(len(pairs.names[0]))]
        most = max(map(len, places))
        self.counts = torch.tensor([len(each) for each in places], device=self.device)
        self.places = torch.tensor(np.stack([np.resize(each, most) for each in places]), device=self.device)
        self.begin(build(config, pairs.vectors.shape[-1]).to(memory_format=self.choice.memory_format))

    def _update(self) -> None:
        images, vectors = self._draw()
        self.optimiser.zero_grad()
        with self._autocast():
            pictures, words = self.net.pictures(images), self.net.words(vectors)
        loss = contrast(pictures, words, self.net.scale)
        self.learn(loss, loss.detach())

    def _draw(self) -> tuple[Tensor, Tensor]:
        """Pictures of different emoji, each with a name of its emoji in a language by chance."""
        count = min(self.config.batch, len(self.learnt))
        chance = torch.rand((2, len(self.learnt)), generator=self.rng, device=self.device)
        emoji = self.learnt[chance[0].argsort()[:count]]
        picture = self.places[emoji, (chance[1, :count] * self.counts[emoji]).long()]
        drawn = torch.randint(len(self.told), (count,), generator=self.rng, device=self.device)
        images = self.images[picture]
        if self.config.augment:
            images = varied(images, torch.rand((4, count), generator=self.rng, device=self.device) * 2 - 1)
        return images.contiguous(memory_format=self.choice.memory_format), self.vectors[self.told[drawn], emoji]

    @property
    def guessing(self) -> float:
        """The loss of who guesses, in nats."""
        return math.log(min(self.config.batch, len(self.learnt)))

    def embedded(self, places: np.ndarray | slice = slice(None)) -> tuple[np.ndarray, np.ndarray]:
        """Unit vectors of pictures, float32 [P, space], and of all names, float32 [languages, N, space].

        `places` are those of the pictures; all if left out.
        """
        with self.resting() as net:
            return embed(net, self.images[places]), embed_words(net, self.vectors)


@torch.no_grad()
def embed(net: Towers, images: Tensor) -> np.ndarray:
    """Unit vectors float32 [N, space] of pictures as `as_input` gives them."""
    return torch.cat([net.pictures(some) for some in images.split(TOGETHER)]).float().cpu().numpy()


@torch.no_grad()
def embed_words(net: Towers, vectors: Tensor) -> np.ndarray:
    """Unit vectors float32 […, space] of sentence vectors […, given]."""
    return net.words(vectors).float().cpu().numpy()


def as_input(images: np.ndarray) -> Tensor:
    """Pictures uint8 [N, H, W, 3] as the network takes them: float [N, 3, H, W] from -1 to 1."""
    return torch.tensor(np.ascontiguousarray(images)).permute(0, 3, 1, 2).float() / 127.5 - 1


def varied(images: Tensor, chance: Tensor) -> Tensor:
    """Pictures turned, scaled and shifted by chance, float [4, N] from -1 to 1; white comes in at the edges."""
    turn, scale = TURN * chance[0], 1 + SCALE * chance[1]
    cos, sin = scale * turn.cos(), scale * turn.sin()
    rows = [torch.stack([cos, -sin, SHIFT * chance[2]], 1), torch.stack([sin, cos, SHIFT * chance[3]], 1)]
    grid = F.affine_grid(torch.stack(rows, 1), list(images.shape), align_corners=False)
    return 1 + F.grid_sample(images - 1, grid, align_corners=False)
