"""The canvas: what is drawn stays in the page, and travels once, with the request that needs it.

(gr.ImageEditor uploads its layers anew each time that anything on the page asks for its value.)
"""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import gradio as gr
import numpy as np
from PIL import Image

from engines.messages import ConfigError, Message
from tabs.page.component import component

HERE = Path(__file__).parent
SIDE = 512  # pixels of the longer side at most
MOST = 8_000_000  # characters of a canvas's value
HEAD = "data:image/png;base64,"


@dataclass(frozen=True, eq=False)
class Drawing:
    """What a canvas holds; both parts have one size."""

    ground: np.ndarray | None = None  # the picture below, uint8 [H, W, 3]
    strokes: np.ndarray | None = None  # what was drawn over it, uint8 RGBA [H, W, 4]

    def whole(self) -> np.ndarray | None:
        """Both together, uint8 RGBA [H, W, 4], transparent where there is nothing; None while all is blank."""
        if self.ground is None:
            return self.strokes
        below = np.dstack([self.ground, np.full(self.ground.shape[:2], 255, np.uint8)])
        if self.strokes is None:
            return below
        return np.asarray(Image.alpha_composite(Image.fromarray(below), Image.fromarray(self.strokes)))

    def mask(self) -> np.ndarray | None:
        """Where something was drawn, bool [H, W]; None if nowhere."""
        return None if self.strokes is None else self.strokes[..., 3] > 0


def canvas(
    elem_id: str, label: Message, colors: Sequence[str], brush: int, mask: bool = False, **more: object
) -> gr.HTML:
    """A component whose value is `filled`, and read by `read_drawing`; its `input` event says that it was drawn on.

    With `mask` the strokes, of the first of `colors`, let the picture through. `brush` is its width at first, in
    pixels of a canvas of SIDE pixels. `more` are options of gr.HTML.
    """
    return component(
        elem_id, HERE / "view", value=filled(), heading=label, colors=list(colors), brush=brush, mask=mask, **more
    )


def filled(ground: np.ndarray | None = None, side: int = SIDE) -> str:
    """The value of a canvas on which nothing is drawn yet: over the picture uint8 [H, W, 3], or white and square."""
    size = [side, side] if ground is None else [ground.shape[1], ground.shape[0]]
    return json.dumps({"size": size, "ground": None if ground is None else _address(ground), "strokes": None})


def read_drawing(value: str | None) -> Drawing:
    """What a page says that is drawn on its canvas; ConfigError if that can't be."""
    try:
        if not value:
            return Drawing()
        if len(value) > MOST:
            raise ValueError("too long")
        parts = json.loads(value)
        ground, strokes = (_pixels(parts[name], mode) for name, mode in (("ground", "RGB"), ("strokes", "RGBA")))
        if ground is not None and strokes is not None and ground.shape[:2] != strokes.shape[:2]:
            raise ValueError("two sizes")
    except Exception as problem:  # a decoder given hostile bytes may raise nearly anything
        raise ConfigError("The canvas can't be read. Empty it, and draw or upload once more.") from problem
    return Drawing(ground, strokes if strokes is not None and strokes[..., 3].any() else None)


def _address(picture: np.ndarray) -> str:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG")
    return HEAD + base64.b64encode(file.getvalue()).decode()


def _pixels(address: str | None, mode: str) -> np.ndarray | None:
    if address is None:
        return None
    data = base64.b64decode(address.removeprefix(HEAD), validate=True)
    with Image.open(io.BytesIO(data), formats=["PNG"]) as picture:
        if max(picture.size) > SIDE:
            raise ValueError("too large")
        return np.asarray(picture.convert(mode))
