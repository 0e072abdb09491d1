"""Pictures of several things from settings to pixels, on a tiny random model that knows only a few phrases."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from engines.image_generation.config import ImageConfig
from engines.image_generation.emoji.combining.parts import Parts
from engines.image_generation.emoji.combining.plan import DRAWN, Plan, Thing
from engines.image_generation.emoji.prompts import Prompts
from engines.image_generation.engine import generate
from engines.image_generation.parameters import from_parameters, to_parameters
from engines.image_generation.variations import walk, xy_grid
from engines.running.events import Pictures, Progress, Samples

CONFIG = ImageConfig.for_model("emoji", prompt="a pizza and a rocket", steps=3, seed=7, batch=2, enlarge="1")


def made(models, engine=generate, **changes) -> np.ndarray:
    *_, pictures = engine(dataclasses.replace(CONFIG, **changes), models=models)
    assert isinstance(pictures, Pictures)
    return pictures.images


def picture(value):
    """A dark square on white."""
    whole = np.full((64, 64, 3), 255, np.uint8)
    whole[16:48, 16:48] = value
    return whole


def test_each_thing_is_drawn_for_each_picture_and_only_some_of_many_alike():
    parts = Parts(Plan((Thing("a", count=5), Thing("b", "blue"))))
    assert parts.phrases == ("a",) * DRAWN + ("b",)
    small = np.stack([picture((90, 0, 0)), picture((120, 0, 0)), picture((150, 0, 0)), picture((200, 40, 40))] * 2)
    joined = parts.joined(small, 128)
    assert joined.shape == (2, 128, 128, 3)
    assert np.array_equal(joined[0], joined[1])
    colours, counts = np.unique(joined[0].reshape(-1, 3), axis=0, return_counts=True)
    found = {tuple(colour): count for colour, count in zip(colours.tolist(), counts.tolist(), strict=True)}
    assert found[90, 0, 0] > 1.5 * found[150, 0, 0]  # the first is there twice, the third once
    assert any(blue > red + 90 for red, _, blue in found)


def test_two_things_come_out_with_previews_and_each_picture_can_be_had_alone(models):
    events = list(generate(CONFIG, models))
    pictures = events[-1]
    assert pictures.images.shape == (2, 128, 128, 3)
    assert pictures.config == CONFIG
    assert {event.images.shape for event in events if isinstance(event, Samples)} == {(2, 64, 64, 3)}
    assert [event.step for event in events if isinstance(event, Progress)] == [0, 1, 2, 3]
    assert np.array_equal(pictures.images, made(models))
    assert np.array_equal(made(models, batch=1, seed=8)[0], pictures.images[1])
    for change in ({"seed": 9}, {"prompt": "a rocket and a pizza"}, {"style": "twemoji"}, {"sampler": "euler"}):
        assert not np.array_equal(pictures.images, made(models, **change)), change
    assert made(models, width=64, height=64).shape == (2, 64, 64, 3)


def test_a_thing_in_a_colour_is_that_of_the_same_seed(models):
    plain, blue = made(models, prompt="pizza"), made(models, prompt="blue pizza")
    assert not np.array_equal(plain, blue)
    assert np.abs(plain.astype(int).max(3) - blue.astype(int).max(3)).mean() < 60


def test_what_is_known_as_one_is_drawn_to_the_bit_as_before(models):
    for prompt in ("pizza", "red apple"):
        assert np.array_equal(made(models, prompt=prompt), made(models, prompt=prompt, together="no"))


@pytest.mark.parametrize(
    ("changes", "by_name"),
    [
        ({}, True),
        ({"together": "no"}, False),  # no emoji's name tells of two
        ({"together": "no", "prompt": "something to eat"}, True),
        ({"together": "no", "prompt": "something to eat", "wording": "plain"}, False),
    ],
)
def test_several_things_in_one_go_are_read_as_they_stand(models, monkeypatch, changes, by_name):
    asked = []

    def encode(prompts, texts, by_name=False):
        asked.append(by_name)
        return dict.fromkeys(texts, prompts._text("pizza"))
        yield

    monkeypatch.setattr(Prompts, "encode", encode)
    made(models, **changes)
    assert asked == [by_name]


def test_a_stop_ends_it(models):
    events = generate(dataclasses.replace(CONFIG, steps=50), models)
    while not isinstance(next(events), Samples):
        pass
    with pytest.raises(StopIteration):
        events.send(True)


def test_a_picture_file_tells_it_and_one_of_an_earlier_version_means_in_one_go():
    text = to_parameters(CONFIG, "Emoji 2 (bundled)")
    assert "Several things: yes" in text
    assert from_parameters(text)[0] == CONFIG
    before = text.replace("Several things: yes, ", "")
    assert from_parameters(before)[0] == dataclasses.replace(CONFIG, together="no")
    assert "Several" not in to_parameters(from_parameters(before)[0], "Emoji 2 (bundled)")


def test_a_grid_can_compare_both_ways_and_a_walk_goes_to_another_seed(models):
    axes = {"knob_x": "together", "values_x": ["yes", "no"], "knob_y": "prompt", "values_y": ["pizza", "rocket"]}
    *_, sheet = xy_grid(CONFIG, models=models, **axes)
    assert sheet.images.shape[0] == 1
    frames = made(models, lambda config, models: walk(config, models, to_seed=8, frames=3))
    assert np.array_equal(frames[0], made(models, batch=1)[0])
    assert np.array_equal(frames[2], made(models, batch=1, seed=8)[0])
    assert not np.array_equal(frames[1], frames[0])
