"""A small network that makes the bundled model's pictures twice as wide and high, sharp, as emoji are drawn."""

from __future__ import annotations

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn
from torch.nn import functional as F

from engines.data.cards import ASSETS
from engines.messages import EngineError

WEIGHTS = ASSETS / "doubler" / "doubler.safetensors"


class Block(nn.Module):
    """x + two 3x3 convolutions of it; without a norm, which would change the colours (EDSR, Lim 2017)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=1), nn.ReLU(), nn.Conv2d(width, width, 3, padding=1)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """[N, C, H, W] to the same."""
        return x + self.body(x)


class Doubler(nn.Module):
    """Pictures [N, 3, H, W] in -1..1 to [N, 3, 2H, 2W]: bilinear enlargement, and what it lacks.

    All is computed at the small size; the last convolution's channels become the places of each pixel (Shi 2016).
    """

    def __init__(self, width: int = 48, depth: int = 3) -> None:
        super().__init__()
        self.head = nn.Conv2d(3, width, 3, padding=1)
        self.blocks = nn.Sequential(*[Block(width) for _ in range(depth)])
        self.tail = nn.Conv2d(width, 12, 3, padding=1)

    def forward(self, small: torch.Tensor) -> torch.Tensor:
        """The large pictures, about -1..1, in float32 whatever type the weights are."""
        found = self.head(small.to(self.head.weight.dtype))
        lacking = F.pixel_shuffle(self.tail(found + self.blocks(found)), 2).float()
        return F.interpolate(small.float(), scale_factor=2, mode="bilinear", align_corners=False) + lacking


def load_doubler() -> Doubler:
    """The trained network in float32, its size read off the tensors; EngineError if the file is damaged."""
    try:
        tensors = {name: tensor.float() for name, tensor in load_file(WEIGHTS).items()}
        depth = len({name.split(".")[1] for name in tensors if name.startswith("blocks.")})
        network = Doubler(len(tensors["head.weight"]), depth)
        network.load_state_dict(tensors)
    except (OSError, SafetensorError, KeyError, RuntimeError) as problem:
        raise EngineError("The bundled model's files are damaged; fetch the program again.") from problem
    return network.eval().requires_grad_(False)
