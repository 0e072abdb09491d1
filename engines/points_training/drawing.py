"""A drawing as text, short enough for a setting: strokes parted by dots, four hexadecimal digits a corner.

"8080.10107f7f" is a dot in the middle, and a line from near the lower left to the middle: two digits for how far to
the right, 00 to ff, and two for how far up.
"""

from __future__ import annotations

import re

import numpy as np

from engines.messages import ConfigError

MAX_TEXT = 8_000  # characters: 2,000 corners
STROKES = re.compile(r"([0-9a-f]{4})+(\.([0-9a-f]{4})+)*")


def read_strokes(text: str) -> list[np.ndarray]:
    """The corners of each stroke, float32 [K, 2] from 0 to 1 (right, up); ConfigError if the text is no drawing."""
    if not text:
        return []
    if not STROKES.fullmatch(text):
        raise ConfigError("The drawing can't be read. Empty it, and draw once more.")
    corners = [np.frombuffer(bytes.fromhex(part), np.uint8).reshape(-1, 2) for part in text.split(".")]
    return [each.astype(np.float32) / 255 for each in corners]


def write_strokes(strokes: list[np.ndarray]) -> str:
    """The inverse of read_strokes, to the nearest 255th."""
    return ".".join(np.rint(255 * stroke).astype(np.uint8).tobytes().hex() for stroke in strokes)
