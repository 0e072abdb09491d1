"""Settings in the lowest bits of a picture are found, and what looks like them harms nothing."""

from __future__ import annotations

import gzip
import json
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engines.image_generation.told.reading import read_settings
from engines.messages import ConfigError

LINES = "a red fox\nNegative prompt: 模糊\nSteps: 9, Sampler: Euler a, CFG scale: 5.5, Seed: 77, Version: v1.10.1"
NOVEL = json.dumps({
    "Description": "a red fox", "Software": "NovelAI",
    "Comment": json.dumps({"steps": 9, "scale": 5.5, "seed": 77, "uc": "模糊", "prompt": "a red fox"}),
})  # fmt: skip


def hide(path: Path, text: bytes, signature: bytes, length: int | None = None, side: int = 96) -> Path:
    """A noisy picture with the text hidden in it, as those programs do."""
    colours = b"rgb" in signature
    packed = gzip.compress(text) if signature.endswith(b"comp") else text
    message = signature + struct.pack(">I", 8 * len(packed) if length is None else length) + packed
    bits = np.unpackbits(np.frombuffer(message, np.uint8))
    pixels = np.random.default_rng(0).integers(0, 256, (side, side // 2, 3 if colours else 4), np.uint8)
    columns = pixels.transpose(1, 0, 2)[..., slice(0, 3) if colours else slice(3, 4)].reshape(-1)
    columns[: len(bits)] = columns[: len(bits)] & 254 | bits
    pixels.transpose(1, 0, 2)[..., slice(0, 3) if colours else slice(3, 4)] = columns.reshape(side // 2, side, -1)
    Image.fromarray(pixels).save(path, lossless=True, exact=True)
    return path


@pytest.mark.parametrize("kind", ["png", "webp"])
@pytest.mark.parametrize("signature", [b"stealth_pnginfo", b"stealth_pngcomp", b"stealth_rgbinfo", b"stealth_rgbcomp"])
@pytest.mark.parametrize(("text", "maker"), [(LINES, "Stable Diffusion web UI"), (NOVEL, "NovelAI")])
def test_hidden_settings_are_read(tmp_path, kind: str, signature: bytes, text: str, maker: str) -> None:
    config, notes = read_settings(hide(tmp_path / f"t.{kind}", text.encode(), signature))
    assert (config.prompt, config.negative_prompt, config.seed, config.steps) == ("a red fox", "模糊", 77, 9)
    assert f"made by {maker}" in " ".join(map(str, notes))


@pytest.mark.parametrize(
    ("text", "signature", "length"),
    [
        (b"", b"stealth_pnginfo", None),
        (LINES.encode(), b"stealth_pnginfo", 0),
        (b"no gzip", b"stealth_pnginfo", None),
        (b"[" * 500, b"stealth_pngcomp", 80),
        (b"{" + b"x" * 10**6, b"stealth_rgbcomp", None),
    ],
)
def test_what_is_damaged_gets_one_sentence(tmp_path, text: bytes, signature: bytes, length: int | None) -> None:
    with pytest.raises(ConfigError, match=r"^[^\n]*\.$"):
        read_settings(hide(tmp_path / "t.png", text, signature, length))


def test_a_length_that_goes_beyond_the_picture_is_no_harm(tmp_path) -> None:
    path = hide(tmp_path / "t.png", LINES.encode() + b"\n", b"stealth_pnginfo", 2**32 - 1)
    assert read_settings(path)[0].prompt == "a red fox"  # noise comes after the settings
