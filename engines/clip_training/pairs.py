"""What is learnt from: emoji, their names in two languages, and frozen vectors of what the names mean."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from PIL import Image

from engines.clip_training.config import SIZE
from engines.data.cards import ASSETS

PICTURES, NAMES = ASSETS / "emoji" / "pictures.npz", ASSETS / "emoji_names" / "names.npz"
LANGUAGES = ("en", "zh")
HELD = 100  # emoji that are never learnt from
SHOWN = 24  # emoji of the matrix: two thirds are learnt from, one third is held out
FIXED = 1  # seed of which these are, the same in every run, so that runs can be compared


@dataclass(frozen=True, eq=False)
class Pairs:
    """Pictures and the names that belong to them; an emoji has several pictures and a name in each language."""

    images: np.ndarray  # uint8 [P, SIZE, SIZE, 3]
    emoji: np.ndarray  # the emoji of each picture, int64 [P], from 0 to N - 1
    names: tuple[tuple[str, ...], ...]  # [languages][N]
    vectors: np.ndarray  # of the names, float32 [languages, N, D]
    learnt: np.ndarray  # emoji that are learnt from, int64
    held: np.ndarray  # emoji that are held out, int64 [HELD]

    @cached_property
    def shown(self) -> np.ndarray:
        """The emoji of the matrix, int64: first some that are learnt from, then some that are held out."""
        third = min(SHOWN // 3, len(self.held))
        return np.concatenate([self.learnt[: SHOWN - third], self.held[:third]])

    def first_pictures(self, emoji: np.ndarray) -> np.ndarray:
        """A picture of each of these emoji: places among the pictures, int64."""
        return np.array([int(np.flatnonzero(self.emoji == one)[0]) for one in emoji])


def load(part: float = 1.0) -> Pairs:
    """The bundled emoji with their names; of those to learn from only this share."""
    with np.load(PICTURES) as pictures, np.load(NAMES) as named:
        place = {key: i for i, key in enumerate(named["keys"].tolist())}
        emoji = np.array([place[name] for name in pictures["names"].tolist()])
        images = np.stack([small(image) for image in pictures["images"]])
    order = np.random.default_rng(FIXED).permutation(len(place))
    held, rest = order[:HELD], order[HELD:]
    learnt = rest[: max(SHOWN, round(part * len(rest)))]
    return Pairs(images, emoji, load_names(), load_vectors(), learnt, held)


def load_names() -> tuple[tuple[str, ...], ...]:
    """The names of all emoji, [languages][N]."""
    with np.load(NAMES) as named:
        return tuple(tuple(named[f"names_{language}"].tolist()) for language in LANGUAGES)


def load_vectors() -> np.ndarray:
    """What the names mean: unit vectors float32 [languages, N, D]."""
    with np.load(NAMES) as named:
        vectors = named["vectors"].astype(np.float32) * named["scale"]
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def small(image: np.ndarray) -> np.ndarray:
    """A picture uint8 [H, W, 3] at SIZE, with white beside what is not square."""
    height, width, _ = image.shape
    side = max(height, width)
    square = np.full((side, side, 3), 255, np.uint8)
    top, left = (side - height) // 2, (side - width) // 2
    square[top : top + height, left : left + width] = image
    return np.asarray(Image.fromarray(square).resize((SIZE, SIZE), Image.Resampling.BOX))


def projected(vectors: np.ndarray) -> np.ndarray:
    """Vectors of the same encoder, float32 [N, 384], as those of the names: unit vectors float32 [N, D]."""
    with np.load(NAMES) as named:
        main = (vectors - named["mean"].astype(np.float32)) @ named["axes"].astype(np.float32)
    return main / np.linalg.norm(main, axis=-1, keepdims=True).clip(1e-9)
