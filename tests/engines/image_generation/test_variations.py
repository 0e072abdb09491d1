"""X/Y grids and walks: what they draw, in which order, and what is too much."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from engines.image_generation.config import ImageConfig
from engines.image_generation.engine import generate
from engines.image_generation.variations import draw_sheet, parse_values, varied, walk, xy_grid
from engines.messages import ConfigError
from engines.running.events import Pictures, Progress, Samples

CONFIG = ImageConfig(prompt="pizza", steps=3, seed=7)


def alone(models, **change) -> np.ndarray:
    *_, pictures = generate(dataclasses.replace(CONFIG, batch=1, **change), models)
    return pictures.images[0]


def has(sheet: np.ndarray, picture: np.ndarray) -> bool:
    """Whether the picture, enlarged twice, stands somewhere on the sheet."""
    large = picture.repeat(2, axis=0).repeat(2, axis=1)
    spots = np.argwhere((sheet[: -127 or None, : -127 or None] == large[0, 0]).all(-1))
    return any(np.array_equal(sheet[y : y + 128, x : x + 128], large) for y, x in spots)


def test_a_grid_has_a_picture_for_each_pair_of_values(models):
    events = list(xy_grid(CONFIG, "steps", [2, 4], "guidance", [1.0, 4.0, 8.0], models))
    final = events[-1]
    assert isinstance(final, Pictures)
    assert final.config.steps == 2  # the first cell's
    (sheet,) = final.images
    for steps in (2, 4):
        for guidance in (1.0, 4.0, 8.0):
            assert has(sheet, alone(models, steps=steps, guidance=guidance))
    assert [event.step for event in events if isinstance(event, Samples)] == [1, 2, 3, 4, 5, 6]
    progress = [event for event in events if isinstance(event, Progress)]
    assert progress[-1] == Progress(6, 6)
    assert [p.step for p in progress] == sorted(p.step for p in progress)


def test_the_seed_is_the_same_in_all_cells_and_told(models):
    *_, final = xy_grid(
        dataclasses.replace(CONFIG, seed=-1), "prompt", ["pizza", "rocket"], "style", ["noto", "twemoji"], models
    )
    assert final.config.seed >= 0
    assert has(final.images[0], alone(models, seed=final.config.seed, prompt="rocket", style="twemoji"))


def test_a_stop_keeps_the_cells_so_far(models):
    events, event, reply = xy_grid(CONFIG, "steps", [2, 3, 4], "seed", [1, 2], models), None, None
    while not isinstance(event, Pictures):
        event = events.send(reply)
        reply = isinstance(event, Samples) and event.step == 2
    assert has(event.images[0], alone(models, steps=3, seed=1))
    assert not has(event.images[0], alone(models, steps=2, seed=2))
    with pytest.raises(StopIteration):
        next(events)


def test_a_stop_within_a_cell_is_heard(models):
    events = xy_grid(dataclasses.replace(CONFIG, steps=100), "guidance", [1.0, 2.0], "seed", [1], models)
    assert any(isinstance(event, Progress) for event in events)
    with pytest.raises(StopIteration):
        [events.send(True) for _ in range(3)]


@pytest.mark.parametrize(
    ("x", "y", "said"),
    [
        (("steps", list(range(1, 8))), ("seed", list(range(6))), "1 to 36 pictures"),
        (("steps", []), ("seed", [1]), "1 to 36 pictures"),
        (("steps", [1]), ("steps", [2]), "two different settings"),
        (("width", [64]), ("steps", [2]), "can vary only these"),
        (("model", ["emoji"]), ("steps", [2]), "can vary only these"),
        (("nonsense", [1]), ("steps", [2]), "can vary only these"),
        (("steps", [1, 1000]), ("seed", [1]), "Steps must be"),
        (("sampler", ["euler", "ddim"]), ("seed", [1]), "does not offer Sampler"),
        (("prompt", ["pizza", " "]), ("seed", [1]), "Write a prompt first"),
    ],
)
def test_what_a_grid_cannot_be_is_said_before_anything_is_drawn(models, x, y, said):
    with pytest.raises(ConfigError, match=said):
        next(xy_grid(CONFIG, *x, *y, models))
    assert models.loaded() == ""


@pytest.mark.parametrize(
    ("name", "text", "values"),
    [
        ("steps", "5, 10,20", [5, 10, 20]),
        ("guidance", "1\n2.5", [1.0, 2.5]),
        ("prompt", "a cat, black | a dog\n", ["a cat, black", "a dog"]),
        ("sampler", "Euler, dpm++ 2m, heun", ["euler", "dpmpp_2m", "heun"]),
        ("style", "twemoji", ["twemoji"]),
        ("prompt", '"a|b", c', ["a|b", "c"]),
        ("prompt", 'c, "a|b"', ["c", "a|b"]),
        ("prompt", '"a|b"; c', ["a|b", "c"]),
        ("prompt", "a; b, c", ["a; b, c"]),
        ("prompt", '"a cat, red", a dog\n', ["a cat, red", "a dog"]),
        ("prompt", "“红，猫”，狗", ["红，猫", "狗"]),
        ("prompt", '"a, b" | c, d', ["a, b", "c, d"]),
        ("prompt", 'a sign that says "stop, now", red', ['a sign that says "stop, now", red']),
        ("prompt", 'poster, "SALE", red', ['poster, "SALE", red']),
        ("prompt", '"one, only"', ["one, only"]),
        ("prompt", '"never closed, a | b', ['"never closed, a', "b"]),
        ("negative_prompt", '"", dog', ["", "dog"]),
        ("negative_prompt", "| dog", ["", "dog"]),
        ("guidance", "1,5; 2,5", [1.5, 2.5]),
        ("guidance", "1，5；2", [1.5, 2.0]),
        ("guidance", "1,5 | 2.5 | 3", [1.5, 2.5, 3.0]),
        ("guidance", "1,5", [1.0, 5.0]),
        ("guidance", "1, 5; 2", [1.0, 5.0, 2.0]),
        ("steps", "1,5; 2", [1, 5, 2]),
        ("steps", "4，8、12", [4, 8, 12]),
        ("steps", '"4", 8', [4, 8]),
    ],
)
def test_values_are_read_from_what_a_person_writes(name, text, values):
    assert parse_values(name, text) == values


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("steps", "5, many", "Steps must be"),
        ("steps", " , ", "at least one value for Steps"),
        ("guidance", "nan", "Guidance scale must be"),
        ("sampler", "best", "Sampler must be"),
        ("batch", "1", "can vary only these"),
    ],
)
def test_values_that_are_none_are_said(name, text, said):
    with pytest.raises(ConfigError, match=said):
        parse_values(name, text)


def test_every_setting_that_may_vary_has_labels_that_can_be_drawn():
    picture = np.zeros((64, 64, 3), np.uint8)
    for name in varied():
        knob = ImageConfig.knobs()[name]
        values = list(knob.choices)[:2] if knob.choices else [knob.default, knob.default]
        assert draw_sheet([picture], name, values, "seed", [1, 2]).shape[2] == 3
    sheets = [draw_sheet([picture], "prompt", [text], "seed", [1]) for text in ("猫", "cat", "a very long text " * 40)]
    assert np.array_equal(sheets[0], draw_sheet([picture], "prompt", ["狗"], "seed", [1]))  # numbered instead
    assert sheets[1].shape == sheets[2].shape


# --- walks ------------------------------------------------------------------------------------------------------


def test_a_walk_leads_from_here_to_there(models):
    events = list(walk(CONFIG, models, to_prompt="rocket", to_seed=8, frames=6))
    final = events[-1]
    assert final.images.shape == (6, 64, 64, 3)
    assert final.config == dataclasses.replace(CONFIG, batch=1)
    assert np.array_equal(final.images[0], alone(models))
    assert np.array_equal(final.images[-1], alone(models, prompt="rocket", seed=8))
    assert any(isinstance(event, Samples) for event in events)


def test_a_walk_to_another_prompt_keeps_the_seed(models):
    *_, final = walk(CONFIG, models, to_prompt="rocket", frames=2)
    assert np.array_equal(final.images[1], alone(models, prompt="rocket"))
    *_, final = walk(CONFIG, models, to_seed=0, frames=2)
    assert np.array_equal(final.images[1], alone(models, seed=0))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "Choose where to walk to"),
        ({"to_prompt": "  "}, "Choose where to walk to"),
        ({"to_seed": 1, "frames": 61}, "2 to 60 frames"),
        ({"to_seed": 1, "frames": 1}, "2 to 60 frames"),
        ({"to_prompt": "x" * 2000}, "Walk to prompt must be"),
        ({"to_prompt": None}, "Walk to prompt must be"),
        ({"to_seed": 2**40}, "Seed must be"),
    ],
)
def test_a_walk_that_cannot_be_is_said(models, options, said):
    with pytest.raises(ConfigError, match=said):
        next(walk(CONFIG, models, **options))


def test_models_that_cannot_walk_say_so(models):
    with pytest.raises(ConfigError, match="Z-Image-Turbo cannot walk"):
        next(walk(ImageConfig.for_model("Z-Image-Turbo"), models, to_seed=1))
    task = ImageConfig.for_model("SD-Turbo", task="image_to_image")
    with pytest.raises(ConfigError, match="SD-Turbo cannot walk"):
        next(walk(task, models, to_seed=1))


def test_values_that_are_no_text_are_said():
    with pytest.raises(ConfigError, match="Values must be a text"):
        parse_values("steps", None)
