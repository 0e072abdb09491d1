"""Pictures as people see them: depth, profile, ground, orientation, frames."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from engines.data.seeing import depth, in_8_bits, open_picture, see
from tests.profiles import ADOBE_RGB, DISPLAY_P3, cmyk_profile, rgb_profile

RED = (200, 60, 40)


def saved(picture: Image.Image, kind: str, **options) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def deep_png(levels: np.ndarray, more: bytes = b"") -> bytes:
    """uint16 [H, W, 2 to 4] as a PNG of 16 bits a channel, which Pillow cannot write."""
    height, width, channels = levels.shape
    header = struct.pack(">IIBBBBB", width, height, 16, {2: 4, 3: 2, 4: 6}[channels], 0, 0, 0)
    rows = zlib.compress(b"".join(b"\0" + row.astype(">u2").tobytes() for row in levels))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + more + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def seen(data: bytes, size: int | None = None) -> np.ndarray:
    return see(open_picture(data), size)


def near(image: np.ndarray, colour: tuple[int, ...], by: int = 3) -> bool:
    return bool(np.abs(image.reshape(-1, 3).astype(int) - colour).max() <= by)


@pytest.mark.parametrize(
    ("profile", "colour"),
    [
        (rgb_profile(DISPLAY_P3, "A wide display"), (219, 37, 13)),
        (rgb_profile(ADOBE_RGB, "A wide camera"), (231, 57, 34)),
        (b"no profile at all", RED),
        (b"", RED),
    ],
)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_wide_profile_is_followed_and_a_damaged_one_is_not(profile: bytes, colour: tuple, kind: str) -> None:
    options = {"lossless": True} if kind == "WEBP" else {"quality": 100} if kind == "JPEG" else {}
    data = saved(Image.new("RGB", (32, 32), RED), kind, icc_profile=profile, **options)
    for size in (None, 16):
        assert near(seen(data, size), colour, 6), seen(data, size)[0, 0]


@pytest.mark.parametrize("profile", [cmyk_profile(), b""])
def test_inks_are_seen_as_colours(profile: bytes) -> None:
    for inks, colour in (((0, 255, 255, 0), "red"), ((255, 0, 255, 0), "green"), ((0, 0, 0, 0), "white")):
        data = saved(Image.new("CMYK", (32, 32), inks), "JPEG", icc_profile=profile, quality=100)
        pixel = seen(data, 16)[8, 8].astype(int)
        assert (pixel > 128).tolist() == {"red": [1, 0, 0], "green": [0, 1, 0], "white": [1, 1, 1]}[colour], pixel


def test_sixteen_bits_a_channel_keep_the_levels_that_are_used() -> None:
    ramp = np.linspace(0, 4095, 64 * 64).reshape(64, 64, 1)
    image = seen(deep_png(np.concatenate([ramp, ramp[::-1], ramp * 0], axis=2).astype(np.uint16)))
    assert (image.dtype, image.shape) == (np.float32, (64, 64, 3))
    assert depth(float(image.max())) == 12
    colour = in_8_bits(image, 12)
    assert len(np.unique(colour[..., 0])) == 256
    assert colour[..., 2].max() == 0


def test_sixteen_bits_with_a_profile_or_with_alpha_are_not_dark() -> None:
    levels = np.full((16, 16, 3), [3200, 960, 640], np.uint16)  # RED in 12 bits
    levels[0] = 4095
    profile = chunk(b"iCCP", b"wide\0\0" + zlib.compress(rgb_profile(DISPLAY_P3, "A wide display")))
    assert near(seen(deep_png(levels, profile))[1:], (219, 37, 13), 6)
    alpha = np.concatenate([levels, np.full((16, 16, 1), 65535, np.uint16)], axis=2)
    assert near(seen(deep_png(alpha))[1:], RED, 1)
    alpha[..., 3] = 32768
    assert near(seen(deep_png(alpha))[1:], tuple((level + 255) / 2 for level in RED), 2)


def test_gray_of_sixteen_bits_beside_alpha_keeps_the_levels_that_are_used() -> None:
    ramp = np.linspace(0, 4095, 64 * 64).reshape(64, 64, 1).astype(np.uint16)
    image = seen(deep_png(np.concatenate([ramp, np.full_like(ramp, 65535)], axis=2)))
    assert len(np.unique(image[..., 0])) == 256
    assert np.ptp(image, axis=2).max() == 0
    clear = seen(deep_png(np.concatenate([ramp, np.zeros_like(ramp)], axis=2)))
    assert clear.min() == clear.max()


@pytest.mark.parametrize("channels", [2, 3, 4])
def test_sixteen_bits_are_turned_upright_too(channels: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    levels = np.full((20, 10, channels), 65535, np.uint16)
    levels[:5] = 0
    levels[..., 3 if channels > 2 else 1 :] = 65535
    image = seen(deep_png(levels, chunk(b"eXIf", exif.tobytes()[6:])))
    image = image if image.dtype == np.uint8 else in_8_bits(image, 16)
    assert image.shape == (10, 20, 3)
    assert image[:, 15:].max() == 0 < image[:, :15].min()


def test_a_bitmap_without_a_use_for_its_fourth_byte_shows_its_colours() -> None:
    pixels = bytes((40, 60, 200, 0)) * 64
    header = struct.pack("<IiiHHIIiiII", 108, 8, 8, 1, 32, 3, len(pixels), 2835, 2835, 0, 0)
    masks = struct.pack("<IIII", 0xFF0000, 0xFF00, 0xFF, 0xFF000000) + b"BGRs" + bytes(48)
    file = b"BM" + struct.pack("<IHHI", 122 + len(pixels), 0, 0, 122) + header + masks + pixels
    assert near(seen(file), RED, 0)
