"""Enlarging pictures by a network that has learnt what sharp edges look like (super-resolution).

The network is Real-ESRGAN's animevideov3 (Wang 2021, arXiv 2107.10833), which suits drawings and smooth surfaces. It
works on tiles with a margin as wide as it can see, so that memory is bounded and no seam shows.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from engines.data.cards import ASSETS
from engines.knobs import Config, knob
from engines.messages import ConfigError, EngineError, Message
from engines.running.events import Events, Metrics, Note, Pictures, Progress, Samples

if TYPE_CHECKING:
    from torch import nn

TITLE = "Real-ESRGAN animevideov3"
WEIGHTS = ASSETS / "enlarger" / "enlarger.safetensors"
LEARNT = 4  # times larger, which is what the network does
TILE, MARGIN = 128, 18  # pixels; 18 layers of 3x3 see 18 pixels far
MOST_LANES = 8  # tiles at once on a CPU
MOST_PIXELS = 1024 * 1024  # of a picture that is enlarged


@dataclass(frozen=True)
class EnlargeConfig(Config):
    """How a picture is enlarged."""

    factor: str = knob("4", "Times larger", "How many times wider and higher.", choices={"2": "x2", "4": "x4"})
    measure: bool = knob(
        False,
        "Shrink it first, to measure",
        "The picture is made smaller by this factor and enlarged again, so that the result can be compared with it.",
    )

    @property
    def times(self) -> int:
        """The factor as a number."""
        return int(self.factor)

    def fit(self, image: np.ndarray) -> None:
        """ConfigError if a picture [H, W, 3] is too large or too small for this."""
        height, width = image.shape[:2]
        if width * height > MOST_PIXELS:
            raise ConfigError(
                "The picture has {width} x {height} pixels; at most {most} x {most}, or as many in another shape, can"
                " be enlarged.",
                width=width,
                height=height,
                most=round(MOST_PIXELS**0.5),
            )
        if self.measure and min(height, width) < 8 * self.times:
            raise ConfigError(
                "The picture has {width} x {height} pixels; to be shrunk first it must have at least {least} a side.",
                width=width,
                height=height,
                least=8 * self.times,
            )


def enlarge(config: EnlargeConfig, image: np.ndarray) -> Events:
    """Enlarge uint8 [H, W, 3]; yields Progress by tiles, Samples of what is done, and last Pictures.

    Of two Pictures [2, H', W', 3] the first is the plain enlargement (bicubic) to compare with. With `measure` Metrics
    tell the PSNR, in dB, and the SSIM (Wang 2004) of both against the picture. ConfigError if it is too large.
    """
    config.fit(image)
    original = None
    if config.measure:
        height, width = (side // config.times * config.times for side in image.shape[:2])
        original = np.ascontiguousarray(image[:height, :width])
        image = _resized(original, 1 / config.times)
    yield Note(Message("Loading {model}", model=TITLE))
    network = _load()
    began, plain = time.monotonic(), _resized(image, config.times)
    made = plain.copy()
    tiles = list(_tiles(*image.shape[:2]))
    for done, tile in enumerate(tiles):
        if (yield Progress(done, len(tiles))):
            return
        _put(network, image, made, tile)
        if (yield Samples(done + 1, made[None])):
            return
    seconds = time.monotonic() - began
    yield Progress(len(tiles), len(tiles))
    if original is not None:
        values = {**_quality(made, original), **_quality(plain, original, " of bicubic")}
        yield Metrics(len(tiles), values, "quality")
    yield Pictures(np.stack([plain, made]), config, TITLE, seconds)


def enlarge_all(images: np.ndarray, times: int) -> np.ndarray:
    """uint8 [N, H, W, 3] as many times larger, at most 4.

    Each tile by one thread, so that the result is the same to the bit whatever else is made. EngineError if the
    network's file is damaged.
    """
    import torch

    network = _load()
    made = np.empty((len(images), images.shape[1] * times, images.shape[2] * times, 3), np.uint8)
    work = [(image, large, tile) for image, large in zip(images, made, strict=True)
            for tile in _tiles(*image.shape[:2])]  # fmt: skip
    lanes = min(MOST_LANES, os.cpu_count() or 1)
    with ThreadPoolExecutor(lanes, "enlarging", torch.set_num_threads, (1,)) as pool:
        list(pool.map(lambda one: _put(network, *one), work))
    return made


def _tiles(height: int, width: int) -> Iterator[tuple[int, int]]:
    """(top, left) of each tile."""
    for top in range(0, height, TILE):
        for left in range(0, width, TILE):
            yield top, left


def _load() -> nn.Module:
    """The network, torch's; EngineError if its file is damaged."""
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load_file
    from torch import nn

    from engines.device import pick_device

    try:
        tensors = {name: tensor.float() for name, tensor in load_file(WEIGHTS).items()}
        layers: list[nn.Module] = []
        for i in range(len({name.split(".")[0] for name in tensors})):
            weight = tensors[f"{i}.weight"]
            if weight.ndim == 1:
                layers.append(nn.PReLU(len(weight)))
            else:
                layers.append(nn.Conv2d(weight.shape[1], weight.shape[0], 3, padding=1))
        network = nn.Sequential(*layers)
        network.load_state_dict(tensors)
    except (OSError, SafetensorError, KeyError, RuntimeError) as problem:
        raise EngineError("The bundled model's files are damaged; fetch the program again.") from problem
    network = network.eval().requires_grad_(False)
    return network.to(pick_device(), memory_format=torch.channels_last)


def _put(network: nn.Module, image: np.ndarray, made: np.ndarray, tile: tuple[int, int]) -> None:
    """Write the tile of `image` at (top, left), enlarged, into `made`, which is as large as that is to become."""
    times = made.shape[0] // image.shape[0]
    part = _enlarge_tile(network, image, *tile)
    if times != LEARNT:
        part = _resized(part, times / LEARNT)
    y, x = tile[0] * times, tile[1] * times
    made[y : y + part.shape[0], x : x + part.shape[1]] = part


def _enlarge_tile(network: nn.Module, image: np.ndarray, top: int, left: int) -> np.ndarray:
    """One tile of uint8 [H, W, 3], LEARNT times larger: what the network adds to its repeated pixels."""
    import torch
    from torch.nn import functional as F

    y, x = max(0, top - MARGIN), max(0, left - MARGIN)
    part = image[y : top + TILE + MARGIN, x : left + TILE + MARGIN]
    device = next(network.parameters()).device
    with torch.inference_mode():
        small = torch.tensor(part, device=device).permute(2, 0, 1)[None].float().div(255)
        added = F.pixel_shuffle(network(small.contiguous(memory_format=torch.channels_last)), LEARNT)
        large = (F.interpolate(small, scale_factor=LEARNT) + added).clamp(0, 1).mul(255).round().byte()
        whole = large[0].permute(1, 2, 0).cpu().numpy()
    height, width = (min(TILE, side - at) for side, at in zip(image.shape[:2], (top, left), strict=True))
    y, x = (top - y) * LEARNT, (left - x) * LEARNT
    return whole[y : y + height * LEARNT, x : x + width * LEARNT]


def _resized(image: np.ndarray, times: float) -> np.ndarray:
    """uint8 [H, W, 3] by bicubic interpolation, at least one pixel large."""
    size = [max(1, round(side * times)) for side in image.shape[1::-1]]
    return np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BICUBIC))


def _quality(made: np.ndarray, original: np.ndarray, whose: str = "") -> dict[str, float]:
    return {f"PSNR{whose}": psnr(made, original), f"SSIM{whose}": ssim(made, original)}


def psnr(made: np.ndarray, original: np.ndarray) -> float:
    """The peak signal-to-noise ratio of uint8 pictures in dB; infinite if they are the same."""
    error = np.square(made.astype(np.float64) - original).mean()
    return float(10 * np.log10(255**2 / error)) if error else float("inf")


def ssim(made: np.ndarray, original: np.ndarray) -> float:
    """The structural similarity of uint8 pictures [H, W, 3], mean over pixels and channels; 1 if they are the same.

    Wang 2004 with its Gaussian window of 11 x 11 pixels (deviation 1.5) and constants 0.01 and 0.03.
    """
    import torch
    from torch.nn import functional as F

    x, y = (torch.tensor(image).permute(2, 0, 1)[:, None].double() for image in (made, original))
    line = torch.exp(-(torch.arange(-5, 6, dtype=torch.float64) ** 2) / (2 * 1.5**2))
    line = (line / line.sum())[None, None]

    def blurred(image: torch.Tensor) -> torch.Tensor:
        wide = F.pad(image, (5, 5, 5, 5), mode="replicate")
        return F.conv2d(F.conv2d(wide, line[:, :, None]), line[..., None])

    mean_x, mean_y = blurred(x), blurred(y)
    var_x, var_y = blurred(x * x) - mean_x**2, blurred(y * y) - mean_y**2
    both = blurred(x * y) - mean_x * mean_y
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    similar = (2 * mean_x * mean_y + c1) * (2 * both + c2) / ((mean_x**2 + mean_y**2 + c1) * (var_x + var_y + c2))
    return float(similar.mean())
