"""The prior of the bundled model: which emoji is meant by words that name none.

The drawing network knows the vectors of names, and of other words little; so they are put in the place of the name
of the emoji that is nearest in meaning, by a measure that was learnt from emoji's keywords (a prior as in unCLIP,
Ramesh 2022, that chooses where that one makes). There are two: for English by MiniLM, for other languages by
multilingual-e5-small.

What is near to much that is said is chosen too often (a hub: Radovanović 2010). So each emoji has its nearness to
others' words taken off, in part (as CSLS does, Conneau 2018).
"""

from __future__ import annotations

import json
import lzma
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from types import MappingProxyType

import torch
from safetensors import SafetensorError
from torch import Tensor, nn
from torch.nn import functional as F

from engines import packing
from engines.data.cards import ASSETS
from engines.messages import EngineError

FOLDER = ASSETS / "emoji_prior"
ENGLISH, OTHER_LANGUAGES = FOLDER / "english.safetensors", FOLDER / "other_languages.safetensors"
KEYWORDS = FOLDER / "keywords.json.xz"
BONUS = 0.1  # for an emoji that has all the words of a list, where fits are -1 to 1
COMMAS = re.compile("[,，、;；]")


class Tower(nn.Module):
    """Sentence vectors [N, W] to unit vectors [N, W]: x without what all have in common, and a map of it added."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(width))
        self.map = nn.Linear(width, width, bias=False)
        nn.init.zeros_(self.map.weight)

    def forward(self, vectors: Tensor) -> Tensor:
        """An untrained one takes off the mean alone."""
        own = F.normalize(vectors - self.mean, dim=-1)
        return F.normalize(own + self.map(own), dim=-1)


class Prior(nn.Module):
    """How well texts fit each of E emoji, about -1 to 1."""

    def __init__(self, width: int, emoji: int) -> None:
        super().__init__()
        self.words = Tower(width)
        self.register_buffer("emoji", torch.zeros(emoji, width))  # unit vectors, of all names of each
        self.register_buffer("common", torch.zeros(emoji))  # what is taken off the fit of each

    def forward(self, vectors: Tensor) -> Tensor:
        """Sentence vectors [N, W] to [N, E]."""
        return self.words(vectors) @ self.emoji.T - self.common


def load_prior(path: Path = ENGLISH) -> tuple[Prior, list[tuple[str, str]]]:
    """A trained network in float32, and of each of its emoji the name, as it is drawn and told, and the Chinese one.

    EngineError if the file is damaged.
    """
    try:
        tensors = {name: torch.from_numpy(array) for name, array in packing.load(path).items()}
        names = [(name, chinese) for name, chinese in json.loads(packing.facts_of(path)["names"])]
        network = Prior(len(tensors["words.mean"]), len(names))
        network.load_state_dict(tensors)
    except (OSError, SafetensorError, KeyError, TypeError, ValueError, RuntimeError) as problem:
        raise EngineError("The bundled model's files are damaged; fetch the program again.") from problem
    return network.eval().requires_grad_(False), names


def save_prior(path: Path, names: Sequence[tuple[str, str]], tensors: Mapping[str, Tensor]) -> None:
    """Write what `load_prior` reads, packed."""
    arrays = {name: tensor.numpy() for name, tensor in tensors.items()}
    packing.save(path, arrays, {"names": json.dumps([*names], ensure_ascii=False)})


@cache
def load_keywords() -> Mapping[str, frozenset[str]]:
    """Each emoji's name, as it is told -> the English keywords that were learnt; nothing if the file is damaged."""
    try:
        table = json.loads(lzma.decompress(KEYWORDS.read_bytes()))
        return MappingProxyType({name: frozenset(words) for name, words in table.items()})
    except (OSError, ValueError, AttributeError, TypeError, lzma.LZMAError):
        return MappingProxyType({})


def having(text: str) -> frozenset[str]:
    """The names of the emoji that have all keywords of a list, or the one that the whole text is."""
    words = {" ".join(word.lower().split()) for word in COMMAS.split(text)} - {""}
    return frozenset(name for name, keywords in load_keywords().items() if words and words <= keywords | {name})
