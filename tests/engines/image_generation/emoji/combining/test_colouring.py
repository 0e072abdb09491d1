import colorsys

import numpy as np
import pytest
from PIL import Image, ImageDraw

from engines.image_generation.emoji.combining.colouring import TONES, coloured
from engines.image_generation.emoji.combining.placing import ground_of
from engines.image_generation.emoji.combining.plan import COLOURS


def apple(body=(220, 40, 40)):
    """A disc with a leaf, a dark stem and a gleam, on white."""
    picture = Image.new("RGB", (64, 64), "white")
    pen = ImageDraw.Draw(picture)
    pen.ellipse((10, 16, 54, 60), fill=body)
    pen.ellipse((34, 4, 50, 14), fill=(60, 170, 60))
    pen.rectangle((30, 6, 33, 18), fill=(30, 20, 20))
    pen.ellipse((18, 24, 24, 32), fill=(255, 245, 245))
    return np.array(picture)


@pytest.mark.parametrize("colour", TONES)
def test_a_thing_takes_the_colour_and_its_other_parts_stay(colour):
    before = apple()
    after = coloured(before, colour, ground_of(before))
    hue, saturation, value = colorsys.rgb_to_hsv(*after[45, 32] / 255)
    wanted_hue, wanted_saturation, wanted_value = TONES[colour]
    assert (saturation, value) == pytest.approx((wanted_saturation, wanted_value), abs=0.1)
    assert wanted_saturation == 0 or abs((hue * 360 - wanted_hue + 180) % 360 - 180) < 6
    for x, y in ((42, 9), (31, 8), (2, 2), (21, 28)):  # leaf, stem, ground, gleam
        assert np.abs(after[y, x].astype(int) - before[y, x]).max() < 12


def test_light_and_shade_stay():
    shaded = apple().astype(int)
    shaded[40:] = shaded[40:] * 7 // 10
    shaded = shaded.astype(np.uint8)
    shaded[ground_of(apple())] = 255
    after = coloured(shaded, "blue", ground_of(shaded))
    assert after[30, 32].max() > after[50, 32].max() + 25


def test_a_thing_without_a_hue_is_coloured_as_a_whole():
    gray = apple((150, 150, 150))
    gray[4:15, 34:51] = 255
    after = coloured(gray, "green", ground_of(gray))
    assert after[45, 32, 1] > after[45, 32, 0] + 60


def test_nothing_happens_to_an_empty_picture():
    white = np.full((64, 64, 3), 255, np.uint8)
    assert (coloured(white, "red", ground_of(white)) == white).all()


def test_every_colour_of_a_plan_has_a_tone():
    assert set(TONES) == set(COLOURS)
