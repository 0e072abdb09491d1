import numpy as np
import pytest

from engines.image_generation.styling import engine
from engines.image_generation.styling.engine import OWN, STYLES, StyleConfig, style_file, stylize
from engines.messages import ConfigError, EngineError
from engines.running.events import Pictures, Progress, Samples
from tests.engines.image_generation.test_enlarging import disc


def painted(images: np.ndarray, manner: np.ndarray | None = None, **settings) -> np.ndarray:
    *_, made = stylize(StyleConfig(**settings), images, manner)
    assert isinstance(made, Pictures)
    return made.images


def colour(image: np.ndarray) -> np.ndarray:
    return image.reshape(-1, 3).mean(0)


def test_a_picture_takes_the_colours_of_the_style_and_keeps_what_it_shows():
    picture = disc(256)
    ink, night = (painted(picture[None], style=style)[0] for style in ("ink", "night"))
    assert np.ptp(colour(ink)) < 30, "ink has no colours"
    assert colour(night)[2] > colour(night)[0] + 30, "the night is blue"
    gray = ink.mean(2)
    inside, outside = gray[96:160, 96:160].mean(), gray[:24, :24].mean()
    assert inside < outside - 20, "the disc is still darker than its ground"


def test_strength_goes_from_its_own_manner_to_the_other():
    picture = disc(256)[None]
    none, half, whole = (painted(picture, style="night", strength=strength)[0] for strength in (0, 0.5, 1))
    away = [np.abs(one.astype(int) - none).mean() for one in (half, whole)]
    assert 3 < away[0] < away[1]
    assert colour(none)[0] > colour(none)[2], "the disc is red"


def test_a_picture_of_ones_own_is_a_style_too():
    green = np.zeros((40, 90, 3), np.uint8)
    green[..., 1] = np.arange(90) * 2
    made = painted(disc(256)[None], green, style=OWN)[0]
    assert colour(made).argmax() == 1


@pytest.mark.slow
def test_every_bundled_style_is_there_and_is_another():
    names = [name for name in STYLES if name != OWN]
    assert all(style_file(name).exists() for name in names)
    made = [painted(disc(64)[None], style=name)[0] for name in names]
    assert len({image.tobytes() for image in made}) == len(names) == 8


@pytest.mark.parametrize(("shape", "made"), [((28, 28, 3), (280, 280, 3)), ((301, 258, 3), (301, 258, 3))])
def test_small_pictures_are_enlarged_and_odd_sides_stay(shape, made):
    assert painted(np.zeros((1, *shape), np.uint8)).shape == (1, *made)


def test_each_of_several_is_shown_when_it_is_done_and_the_same_as_alone():
    pictures = np.stack([disc(64), 255 - disc(64)])
    events = list(stylize(StyleConfig(style="mosaic"), pictures))
    assert [event.step for event in events if isinstance(event, Progress)] == [0, 1, 2]
    assert [len(event.images) for event in events if isinstance(event, Samples)] == [1, 2]
    alone = painted(pictures[1:], style="mosaic")
    assert np.abs(events[-1].images[1].astype(int) - alone[0]).max() <= 1


def test_told_to_stop_it_stops():
    running = stylize(StyleConfig(), np.stack([disc(64)] * 3))
    event = next(running)
    while not isinstance(event, Samples):
        event = running.send(None)
    with pytest.raises(StopIteration):
        running.send(True)


@pytest.mark.parametrize(
    ("settings", "shape", "style", "sentence"),
    [
        ({}, (1100, 1000, 3), None, "The picture has 1000 x 1100 pixels; at most 1024 x 1024"),
        ({}, (9, 400, 3), None, "The picture has 400 x 9 pixels; it must have at least 16 a side"),
        ({"style": OWN}, (64, 64, 3), None, "Choose a style picture first"),
        ({"style": OWN}, (64, 64, 3), (1, 1, 3), "The style picture has 1 x 1 pixels"),
    ],
)
def test_what_does_not_suit_is_said_before_anything_is_computed(settings, shape, style, sentence):
    given = None if style is None else np.zeros(style, np.uint8)
    with pytest.raises(ConfigError, match=sentence):
        next(stylize(StyleConfig(**settings), np.zeros((1, *shape), np.uint8), given))


def test_a_damaged_file_is_said(monkeypatch, tmp_path):
    from engines.image_generation.styling import networks

    (tmp_path / "stylist.safetensors").write_bytes(b"nothing")
    monkeypatch.setattr(networks.Stylist.load.__func__, "__defaults__", (tmp_path / "stylist.safetensors",))
    with pytest.raises(EngineError, match="damaged"):
        list(stylize(StyleConfig(), disc(64)[None]))
    monkeypatch.undo()
    monkeypatch.setattr(engine, "FOLDER", tmp_path)
    with pytest.raises(EngineError, match="damaged"):
        list(stylize(StyleConfig(), disc(64)[None]))
