"""The prior of the bundled model: which emoji is meant by words that name none.

The drawing network knows the vectors of names, and of other words little; so they are put in the place of the name
that is nearest in meaning, by a measure that was learnt from emoji's keywords (a prior as in unCLIP, Ramesh 2022, that
chooses where that one makes).
"""

from __future__ import annotations

import json

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional as F

from engines.data.cards import ASSETS
from engines.messages import EngineError

WEIGHTS = ASSETS / "emoji_prior" / "prior.safetensors"


class Tower(nn.Module):
    """Sentence vectors [N, W] to unit vectors [N, W]: without what all have in common, and x + a map of low rank."""

    def __init__(self, width: int, rank: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(width))
        self.down, self.up = nn.Linear(width, rank, bias=False), nn.Linear(rank, width, bias=False)
        nn.init.zeros_(self.up.weight)

    def forward(self, vectors: Tensor) -> Tensor:
        """An untrained one takes off the mean alone."""
        own = F.normalize(vectors - self.mean, dim=-1)
        return F.normalize(own + self.up(self.down(own)), dim=-1)


class Prior(nn.Module):
    """How well words fit names, -1 to 1; a tower for each, since words are said otherwise than names."""

    def __init__(self, width: int = 384, rank: int = 128) -> None:
        super().__init__()
        self.words, self.names = Tower(width, rank), Tower(width, rank)

    def forward(self, words: Tensor, names: Tensor) -> Tensor:
        """Sentence vectors [N, W] and [M, W] to [N, M]."""
        return self.words(words) @ self.names(names).T


def load_prior() -> tuple[Prior, dict[str, str]]:
    """The trained network in float32, and each name of an emoji with the one it is told by, as `plain` writes them.

    Its size is read off the tensors. EngineError if the file is damaged.
    """
    try:
        with safe_open(WEIGHTS, "pt") as file:
            names = dict(json.loads(file.metadata()["names"]))
        tensors = {name: tensor.float() for name, tensor in load_file(WEIGHTS).items()}
        rank, width = tensors["words.down.weight"].shape
        network = Prior(width, rank)
        network.load_state_dict(tensors)
    except (OSError, SafetensorError, KeyError, TypeError, ValueError, RuntimeError) as problem:
        raise EngineError("The bundled model's files are damaged; fetch the program again.") from problem
    return network.eval().requires_grad_(False), names
