"""The two towers: pictures through convolutions, frozen sentence vectors through one matrix, into one space.

As CLIP (Radford et al. 2021, arXiv:2103.00020), with the words' side locked but for its last matrix, as in LiT (Zhai
et al. 2022, arXiv:2111.07991), where it is the pictures' side that is locked.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engines.clip_training.config import ClipConfig

HOTTEST = 100.0  # most that similarities are multiplied by, as CLIP has it


class Block(nn.Sequential):
    """A convolution; the picture halves in height and width."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(
            nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True),
            nn.MaxPool2d(2),
        )  # fmt: skip


class Towers(nn.Module):
    """`pictures` and `words` both give unit vectors; `scale` is one over the temperature."""

    def __init__(self, width: int, space: int, given: int, temperature: float, fixed: bool, dropout: float) -> None:
        """`given`: length of a sentence vector."""
        super().__init__()
        self.eye = nn.Sequential(
            Block(3, width), Block(width, 2 * width), Block(2 * width, 3 * width), Block(3 * width, 4 * width)
        )
        self.drop, self.look = nn.Dropout(dropout), nn.Linear(4 * width * 4, space, bias=False)
        self.read = nn.Linear(given, space, bias=False)
        self.heat = nn.Parameter(torch.tensor(math.log(1 / temperature)), requires_grad=not fixed)

    @property
    def scale(self) -> Tensor:
        """What similarities are multiplied by before the softmax."""
        return self.heat.exp().clamp(max=HOTTEST) if self.heat.requires_grad else self.heat.exp()

    def pictures(self, images: Tensor) -> Tensor:
        """float [N, 3, SIZE, SIZE] from -1 to 1 -> unit vectors float32 [N, space]."""
        return F.normalize(self.look(self.drop(self.eye(images).flatten(1))).float(), dim=-1)

    def words(self, vectors: Tensor) -> Tensor:
        """Sentence vectors float [N, given] -> unit vectors float32 [N, space]."""
        return F.normalize(self.read(vectors).float(), dim=-1)


def contrast(pictures: Tensor, words: Tensor, scale: Tensor) -> Tensor:
    """The symmetric InfoNCE loss in nats of pairs of unit vectors [N, space]; who guesses reaches log N.

    van den Oord, Li and Vinyals (2018), arXiv:1807.03748; both ways round as in CLIP.
    """
    logits = scale * pictures @ words.T
    right = torch.arange(len(logits), device=logits.device)
    return (F.cross_entropy(logits, right) + F.cross_entropy(logits.T, right)) / 2


def build(config: ClipConfig, given: int) -> Towers:
    """The config's towers with fresh weights, the same for the same seed; `given`: length of a sentence vector."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        return Towers(config.width, config.space, given, config.temperature, config.fixed, config.dropout)
