"""Makes pictures: a generator from an ImageConfig to events, for every kind of model."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageOps

from engines.image_generation.config import Blend, ImageConfig
from engines.image_generation.drawing import relay
from engines.image_generation.enlarging import enlarge_all
from engines.image_generation.models import ImageModels
from engines.messages import ConfigError, EngineError, Message
from engines.running.events import Events, Note, Pictures
from engines.running.workers.zero_gpu import DRAWING, on_gpu

if TYPE_CHECKING:
    from engines.image_generation.gans import Gan


def generate(
    config: ImageConfig,
    models: ImageModels,
    image: np.ndarray | None = None,
    mask: np.ndarray | None = None,
    gans: Sequence[Gan] = (),
    blends: Sequence[Blend] = (),
) -> Events:
    """Make a batch of pictures; picture i is the one that seed + i makes alone.

    image: uint8 [H, W, 3], for image to image and inpainting; mask: [H, W], not zero where to draw anew. Both of
    any size: they are cut to the middle and scaled. gans: the visitor's own generators. blends: one for each picture
    of a walk (see variations.walk).

    Yields Note and Download until the model is loaded, Progress and Samples (the pictures as predicted now) while it
    draws, and at the end Pictures. Told to stop, it ends at once: pictures that are finished are still yielded as
    Pictures, and of unfinished ones the last Samples are what there is. Raises ConfigError for what is not allowed,
    else EngineError; when memory runs out the model is freed.
    """
    config, given = config.with_seed(), image
    image, mask = _fitted(config, image, mask)
    own = next((gan for gan in gans if gan.id == config.model), None)
    if own:
        yield Note(Message("Loading PyTorch"))
        finished = _draw_own(own, config, image, mask, blends)
    else:
        finished = _draw(config, models, image, mask, blends)
    yield from _enlarged(config, finished, given, mask)


def _draw_own(
    own: Gan, config: ImageConfig, image: np.ndarray | None, mask: np.ndarray | None, blends: Sequence[Blend]
) -> Events:
    """`generate` with a visitor's own generator."""
    drawn = yield from own.draw(config, image, mask, blends)
    yield from _finished(config, own.card.title, drawn)


@on_gpu(DRAWING, ready=lambda config, models, *_: models.fetch(config.model))
def _draw(
    config: ImageConfig,
    models: ImageModels,
    image: np.ndarray | None,
    mask: np.ndarray | None,
    blends: Sequence[Blend],
) -> Events:
    """`generate` with a model of the catalog."""
    lease = yield from models.use(config.model)
    if lease is None:
        return
    memory_ran_out = False
    try:
        drawn = yield from lease.model.draw(config, image, mask, blends)
    except Exception as problem:
        from engines.device import is_out_of_memory

        if not is_out_of_memory(problem):
            raise
        memory_ran_out = True  # the traceback holds the tensors, so the model is freed once it is gone
    finally:
        if memory_ran_out:
            models.forget(lease)
        lease.release()
    if memory_ran_out:
        raise EngineError("The device ran out of memory. Make fewer or smaller pictures, or choose a smaller model.")
    yield from _finished(config, lease.card.title, drawn)


def _finished(config: ImageConfig, title: str, drawn: tuple[np.ndarray, float] | None) -> Events:
    if drawn is not None and len(drawn[0]):
        images, seconds = drawn
        yield Pictures(images, dataclasses.replace(config, batch=len(images)), title, seconds)


def _enlarged(config: ImageConfig, finished: Events, given: np.ndarray | None, mask: np.ndarray | None) -> Events:
    """The events of a drawing, its Pictures enlarged; what the mask keeps is as sharp as in the picture `given`."""
    made = yield from relay(finished, lambda event: event)
    if made and config.times > 1:
        yield Note(Message("Enlarging"))
        made = _enlarge(made, config.times, given, mask)
    if made:
        yield made


def _enlarge(made: Pictures, times: int, given: np.ndarray | None, mask: np.ndarray | None) -> Pictures:
    began = time.monotonic()
    images = enlarge_all(made.images, times)
    if mask is not None:
        kept = _fit(given, images.shape[2], images.shape[1])
        images = np.where(np.kron(mask, np.ones((times, times), bool))[..., None], images, kept)
    return dataclasses.replace(made, images=images, seconds=made.seconds + time.monotonic() - began)


def _fitted(
    config: ImageConfig, image: np.ndarray | None, mask: np.ndarray | None
) -> tuple[np.ndarray | None, np.ndarray | None]:
    """What the task needs of image and mask, in the config's size; ConfigError if something is missing."""
    if config.task == "text_to_image":
        return None, None
    if image is None:
        raise ConfigError("Choose or draw a picture to start from first.")
    size = (config.width, config.height)
    fitted = _fit(image, *size)
    if config.task == "image_to_image":
        return fitted, None
    if mask is None or not np.any(mask):
        raise ConfigError("Paint over the part of the picture that is to be drawn anew.")
    if mask.shape[:2] != image.shape[:2]:
        raise ConfigError("The mask must have the size of the picture.")
    painted = Image.fromarray((np.asarray(mask) > 0).astype(np.uint8) * 255)
    area = np.array(ImageOps.fit(painted, size, Image.Resampling.BOX)) > 0
    if not area.any():
        raise ConfigError("Paint over the part of the picture that is to be drawn anew.")
    return fitted, area


def _fit(image: np.ndarray, width: int, height: int) -> np.ndarray:
    """The middle of uint8 [H, W, 3] in another size; a whole multiple of it is shrunk by means of blocks."""
    picture = Image.fromarray(np.ascontiguousarray(image[..., :3], np.uint8))
    whole = not image.shape[0] % height and not image.shape[1] % width
    same = whole and image.shape[0] // height == image.shape[1] // width
    return np.array(ImageOps.fit(picture, (width, height), Image.Resampling.BOX if same else Image.Resampling.LANCZOS))
