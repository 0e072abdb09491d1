"""Paints pictures in the manner of another."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageOps

from engines.data.cards import ASSETS
from engines.image_generation.enlarging import MOST_PIXELS
from engines.knobs import Config, knob
from engines.messages import ConfigError, EngineError, Message
from engines.running.events import Events, Note, Pictures, Progress, Samples

if TYPE_CHECKING:
    from torch import Tensor

    from engines.image_generation.styling.networks import Stylist

TITLE = "Magenta's arbitrary stylization"
FOLDER = ASSETS / "styles"
OWN = "own"
STYLES = {
    "night": "Starry night",
    "mosaic": "Mosaic",
    "ink": "Ink wash",
    "waves": "Waves",
    "glass": "Stained glass",
    "dots": "Dots",
    "pencil": "Pencil",
    "papercut": "Paper cut",
    OWN: "A picture of yours",
}
STYLE_SIDE = 256  # pixels of a style picture, as the network was trained
LEAST = 16  # pixels a side, of a style picture and of one that is painted
DRAWN = 256  # pixels that the shorter side is enlarged to before it is painted: the strokes have a size of their own
MULTIPLE = 4  # of which the network wants each side to be


@dataclass(frozen=True)
class StyleConfig(Config):
    """In which manner pictures are painted, and how strongly."""

    style: str = knob("night", "Style", "The picture whose manner is taken.", choices=STYLES)
    strength: float = knob(
        1.0, "Strength", "0 keeps the picture's own manner, 1 takes the other.", low=0, high=1, step=0.05
    )

    def fit(self, images: np.ndarray, style: np.ndarray | None) -> None:
        """ConfigError if pictures [N, H, W, 3] or the style picture of one's own [H, W, 3] do not suit."""
        height, width = images.shape[1:3]
        if width * height > MOST_PIXELS:
            raise ConfigError(
                "The picture has {width} x {height} pixels; at most {most} x {most}, or as many in another shape, can"
                " be painted.",
                width=width,
                height=height,
                most=round(MOST_PIXELS**0.5),
            )
        if self.style == OWN and style is None:
            raise ConfigError("Choose a style picture first.")
        for picture, name in ((images[0], Message("The picture")), (style, Message("The style picture"))):
            if picture is not None and min(picture.shape[:2]) < LEAST:
                raise ConfigError(
                    "{name} has {width} x {height} pixels; it must have at least {least} a side.",
                    name=name,
                    width=picture.shape[1],
                    height=picture.shape[0],
                    least=LEAST,
                )


def stylize(config: StyleConfig, images: np.ndarray, style: np.ndarray | None = None) -> Events:
    """Paint uint8 [N, H, W, 3] in the manner of the config's style, or of `style`, uint8 [H', W', 3].

    Small pictures are enlarged first. Yields Progress by pictures, Samples of those that are done, and last Pictures;
    told to stop, it ends with none. Strength goes from the numbers of the picture's own style to the other's.
    ConfigError if they do not suit, EngineError if the networks' file is damaged.
    """
    config.fit(images, style)
    yield Note(Message("Loading {model}", model=TITLE))
    from engines.device import pick_device
    from engines.image_generation.styling.networks import Stylist

    stylist = Stylist.load(pick_device())
    began = time.monotonic()
    wanted = _numbers(stylist, _bundled(config.style) if config.style != OWN else style)
    made: list[np.ndarray] = []
    for done, image in enumerate(images):
        if (yield Progress(done, len(images))):
            return
        picture = _large_enough(image)
        own = _numbers(stylist, picture)
        made.append(_painted(stylist, picture, own + config.strength * (wanted - own)))
        if (yield Samples(done + 1, np.stack(made))):
            return
    yield Progress(len(images), len(images))
    yield Pictures(np.stack(made), config, TITLE, time.monotonic() - began)


def style_file(name: str) -> Path:
    """Where a bundled style picture lies."""
    return FOLDER / f"{name}.webp"


def _bundled(name: str) -> np.ndarray:
    try:
        with Image.open(style_file(name)) as picture:
            return np.asarray(picture.convert("RGB"))
    except OSError as problem:
        raise EngineError("The bundled model's files are damaged; fetch the program again.") from problem


def _numbers(stylist: Stylist, image: np.ndarray) -> Tensor:
    """What tells the style of the middle of uint8 [H, W, 3]."""
    square = ImageOps.fit(Image.fromarray(image), (STYLE_SIDE, STYLE_SIDE), Image.Resampling.LANCZOS)
    return stylist.style_of(_tensor(stylist, np.asarray(square)))


def _large_enough(image: np.ndarray) -> np.ndarray:
    height, width = image.shape[:2]
    times = -(-DRAWN // min(height, width))
    if times <= 1 or width * height * times**2 > MOST_PIXELS:
        return image
    return np.asarray(Image.fromarray(image).resize((width * times, height * times), Image.Resampling.BICUBIC))


def _painted(stylist: Stylist, image: np.ndarray, style: Tensor) -> np.ndarray:
    """uint8 [H, W, 3] painted; sides that the network cannot take are filled up at their ends and cut again."""
    height, width = image.shape[:2]
    filled = np.pad(image, ((0, -height % MULTIPLE), (0, -width % MULTIPLE), (0, 0)), mode="edge")
    made = stylist.paint(_tensor(stylist, filled), style)[0, :, :height, :width]
    return made.mul(255).round().byte().permute(1, 2, 0).cpu().numpy()


def _tensor(stylist: Stylist, image: np.ndarray) -> Tensor:
    """uint8 [H, W, 3] as float [1, 3, H, W] in 0..1, where the networks are."""
    import torch

    return torch.tensor(image, device=stylist.device).permute(2, 0, 1)[None].float().div(255)
