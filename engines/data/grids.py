"""Pictures to encoded files: a square grid, and an animation of several frames."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

LOSSLESS_UP_TO = 256  # pixels a side; above it a PNG of noisy pictures costs several times a JPEG


@dataclass(frozen=True)
class Picture:
    """An encoded picture and its MIME type."""

    data: bytes
    mime: str

    @property
    def suffix(self) -> str:
        """File name ending, with its dot."""
        return {"image/png": ".png", "image/jpeg": ".jpg", "image/webp": ".webp", "image/gif": ".gif"}[self.mime]

    def data_uri(self) -> str:
        """The picture as a `data:` address, which a page shows without another request."""
        return f"data:{self.mime};base64,{base64.b64encode(self.data).decode()}"

    def open(self) -> Image.Image:
        """The decoded picture."""
        return Image.open(io.BytesIO(self.data))


def make_grid(images: np.ndarray, columns: int | None = None) -> Image.Image:
    """uint8 [N, H, W, C] (C 1 or 3) as one picture, row by row, `columns` wide (default: square)."""
    count, height, width, channels = images.shape
    columns = columns or math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    if count < rows * columns:
        blank = np.full((rows * columns - count, height, width, channels), 255, np.uint8)
        images = np.concatenate([images, blank])
    grid = images.reshape(rows, columns, height, width, channels).swapaxes(1, 2)
    grid = grid.reshape(rows * height, columns * width, channels)
    return Image.fromarray(grid[..., 0] if channels == 1 else grid)


def encode(image: Image.Image, exif: bytes = b"") -> Picture:
    """PNG for small pictures, whose pixels one sees, and JPEG for larger ones; `exif` goes into it."""
    buffer = io.BytesIO()
    if max(image.size) <= LOSSLESS_UP_TO:
        image.save(buffer, "PNG", compress_level=3, exif=exif)
        return Picture(buffer.getvalue(), "image/png")
    image.save(buffer, "JPEG", quality=90, subsampling=0, exif=exif)
    return Picture(buffer.getvalue(), "image/jpeg")


def encode_grid(images: np.ndarray, columns: int | None = None) -> Picture:
    """`encode(make_grid(images, columns))`."""
    return encode(make_grid(images, columns))


def animate(
    frames: Sequence[Image.Image],
    kind: str = "WEBP",
    seconds: float = 6.0,
    rest: float = 1.5,
    min_side: int = 448,
    xmp: bytes = b"",
) -> Picture:
    """An endless animation ("WEBP" or "GIF") of about `seconds`, which rests on its last frame.

    Small frames are enlarged by a whole factor to at least `min_side` pixels, so that they can be seen. `xmp` goes
    into a WebP as its metadata.
    """
    scale = max(1, math.ceil(min_side / max(frames[0].size)))
    size = (frames[0].width * scale, frames[0].height * scale)
    frames = [frame.convert("RGB").resize(size, Image.Resampling.NEAREST) for frame in frames]
    each = max(20, min(400, round(1000 * seconds / len(frames))))
    durations = [each] * (len(frames) - 1) + [max(each, round(1000 * rest))]
    buffer = io.BytesIO()
    options = {"quality": 80, "method": 2, "xmp": xmp} if kind == "WEBP" else {}
    frames[0].save(buffer, kind, save_all=True, append_images=frames[1:], duration=durations, loop=0, **options)
    return Picture(buffer.getvalue(), f"image/{kind.lower()}")
