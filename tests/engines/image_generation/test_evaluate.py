"""How good a picture model is, measured on a made-up one."""

import numpy as np

from engines.image_generation.emoji.combining.grammar import bundled_planner
from engines.image_generation.emoji.pictures import STYLES, Emoji
from engines.image_generation.evaluate import COMBINED, SHEET, contact_sheet, shares

HUES = {"night": 20, "dusk": 90, "fog": 160, "snow": 240}


def flat(value):
    return np.full((64, 64, 3), value, np.uint8)


EMOJI = [Emoji(name, (name,), (), dict.fromkeys(STYLES, flat(value))) for name, value in HUES.items()]


def make(prompts, styles, seed):
    return np.stack([flat(HUES[prompt.split()[-1]] + 3) for prompt in prompts])


def test_a_picture_is_right_if_the_nearest_emoji_is_one_that_was_meant():
    assert shares(make, EMOJI, ["night", "fog"], [{"night"}, {"fog", "snow"}]) == (1.0, 1.0)
    assert shares(make, EMOJI, ["night", "dusk"], [{"fog"}, {"dusk"}]) == (0.5, 1.0), "one of the five nearest is"


def test_a_sheet_has_each_picture_with_its_words_below():
    sheet = np.asarray(contact_sheet(make, ["a night", "a snow", "dusk"], columns=2))
    assert sheet.shape == (2 * (128 + 28), 2 * 128, 3)
    assert [int(sheet[64, 64, 0]), int(sheet[64, 192, 0]), int(sheet[220, 64, 0])] == [23, 243, 93]
    assert sheet[128:156, :128].min() < 100, "words"
    assert sheet[220, 192].min() == 255, "nothing"


def test_both_sheets_have_what_they_should():
    assert len(SHEET) == 64
    assert len(COMBINED) == 32
    assert sum(not prompt.isascii() for prompt in COMBINED) == 16
    planner = bundled_planner()
    assert [prompt for prompt in COMBINED if not planner.plan(prompt)] == []
    assert [prompt for prompt in SHEET if planner.plan(prompt)] == []
