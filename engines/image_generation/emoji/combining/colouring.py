"""A thing in another colour: its main hue is turned, and light, shade, outlines and the white ground stay."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from PIL import Image

# Hue in degrees, saturation and brightness of the middle of a thing in this colour.
TONES: Mapping[str, tuple[float, float, float]] = MappingProxyType(
    {
        "red": (2, 0.82, 0.85), "orange": (28, 0.85, 0.97), "yellow": (50, 0.8, 0.98), "green": (125, 0.7, 0.66),
        "blue": (214, 0.75, 0.85), "purple": (275, 0.6, 0.75), "pink": (332, 0.45, 0.97), "brown": (24, 0.6, 0.52),
        "gray": (0, 0.0, 0.62), "black": (0, 0.0, 0.22), "white": (0, 0.0, 0.9),
    }
)  # fmt: skip
NEAR, FAR = 48.0, 78.0  # degrees from the main hue: nearer is turned, farther (the leaf of an apple) stays
HUED, GRAY = 0.4, 0.25  # shares of a thing below which more of it is coloured
CONTRAST = 0.85  # of light and shade, beside what it was
PALE = 0.2  # saturation from which a pixel has a hue of its own


def coloured(picture: np.ndarray, colour: str, ground: np.ndarray) -> np.ndarray:
    """uint8 [S, S, 3] in a colour of TONES; `ground`, bool [S, S], stays as it is."""
    hue, saturation, value = _hsv(picture)
    turn, relative = _body(hue, saturation, value, ground)
    body = turn > 0.5
    if not body.any():
        return picture
    to_hue, to_saturation, to_value = TONES[colour]
    new = np.stack([
        np.full_like(hue, to_hue / 360),
        (to_saturation * np.minimum(relative, 1.2) ** 0.7).clip(0, 1),  # a gleam stays one
        (to_value + CONTRAST * (value - np.median(value[body]))).clip(0, 1),
    ], -1)  # fmt: skip
    changed = np.asarray(Image.fromarray((new * 255).round().astype(np.uint8), "HSV").convert("RGB"), np.float32)
    mixed = turn[..., None] * changed + (1 - turn[..., None]) * picture
    return mixed.round().clip(0, 255).astype(np.uint8)


def _hsv(picture: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Hue in degrees, saturation and brightness in 0..1, float32 [S, S]."""
    hsv = np.asarray(Image.fromarray(picture).convert("HSV"), np.float32) / 255
    return hsv[..., 0] * 360, hsv[..., 1], hsv[..., 2]


def _body(
    hue: np.ndarray, saturation: np.ndarray, value: np.ndarray, ground: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """How far each pixel takes part, 0 to 1, and its saturation beside that of the others that do.

    Those of the main hue do; of a thing that has little of one, such as a robot, the grays too; of a white one, all.
    """
    vivid = np.where(ground, 0.0, _rising(saturation, 0.06, PALE) * _rising(value, 0.12, 0.22))
    turn = _turning(hue, saturation * value, vivid)
    hued = saturation[turn > 0.5]
    relative = saturation / max(float(np.median(hued)), 0.05) if len(hued) else np.ones_like(saturation)
    grays = np.where(ground, 0.0, (1 - vivid) * _rising(value, 0.2, 0.35) * _rising(0.93 - value, 0.0, 0.05))
    for least, more in ((HUED, grays), (GRAY, np.where(ground, 0.0, 1.0))):
        if turn.sum() < least * (~ground).sum():
            relative = np.where(more > turn, 1.0, relative)
            turn = np.maximum(turn, more)
    return turn, relative


def _rising(values: np.ndarray, low: float, high: float) -> np.ndarray:
    return ((values - low) / (high - low)).clip(0, 1)


def _turning(hue: np.ndarray, weight: np.ndarray, vivid: np.ndarray) -> np.ndarray:
    """How far each pixel takes part, 0 to 1: those near the hue that most of the vivid ones have."""
    bins = np.bincount((hue / 15).astype(int).ravel() % 24, (weight * vivid).ravel(), 24)
    smooth = bins + 0.7 * (np.roll(bins, 1) + np.roll(bins, -1))
    main = (smooth.argmax() + 0.5) * 15
    away = np.abs((hue - main + 180) % 360 - 180)
    return vivid * _rising(-away, -FAR, -NEAR)
