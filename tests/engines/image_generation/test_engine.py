"""The bundled model from settings to pictures, on a tiny random one: same seeds, previews, stops, all three tasks."""

from __future__ import annotations

import dataclasses
import threading

import numpy as np
import pytest

from engines.image_generation import models as models_module
from engines.image_generation.config import Blend, ImageConfig
from engines.image_generation.engine import generate
from engines.image_generation.models import ImageModels
from engines.messages import ConfigError, EngineError
from engines.running.events import Note, Pictures, Progress, Samples

CONFIG = ImageConfig(prompt="pizza", steps=5, seed=7)


@pytest.fixture
def picture() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (90, 120, 3), np.uint8)


def made(config: ImageConfig, models: ImageModels, **inputs) -> Pictures:
    *_, pictures = generate(config, models, **inputs)
    assert isinstance(pictures, Pictures)
    return pictures


# --- pictures ---------------------------------------------------------------------------------------------------


def test_a_batch_comes_out_with_a_preview_of_each_step(models):
    events = list(generate(CONFIG, models))
    pictures = events[-1]
    assert pictures.images.shape == (4, 64, 64, 3)
    assert pictures.images.dtype == np.uint8
    assert pictures.images.std() > 5
    assert pictures.config == CONFIG
    assert "Emoji" in pictures.model
    assert pictures.seconds > 0
    previews = [event for event in events if isinstance(event, Samples)]
    assert previews[0].step == 1
    assert all(preview.images.shape == pictures.images.shape for preview in previews)
    assert [e.step for e in events if isinstance(e, Progress)] == [0, 1, 2, 3, 4, 5]


def test_pictures_of_128_pixels_are_those_of_64_doubled_and_each_can_be_had_alone(models):
    config = dataclasses.replace(CONFIG, width=128, height=128, batch=5)
    *events, pictures = generate(config, models)
    small = made(dataclasses.replace(CONFIG, batch=5), models).images
    assert pictures.images.shape == (5, 128, 128, 3)
    shrunk = pictures.images.reshape(5, 64, 2, 64, 2, 3).mean((2, 4)).ravel()
    assert np.corrcoef(shrunk, small.ravel())[0, 1] > 0.8  # noise, as random networks draw it, is smoothed
    assert {event.images.shape for event in events if isinstance(event, Samples)} == {(5, 64, 64, 3)}
    alone = dataclasses.replace(config, batch=1, seed=config.seed_of(3))
    assert np.array_equal(made(alone, models).images[0], pictures.images[3])


def test_settings_of_earlier_versions_which_tell_no_size_are_not_doubled(models, monkeypatch):
    made(CONFIG, models)
    monkeypatch.setattr(models._model, "_double", None)
    assert made(ImageConfig.from_dict({"prompt": "pizza", "steps": 2}), models).images.shape == (4, 64, 64, 3)


def test_the_same_settings_make_the_same_pictures_and_others_do_not(models):
    first = made(CONFIG, models).images
    assert np.array_equal(first, made(CONFIG, models).images)
    models.close()  # and after loading again
    assert np.array_equal(first, made(CONFIG, models).images)
    for change in ({"seed": 8}, {"prompt": "rocket"}, {"style": "twemoji"}, {"guidance": 1.0}, {"steps": 6},
                   {"sampler": "euler"}, {"negative_prompt": "rocket"}):  # fmt: skip
        assert not np.array_equal(first, made(dataclasses.replace(CONFIG, **change), models).images), change


@pytest.mark.parametrize("index", range(6))
def test_each_picture_of_a_batch_can_be_had_alone(models, index):
    batch = made(dataclasses.replace(CONFIG, batch=6), models)
    alone = dataclasses.replace(CONFIG, batch=1, seed=batch.config.seed_of(index))
    assert np.array_equal(made(alone, models).images[0], batch.images[index])


def test_a_random_seed_is_told(models):
    pictures = made(dataclasses.replace(CONFIG, seed=-1), models)
    assert pictures.config.seed >= 0
    assert np.array_equal(made(pictures.config, models).images, pictures.images)


def test_upper_case_and_spaces_make_no_difference(models):
    assert np.array_equal(
        made(dataclasses.replace(CONFIG, prompt="  Pizza "), models).images, made(CONFIG, models).images
    )


def test_blends_lead_from_one_picture_to_another(models):
    config = dataclasses.replace(CONFIG, batch=5)
    frames = made(config, models, blends=[Blend(i / 4, "rocket", 99) for i in range(5)]).images
    one = dataclasses.replace(CONFIG, batch=1)
    assert np.array_equal(frames[0], made(one, models).images[0])
    assert np.array_equal(frames[4], made(dataclasses.replace(one, prompt="rocket", seed=99), models).images[0])
    steps = np.abs(np.diff(frames.astype(int), axis=0)).mean((1, 2, 3))
    assert steps.max() < np.abs(frames[4].astype(int) - frames[0]).mean()


# --- from a picture ---------------------------------------------------------------------------------------------


def test_image_to_image_keeps_more_of_the_picture_at_less_strength(models, picture):
    config = dataclasses.replace(CONFIG, task="image_to_image", batch=1)
    weak, strong, full = (
        made(dataclasses.replace(config, strength=s), models, image=picture).images.astype(int)
        for s in (0.05, 0.9, 1.0)
    )
    assert weak.shape == (1, 64, 64, 3)
    assert np.abs(weak - full).mean() > np.abs(strong - full).mean()
    assert np.array_equal(full, made(dataclasses.replace(CONFIG, batch=1), models).images)


def test_inpainting_keeps_the_rest_to_the_pixel(models):
    picture = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    mask = np.zeros((64, 64), np.uint8)
    mask[10:30, 20:50] = 255
    config = dataclasses.replace(CONFIG, task="inpainting", strength=1.0)
    events = list(generate(config, models, image=picture, mask=mask))
    for event in events:
        if isinstance(event, (Samples, Pictures)):
            assert np.array_equal(event.images[:, mask == 0], np.broadcast_to(picture[mask == 0], (4, 3496, 3)))
            assert (event.images[:, mask > 0] != picture[mask > 0]).mean() > 0.5
    again = made(config, models, image=picture, mask=mask > 0)
    assert np.array_equal(again.images, events[-1].images)


def test_inpainting_at_128_pixels_keeps_the_rest_to_the_pixel(models):
    picture = np.random.default_rng(0).integers(0, 256, (128, 128, 3), np.uint8)
    mask = np.zeros((128, 128), np.uint8)
    mask[21:60, 41:100] = 255
    config = dataclasses.replace(CONFIG, task="inpainting", strength=1.0, width=128, height=128, batch=2)
    *events, pictures = generate(config, models, image=picture, mask=mask)
    assert np.array_equal(pictures.images[:, mask == 0], np.broadcast_to(picture[mask == 0], (2, 14083, 3)))
    assert (pictures.images[:, mask > 0] != picture[mask > 0]).mean() > 0.5
    halved = picture.reshape(64, 2, 64, 2, 3).mean((1, 3))
    for event in events:
        if isinstance(event, Samples):
            kept = np.abs(event.images[:, 32:] - halved[32:])
            assert kept.max() <= 1


def test_what_a_task_needs_is_said(models, picture):
    config = dataclasses.replace(CONFIG, task="inpainting")
    with pytest.raises(ConfigError, match="Choose or draw a picture"):
        list(generate(config, models))
    for mask in (None, np.zeros((90, 120), bool)):
        with pytest.raises(ConfigError, match="Paint over the part"):
            list(generate(config, models, image=picture, mask=mask))
    with pytest.raises(ConfigError, match="mask must have the size"):
        list(generate(config, models, image=picture, mask=np.ones((10, 10), bool)))


def test_a_picture_that_is_not_needed_makes_no_difference(models, picture):
    assert np.array_equal(made(CONFIG, models, image=picture).images, made(CONFIG, models).images)


# --- trouble ----------------------------------------------------------------------------------------------------


def test_a_stop_ends_it_at_once_and_the_next_goes_on(models):
    events = generate(dataclasses.replace(CONFIG, steps=100), models)
    while not isinstance(next(events), Samples):
        pass
    with pytest.raises(StopIteration):
        events.send(True)
    assert made(CONFIG, models).images.shape == (4, 64, 64, 3)


def test_a_page_that_is_closed_gives_its_turn_away(models):
    events = generate(CONFIG, models)
    while not isinstance(next(events), Progress):
        pass
    events.close()
    assert made(CONFIG, models).images.shape == (4, 64, 64, 3)


def test_out_of_memory_is_said_and_frees_the_model(models, monkeypatch):
    made(CONFIG, models)

    def full(latents):
        raise MemoryError

    monkeypatch.setattr(models._model, "_decode", full)
    with pytest.raises(EngineError, match="ran out of memory"):
        list(generate(CONFIG, models))
    assert models.loaded() == ""
    assert made(CONFIG, models).images.shape == (4, 64, 64, 3)  # loaded anew


def test_an_unforeseen_failure_gives_the_turn_away(models, monkeypatch):
    made(CONFIG, models)
    with monkeypatch.context() as patched:
        patched.setattr(models._model, "_decode", lambda latents: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            list(generate(CONFIG, models))
    assert made(CONFIG, models).images.shape == (4, 64, 64, 3)


def test_a_missing_or_damaged_model_is_said(models, monkeypatch, tmp_path):
    monkeypatch.setattr(models_module, "EMOJI_FOLDER", tmp_path)
    with pytest.raises(EngineError, match="bundled model is missing"):
        list(generate(CONFIG, models))
    (tmp_path / "model.safetensors").write_bytes(b"not a model")
    with pytest.raises(EngineError, match="files are damaged"):
        list(generate(CONFIG, models))


def test_many_at_once_take_turns_and_get_what_they_would_get_alone(models):
    alone = {seed: made(dataclasses.replace(CONFIG, seed=seed), models).images for seed in range(4)}
    together, notes = {}, []

    def visitor(seed: int) -> None:
        for event in generate(dataclasses.replace(CONFIG, seed=seed, steps=5), models):
            if isinstance(event, Note):
                notes.append(str(event.message))
            if isinstance(event, Pictures):
                together[seed] = event.images

    threads = [threading.Thread(target=visitor, args=(seed,)) for seed in alone]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(np.array_equal(together[seed], alone[seed]) for seed in alone)


def test_a_place_in_line_is_told_and_can_be_given_up(models):
    first = generate(CONFIG, models)
    while not isinstance(next(first), Progress):
        pass
    second = generate(CONFIG, models)
    assert "In line: place 1" in str(next(second).message)
    with pytest.raises(StopIteration):
        second.send(True)
    assert isinstance(list(first)[-1], Pictures)
    assert isinstance(list(generate(CONFIG, models))[-1], Pictures)


def test_pictures_are_enlarged_if_that_is_asked_for(models):
    plain = made(CONFIG, models).images
    large = made(dataclasses.replace(CONFIG, enlarge="4"), models).images
    assert large.shape == (4, 256, 256, 3)
    shrunk = large.reshape(4, 64, 4, 64, 4, 3).mean((2, 4)).ravel()
    assert np.corrcoef(shrunk, plain.ravel())[0, 1] > 0.6
    alone = made(dataclasses.replace(CONFIG, enlarge="4", batch=1, seed=CONFIG.seed + 2), models).images
    assert np.array_equal(alone[0], large[2])


def test_what_an_enlarged_inpainting_keeps_is_as_it_was(models):
    picture = np.random.default_rng(0).integers(0, 256, (256, 256, 3), np.uint8)
    mask = np.zeros((256, 256), np.uint8)
    mask[40:120, 80:200] = 255
    config = dataclasses.replace(CONFIG, task="inpainting", strength=1.0, enlarge="4", batch=1)
    image = made(config, models, image=picture, mask=mask).images[0]
    assert np.array_equal(image[mask == 0], picture[mask == 0])
    assert (image[mask > 0] != picture[mask > 0]).mean() > 0.5
