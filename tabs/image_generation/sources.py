"""What a new picture starts from: one that is uploaded or sketched, and the mask that is painted on it."""

from __future__ import annotations

from typing import Any

import gradio as gr
import numpy as np
from PIL import Image

from engines.image_generation.config import ImageConfig
from engines.image_generation.picture_files import read_picture
from engines.messages import Message
from tabs.page.canvas.view import SIDE, canvas, filled, read_drawing
from tabs.page.forms import Form
from tabs.page.language import t
from tabs.page.polite import polite
from tabs.page.shared import FOLLOW, QUICK, after

HIDDEN = "hidden"  # in the page all the same: Gradio 6.31 makes a component of its own anew without its props
COLORS = ["#111111", "#e02424", "#f59e0b", "#facc15", "#16a34a", "#2563eb", "#9333ea", "#ec4899", "#ffffff", "#92400e"]
MASK = "#d946ef"


class SourcePanel:
    """The two canvases, of which the task shows one, and the button that fills them with a file."""

    def __init__(self) -> None:
        with gr.Column(min_width=320, elem_id="image-sources"):  # seen while a canvas is: looks/page.css
            self.sketch = canvas("image-sketch", Message("Start from this"), COLORS, 14, visible=HIDDEN)
            self.painted = canvas("image-painted", Message("Paint over a part"), [MASK], 44, True, visible=HIDDEN)
            self.upload = gr.UploadButton(
                t("Upload a picture"), file_types=["image"], size="sm", elem_id="image-upload"
            )

    @property
    def canvases(self) -> list[gr.HTML]:
        """The two; also the outputs of `place` and `seen`."""
        return [self.sketch, self.painted]

    def wire(self, form: Form) -> None:
        """Let the canvases follow the task, and uploads fill them."""
        task = form["task"]
        after(task.change).then(seen, task, self.canvases, **FOLLOW)
        self.upload.upload(
            self.place_upload, [self.upload, task, form["width"], form["height"]], self.canvases, **QUICK
        )

    @staticmethod
    def place_upload(path: str, task: str, width: float, height: float, request: gr.Request) -> list[Any]:
        """Put an uploaded picture on the canvas; one sentence if it is none, or too large."""
        with polite(request):
            return place(read_picture(path), task, (width, height))


def seen(task: str) -> list[dict[str, Any]]:
    """The canvas that the task needs."""
    return [gr.update(visible=task == one or HIDDEN) for one in ("image_to_image", "inpainting")]


def place(picture: np.ndarray, task: str, size: tuple[float, float] = (1, 1)) -> list[dict[str, Any]]:
    """uint8 [H, W, 3] on both canvases, small ones enlarged without blur; the task's canvas is shown.

    Of the picture only its middle in the proportions of `size`, which is all that a model gets of it.
    """
    picture = picture[middle(picture, size)]
    scale = SIDE / max(picture.shape[:2])
    size = [max(1, round(side * scale)) for side in picture.shape[1::-1]]
    filter_ = Image.Resampling.NEAREST if scale >= 2 else Image.Resampling.LANCZOS
    value = filled(np.asarray(Image.fromarray(picture).resize(size, filter_)))
    return [canvas | {"value": value} for canvas in seen(task)]


def middle(picture: np.ndarray, size: tuple[float, float]) -> tuple[slice, slice]:
    """The largest part in the middle of [H, W, …] with the proportions (width, height) of `size`."""
    have, ratio = picture.shape[:2], (size[0] or 1) / (size[1] or 1)
    rows, columns = min(have[0], round(have[1] / ratio)), min(have[1], round(have[0] * ratio))
    top, left = (have[0] - rows) // 2, (have[1] - columns) // 2
    return slice(top, top + max(1, rows)), slice(left, left + max(1, columns))


def read_sources(
    config: ImageConfig, sketch: str | None, painted: str | None
) -> tuple[np.ndarray | None, np.ndarray | None]:
    """(picture uint8 [H, W, 3], mask bool [H, W]) from the canvas of the task; None for what is not there.

    A canvas of a whole multiple of the picture's size is shrunk to it, so that a small picture comes back as it was.
    """
    size = (config.height * config.times, config.width * config.times)
    if config.task == "image_to_image":
        return _shrunk(_on_white(read_drawing(sketch).whole()), size), None
    if config.task == "inpainting":
        drawn = read_drawing(painted)
        return _shrunk(drawn.ground, size), _shrunk(drawn.mask(), size)
    return None, None


def _shrunk(pixels: np.ndarray | None, size: tuple[int, int]) -> np.ndarray | None:
    """Means of whole blocks of pixels; of a mask, whether any is set. As it is where no whole blocks make `size`."""
    if pixels is None or pixels.shape[0] % size[0] or pixels.shape[1] % size[1]:
        return pixels
    rows, columns = (pixels.shape[axis] // size[axis] for axis in (0, 1))
    blocks = pixels.reshape(size[0], rows, size[1], columns, -1)
    if pixels.dtype == bool:
        return blocks.any((1, 3))[..., 0]
    return blocks.mean((1, 3)).round().astype(np.uint8)


def _on_white(drawn: np.ndarray | None) -> np.ndarray | None:
    """uint8 [H, W, 3] of RGBA."""
    if drawn is None:
        return None
    whole = Image.fromarray(drawn)
    return np.asarray(Image.alpha_composite(Image.new("RGBA", whole.size, "white"), whole).convert("RGB"))
