"""The map reaches the page as numbers and pictures that fit together."""

import base64
import io
import json

import numpy as np
from PIL import Image

from engines.vae_training.atlas import survey
from engines.vae_training.explore import Map
from tabs.live_training.map.view import COLUMNS, map_value

RNG = np.random.default_rng(0)


def opened(address: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2])))


def test_all_that_is_drawn_is_told():
    pictures = RNG.integers(0, 256, (30, 28, 28, 1)).astype(np.uint8)
    points = survey(RNG.normal(size=(30, 4)) + 1, np.full((30, 4), 0.1), np.arange(30) % 2, pictures)
    grid = RNG.integers(0, 256, (64, 28, 28, 1)).astype(np.uint8)
    told = json.loads(map_value(Map(120, points, ("bad", "good"), 8, grid, pictures)))
    assert (told["step"], told["latent"], told["size"], told["cells"], told["count"]) == (120, 4, 28, 8, 30)
    assert opened(told["grid"]).size == (8 * 28, 8 * 28)
    assert opened(told["pictures"]).size == (COLUMNS * 28, 2 * 28)
    assert opened(told["redrawn"]).size == (COLUMNS * 28, 2 * 28)
    places = np.array([[float(x) for x in column.split(",")] for column in told["places"]]).T
    np.testing.assert_allclose(places, points.places, rtol=1e-3)
    assert [len(column.split(",")) for column in told["spreads"]] == [30, 30, 30]
    # The prior's middle is 0, seen from the middle of the points.
    np.testing.assert_allclose(told["prior"], (0 - points.centre) @ points.axes.T, atol=1e-3)
