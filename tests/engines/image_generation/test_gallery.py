"""Pictures kept for a visitor: what a right click on the page saves has the same settings as the file itself."""

from __future__ import annotations

import base64
import dataclasses
from pathlib import Path

import numpy as np
import pytest

from engines.image_generation.config import ImageConfig
from engines.image_generation.gallery import Gallery
from engines.image_generation.picture_files import read_axes, read_settings, to_png
from engines.image_generation.told.axes import Axes

PROMPT = '红苹果, "quoted" <b>: {a} 🍎'


def saved(address: str, folder: Path) -> Path:
    """The file that a browser would save of a data address."""
    kind, _, data = address.partition(";base64,")
    path = folder / f"saved.{kind.rpartition('/')[2]}"
    path.write_bytes(base64.b64decode(data))
    return path


@pytest.mark.parametrize(
    ("side", "axes", "kind"),
    [
        (64, None, "png"),
        (700, None, "jpeg"),  # over 1 MB as PNG
        (700, Axes("guidance", (1.0, 4.0), "prompt", ("红", "a, b")), "jpeg"),
    ],
)
def test_a_picture_saved_from_the_page_tells_its_settings(tmp_path, side, axes, kind):
    config = ImageConfig(prompt=PROMPT, negative_prompt="狗", seed=5, style="twemoji")
    noise = np.random.default_rng(0).integers(0, 256, (side, side, 3), np.uint8)
    gallery = Gallery()
    (kept,) = gallery.add("me", [("a.png", to_png(noise, config, "Emoji", axes))], PROMPT, ["about"])
    for address, suffix in ((kept.data_uri(), kind), (kept.thumb, "webp")):
        path = saved(address, tmp_path)
        assert path.suffix == f".{suffix}"
        found, notes = read_settings(path)
        assert found == config
        assert read_axes(path) == axes
        assert bool(notes) == bool(axes)
    assert "right click" not in str(kept.about)


def test_settings_too_long_for_a_copy_are_left_out_of_it(tmp_path):
    long = Axes("prompt", tuple("很" * 900 + str(i) for i in range(60)), "seed", (1, 2))
    config = dataclasses.replace(ImageConfig(prompt="x"), seed=1)
    gallery = Gallery()
    (kept,) = gallery.add("me", [("a.png", to_png(np.zeros((8, 8, 3), np.uint8), config, "x", long))], "x", ["x"])
    assert read_axes(saved(kept.data_uri(), tmp_path)) == long
    assert read_axes(saved(kept.thumb, tmp_path)) is None
    assert kept.loses
    assert "right click may lose its settings" in str(kept.about)
