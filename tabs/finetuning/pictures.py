"""Pictures that a picture classifier is tried on: drawn, uploaded, or taken from the run's test part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from engines.data.grids import encode_grid
from engines.data.uploads import LIMITS, read_uploads
from engines.messages import EngineError
from tabs.page.canvas.view import SIDE

SHOWN_SIZE = 280  # pixels of a test picture on the canvas, at most
DARK = 64  # of 255: pictures whose border is darker on average have a dark ground
MARGIN = 0.08  # around a drawing, of its longer side


def test_pictures(folder: Path) -> np.ndarray:
    """The test pictures of a run, uint8 [N, H, W, C], in the order of its evaluations."""
    try:
        with np.load(folder / "test_pictures.npz", allow_pickle=False) as arrays:
            return arrays["images"]
    except (OSError, ValueError, KeyError) as problem:
        raise EngineError("The pictures of this run are not there any more.") from problem


def thumbnail(image: np.ndarray) -> str:
    """One picture, uint8 [H, W, C], as a data address."""
    return encode_grid(image[None], columns=1).data_uri()


def enlarge(image: np.ndarray) -> np.ndarray:
    """A small square picture, uint8 [H, W, C], in RGB and large enough to look at, each pixel a square of pixels."""
    times = max(1, SHOWN_SIZE // len(image))
    return np.broadcast_to(image, (*image.shape[:2], 3)).repeat(times, axis=0).repeat(times, axis=1)


def fitted(path: str) -> np.ndarray:
    """An uploaded picture, uint8 [H, W, 3], small enough for the canvas; ConfigError if it is none."""
    image = read_uploads([path], SIDE, replace(LIMITS, fewest=1)).complete().images[0]
    return np.ascontiguousarray(np.broadcast_to(image, (*image.shape[:2], 3)))


def like_training(picture: np.ndarray, examples: np.ndarray) -> np.ndarray:
    """An RGBA picture as the classifier saw `examples`, uint8 [N, H, W, C]: uint8 [1, H, W, C].

    A drawing is cut out and centred. Where the examples are light on dark, as Fashion-MNIST is, so is the result.
    """
    size, channels = examples.shape[1], examples.shape[3]
    drawn = picture[..., 3].min() == 0
    picture = _cut_out(picture) if drawn else _middle_square(picture)
    border = np.concatenate([examples[:, 0], examples[:, -1], examples[:, :, 0], examples[:, :, -1]], axis=1)
    dark = channels == 1 and border.mean() < DARK
    if dark and drawn:
        gray = picture[..., 3]
    else:
        image = Image.fromarray(picture)
        ground = Image.new("RGBA", image.size, "white")
        rgb = np.asarray(Image.alpha_composite(ground, image).convert("RGB" if channels == 3 else "L"))
        light = np.concatenate([rgb[0], rgb[-1], rgb[:, 0], rgb[:, -1]]).mean() > 255 - DARK
        gray = 255 - rgb if dark and light else rgb
    small = np.asarray(Image.fromarray(gray).resize((size, size), Image.BOX))  # undoes what `enlarge` did, exactly
    return small.reshape(1, size, size, channels)


def read_pictures(paths: Sequence[str], examples: np.ndarray) -> np.ndarray:
    """Uploaded pictures as the classifier saw `examples`: uint8 [N, H, W, C]; ConfigError for what is none."""
    found = read_uploads(paths, examples.shape[1], replace(LIMITS, fewest=1)).complete().images
    return np.concatenate([like_training(_opaque(image), examples) for image in found])


def _opaque(picture: np.ndarray) -> np.ndarray:
    """RGBA from gray or RGB [H, W, C]."""
    rgb = np.broadcast_to(picture, (*picture.shape[:2], 3))
    return np.dstack([rgb, np.full(picture.shape[:2], 255, np.uint8)])


def _cut_out(picture: np.ndarray) -> np.ndarray:
    """What is drawn, in the middle of a transparent square."""
    rows, columns = (np.flatnonzero(picture[..., 3].any(axis)) for axis in (1, 0))
    cut = picture[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    side = int(max(cut.shape[:2]) * (1 + 2 * MARGIN)) + 1
    square = np.zeros((side, side, 4), np.uint8)
    top, left = (side - cut.shape[0]) // 2, (side - cut.shape[1]) // 2
    square[top : top + cut.shape[0], left : left + cut.shape[1]] = cut
    return square


def _middle_square(picture: np.ndarray) -> np.ndarray:
    side = min(picture.shape[:2])
    top, left = ((length - side) // 2 for length in picture.shape[:2])
    return picture[top : top + side, left : left + side]
