"""Settings hidden in the lowest bits of a picture, which stay where a site takes all texts out of its file.

NovelAI writes them so, and the extension "stealth pnginfo" of the web UI: a signature, the length in bits, then the
text, packed or not, one bit of alpha or three of the colours in each pixel, column by column.
"""

from __future__ import annotations

import json
import zlib

import numpy as np
from PIL import Image

ALPHA, COLOURS = (3,), (0, 1, 2)
SIGNATURES = {
    b"stealth_pnginfo": (ALPHA, False),
    b"stealth_pngcomp": (ALPHA, True),
    b"stealth_rgbinfo": (COLOURS, False),
    b"stealth_rgbcomp": (COLOURS, True),
}
LENGTH = len(b"stealth_pnginfo")
MOST = 2_000_000  # bytes of such a text, unpacked
MOST_PIXELS = 16 * 10**6  # of a picture that is decoded for them


def hidden_texts(picture: Image.Image) -> dict[str, str]:
    """Keyword -> text, as the file's own would have been; nothing if there is none, or if it is damaged."""
    if picture.mode not in ("RGB", "RGBA") or picture.width * picture.height > MOST_PIXELS:
        return {}
    pixels = np.asarray(picture)
    for signature, (channels, packed) in SIGNATURES.items():
        if channels[-1] < pixels.shape[2] and _bytes(pixels, channels, 0, LENGTH) == signature:
            size = int.from_bytes(_bytes(pixels, channels, LENGTH, 4), "big") // 8
            raw = _bytes(pixels, channels, LENGTH + 4, min(size, MOST))
            return _texts(_unpacked(raw) if packed else raw)
    return {}


def _bytes(pixels: np.ndarray, channels: tuple[int, ...], start: int, count: int) -> bytes:
    """So many bytes from the lowest bits of uint8 [H, W, C]; fewer where the picture ends."""
    a_column = len(pixels) * len(channels)
    first, last = 8 * start // a_column, -(-8 * (start + count) // a_column)
    bits = (pixels[:, first:last][..., channels] & 1).transpose(1, 0, 2).reshape(-1)
    at = 8 * start - first * a_column
    return np.packbits(bits[at : at + 8 * count]).tobytes()


def _unpacked(raw: bytes) -> bytes:
    try:
        return zlib.decompressobj(16 + zlib.MAX_WBITS).decompress(raw, MOST)
    except zlib.error:
        return b""


def _texts(raw: bytes) -> dict[str, str]:
    text = raw.decode("utf-8", "replace")
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        return {"parameters": text} if text else {}
    if not isinstance(told, dict) or not all(isinstance(part, str | int | float) for part in told.values()):
        return {"parameters": text}
    return {name: str(part) for name, part in told.items()}
