"""The network that doubles the bundled model's pictures: the bundled weights on drawings that no emoji is."""

import numpy as np
import pytest
import torch

from engines.image_generation.emoji import doubling
from engines.image_generation.emoji.doubling import Doubler, load_doubler
from engines.image_generation.emoji.stages import to_pictures
from engines.image_generation.enlarging import psnr
from engines.messages import EngineError
from tests.engines.image_generation.test_enlarging import disc, steepest


def doubled(image: np.ndarray) -> np.ndarray:
    with torch.inference_mode():
        made = load_doubler()(to_pictures(image[None].copy()))[0]
    return made.clamp(-1, 1).add(1).mul(127.5).round().byte().permute(1, 2, 0).numpy()


@pytest.mark.parametrize("side", [32, 64])
def test_a_picture_is_twice_as_large_and_nearer_to_the_truth_than_plain_pixels(side):
    made, real = doubled(disc(side)), disc(2 * side)
    assert made.shape == real.shape
    plain = np.kron(disc(side), np.ones((2, 2, 1), np.uint8))
    assert psnr(made, real) > psnr(plain, real) + 3
    assert steepest(made) > 0.8 * steepest(real)


def test_colours_and_white_stay_what_they_are():
    white = np.full((16, 16, 3), 255, np.uint8)
    assert np.abs(doubled(white).astype(int) - 255).max() <= 3
    red = np.full((16, 16, 3), (220, 40, 40), np.uint8)
    assert np.abs(doubled(red)[8:-8, 8:-8].astype(int) - (220, 40, 40)).max() <= 6


def test_an_untrained_network_that_lacks_nothing_is_plain_interpolation():
    network = Doubler(8, 1)
    torch.nn.init.zeros_(network.tail.weight)
    torch.nn.init.zeros_(network.tail.bias)
    small = torch.rand(2, 3, 5, 7)
    expected = torch.nn.functional.interpolate(small, scale_factor=2, mode="bilinear", align_corners=False)
    assert torch.equal(network(small), expected)


def test_a_missing_or_damaged_file_is_said(monkeypatch, tmp_path):
    monkeypatch.setattr(doubling, "WEIGHTS", tmp_path / "doubler.safetensors")
    with pytest.raises(EngineError, match="files are damaged"):
        load_doubler()
    doubling.WEIGHTS.write_bytes(b"nothing")
    with pytest.raises(EngineError, match="files are damaged"):
        load_doubler()
