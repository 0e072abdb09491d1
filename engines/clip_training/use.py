"""What one can do with words and pictures in one space: search by words, and sort pictures into classes in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from engines.clip_training.config import ClipConfig
from engines.clip_training.pairs import load, load_vectors
from engines.clip_training.wording import understand
from engines.messages import EngineError, Message
from engines.running.events import Weights


@dataclass(frozen=True)
class Hit:
    """An emoji that a search has found."""

    image: np.ndarray  # uint8 [SIZE, SIZE, 3]
    names: tuple[str, ...]  # in each language
    similarity: float  # from -1 to 1
    held: bool  # whether it was held out from learning


@dataclass(frozen=True, eq=False)
class Search:
    """What was found, the nearest first."""

    hits: tuple[Hit, ...]
    order: tuple[tuple[int, float], ...]  # of pictures that were given besides: their places, and how near they are
    notes: tuple[Message, ...]  # how the words were understood


@dataclass(frozen=True, eq=False)
class Sorted:
    """How likely each class is for each picture."""

    shares: np.ndarray  # float [pictures, classes], each row adding up to 1
    notes: tuple[Message, ...]


class Matcher:
    """The trained towers, on the CPU. Not for use by two threads at once."""

    def __init__(self, config: ClipConfig, tensors: Mapping[str, np.ndarray]) -> None:
        """EngineError if the weights are not of this config."""
        import torch

        from engines.clip_training.networks import build

        self.net = build(config, load_vectors().shape[-1]).eval()
        try:
            self.net.load_state_dict({name: torch.tensor(array) for name, array in tensors.items()})
        except (RuntimeError, TypeError) as problem:
            raise EngineError("These weights are of another model than their settings say.") from problem

    def see(self, images: np.ndarray) -> np.ndarray:
        """Unit vectors float32 [N, space] of pictures uint8 [N, SIZE, SIZE, 3]."""
        from engines.clip_training.step import as_input, embed
        from engines.device.tuning import threads

        with threads(1):
            return embed(self.net, as_input(images))

    def read(self, vectors: np.ndarray) -> np.ndarray:
        """Unit vectors float32 [N, space] of what words mean, float32 [N, D]."""
        import torch

        from engines.clip_training.step import embed_words

        return embed_words(self.net, torch.tensor(np.asarray(vectors, np.float32)))

    @property
    def scale(self) -> float:
        """What similarities are multiplied by before the softmax."""
        return float(self.net.scale.detach())


def search(
    config: ClipConfig, weights: Weights, text: str, count: int, given: np.ndarray, free: bool = False
) -> Search:
    """The `count` emoji, and the pictures `given`, uint8 [N, SIZE, SIZE, 3], that are nearest to a text.

    With `free` the encoder reads the words, which must be here then. ConfigError for words that are not known. A plain
    function, so that a worker can be told to call it.
    """
    (wording,) = understand([text], free)
    matcher, pairs = Matcher(config, weights.tensors), load()
    word = matcher.read(wording.vector[None])[0]
    near = matcher.see(pairs.images) @ word
    hits, seen = [], set()
    for place in np.argsort(-near):
        emoji = int(pairs.emoji[place])
        if emoji not in seen and len(seen) < count:
            names = tuple(names[emoji] for names in pairs.names)
            hits.append(Hit(pairs.images[place], names, float(near[place]), emoji in pairs.held))
            seen.add(emoji)
    others = matcher.see(given) @ word if len(given) else np.zeros(0)
    order = tuple((int(i), float(others[i])) for i in np.argsort(-others))
    return Search(tuple(hits), order, (wording.how,) if wording.how else ())


def fit(config: ClipConfig, weights: Weights, text: str, images: np.ndarray, free: bool = False) -> np.ndarray:
    """How near each picture, uint8 [N, SIZE, SIZE, 3], is to a text: cosines float [N], from -1 to 1; as `search`."""
    (wording,) = understand([text], free)
    matcher = Matcher(config, weights.tensors)
    return matcher.see(images) @ matcher.read(wording.vector[None])[0]


def sort(
    config: ClipConfig, weights: Weights, images: np.ndarray, classes: Sequence[str], free: bool = False
) -> Sorted:
    """How likely each class is for each picture, uint8 [N, SIZE, SIZE, 3]; as `search` otherwise."""
    wordings = understand(classes, free)
    matcher = Matcher(config, weights.tensors)
    words = matcher.read(np.stack([wording.vector for wording in wordings]))
    logits = matcher.scale * matcher.see(images) @ words.T
    shares = np.exp(logits - logits.max(1, keepdims=True))
    shares /= shares.sum(1, keepdims=True)
    return Sorted(shares, tuple(wording.how for wording in wordings if wording.how))
