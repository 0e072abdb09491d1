import numpy as np
import pytest
from PIL import Image, ImageDraw

from engines.image_generation import enlarging
from engines.image_generation.enlarging import EnlargeConfig, enlarge, enlarge_all, psnr, ssim
from engines.messages import ConfigError, EngineError
from engines.running.events import Metrics, Pictures, Progress, Samples


def disc(side: int) -> np.ndarray:
    """A red disc with a dark edge on white, drawn smoothly; uint8 [side, side, 3]."""
    picture = Image.new("RGB", (8 * side, 8 * side), "white")
    box = (side, side, 7 * side, 7 * side)
    ImageDraw.Draw(picture).ellipse(box, fill=(220, 40, 40), outline=(60, 0, 0), width=side // 2)
    return np.asarray(picture.resize((side, side), Image.Resampling.LANCZOS))


def steepest(image: np.ndarray) -> int:
    """The largest difference between two neighbours in a row."""
    return int(np.abs(np.diff(image.astype(int), axis=1)).max())


@pytest.mark.parametrize("factor", ["2", "4"])
def test_the_picture_is_the_same_but_larger_and_sharper(factor):
    small, times = disc(32), int(factor)
    *_, made = enlarge(EnlargeConfig(factor=factor), small)
    plain, sharp = made.images
    assert plain.shape == sharp.shape == (32 * times, 32 * times, 3)
    assert psnr(sharp, np.asarray(disc(32 * times))) > 20
    assert steepest(sharp) > 1.2 * steepest(plain)


def test_tiles_leave_no_seam(monkeypatch):
    picture = disc(60)
    whole = enlarge_all(picture[None], 4)[0]
    monkeypatch.setattr(enlarging, "TILE", 24)
    events = list(enlarge(EnlargeConfig(), picture))
    assert len([event for event in events if isinstance(event, Samples)]) == 9
    assert np.abs(events[-1].images[1].astype(int) - whole).max() <= 1


def test_each_picture_is_the_same_whatever_is_made_beside_it():
    pictures = np.stack([disc(16), 255 - disc(16), disc(16).transpose(1, 0, 2)])
    together = enlarge_all(pictures, 4)
    for one, large in zip(pictures, together, strict=True):
        np.testing.assert_array_equal(enlarge_all(one[None], 4)[0], large)


def test_it_is_measured_against_what_was_shrunk():
    events = list(enlarge(EnlargeConfig(factor="2", measure=True), disc(64)))
    (told,) = [event.values for event in events if isinstance(event, Metrics)]
    assert set(told) == {"PSNR", "SSIM", "PSNR of bicubic", "SSIM of bicubic"}
    assert told["PSNR"] > 20
    assert 0.8 < told["SSIM"] <= 1
    assert events[-1].images.shape == (2, 64, 64, 3)


def test_ssim_and_psnr_are_those_of_their_definitions():
    image = disc(32)
    assert ssim(image, image) == pytest.approx(1)
    assert psnr(image, image) == float("inf")
    shifted = np.clip(image.astype(int) + 10, 0, 255).astype(np.uint8)
    error = np.square(shifted.astype(float) - image).mean()
    assert psnr(shifted, image) == pytest.approx(10 * np.log10(255**2 / error))
    assert ssim(255 - image, image) < 0.3


@pytest.mark.parametrize(
    ("config", "shape", "sentence"),
    [
        (EnlargeConfig(), (1100, 1000, 3), "The picture has 1000 x 1100 pixels; at most 1024 x 1024"),
        (EnlargeConfig(measure=True), (20, 40, 3), "must have at least 32 a side"),
    ],
)
def test_what_is_too_large_or_too_small_is_said_before_anything_is_computed(config, shape, sentence):
    with pytest.raises(ConfigError, match=sentence):
        next(enlarge(config, np.zeros(shape, np.uint8)))


def test_a_picture_of_one_pixel_is_no_trouble():
    *_, made = enlarge(EnlargeConfig(), np.full((1, 1, 3), 200, np.uint8))
    assert made.images.shape == (2, 4, 4, 3)


def test_a_stop_ends_it_at_once():
    running = enlarge(EnlargeConfig(), disc(16))
    while not isinstance(next(running), Progress):
        pass
    with pytest.raises(StopIteration):
        running.send(True)


def test_a_damaged_file_is_said(monkeypatch, tmp_path):
    (tmp_path / "x.safetensors").write_bytes(b"no weights")
    monkeypatch.setattr(enlarging, "WEIGHTS", tmp_path / "x.safetensors")
    with pytest.raises(EngineError, match="damaged"):
        list(enlarge(EnlargeConfig(), disc(16)))


def test_the_events_end_with_the_pictures():
    assert isinstance(list(enlarge(EnlargeConfig(), disc(16)))[-1], Pictures)
