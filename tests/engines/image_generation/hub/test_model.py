"""The diffusers path: a tiny random Stable Diffusion on disk, loaded by the real code, for all three tasks."""

from __future__ import annotations

import dataclasses
import gc
import importlib.util
import json
import weakref

import numpy as np
import pytest
import torch

from engines import device as device_module
from engines.image_generation import models as models_module
from engines.image_generation.catalog import IMAGE_MODELS
from engines.image_generation.config import ImageConfig
from engines.image_generation.engine import generate
from engines.image_generation.hub.pipeline_files import check_index, load_pipeline, pipeline_files
from engines.image_generation.hub.stream import Interrupted, stream
from engines.image_generation.models import ImageModels
from engines.image_generation.variations import walk
from engines.messages import ConfigError, EngineError
from engines.running.events import Note, Pictures, Progress, Samples
from tests.tiny_image_models import save_emoji_model, save_pipeline

pytestmark = pytest.mark.slow  # loads diffusers
CONFIG = ImageConfig.for_model(
    "owner/tiny", prompt="a cat", steps=4, batch=2, seed=3, width=64, height=64, guidance=4.0
)

REPOSITORY = """
    .gitattributes README.md LICENSE.md model_index.json sd_turbo.safetensors output.jpg
    scheduler/scheduler_config.json tokenizer/merges.txt tokenizer/vocab.json tokenizer/tokenizer_config.json
    text_encoder/config.json text_encoder/model.safetensors text_encoder/model.fp16.safetensors
    text_encoder/pytorch_model.bin
    transformer/config.json transformer/diffusion_pytorch_model-00001-of-00002.safetensors
    transformer/diffusion_pytorch_model-00002-of-00002.safetensors
    transformer/diffusion_pytorch_model.safetensors.index.json transformer/evil.py
    text_encoder_2/model-00001-of-00002.safetensors text_encoder_2/model.safetensors.index.json
    text_encoder_2/model.fp16-00001-of-00002.safetensors text_encoder_2/model.safetensors.index.fp16.json
    unet/config.json unet/diffusion_pytorch_model.safetensors unet/diffusion_pytorch_model.fp16.safetensors
    unet/diffusion_pytorch_model.non_ema.safetensors unet/diffusion_pytorch_model.bin unet/model.onnx
    vae/config.json vae/diffusion_pytorch_model.safetensors deep/er/config.json ../config.json
"""
LEFT_OUT = """
    .gitattributes README.md LICENSE.md sd_turbo.safetensors output.jpg text_encoder/model.safetensors
    text_encoder/pytorch_model.bin transformer/evil.py text_encoder_2/model-00001-of-00002.safetensors
    text_encoder_2/model.safetensors.index.json unet/diffusion_pytorch_model.safetensors
    unet/diffusion_pytorch_model.non_ema.safetensors unet/diffusion_pytorch_model.bin unet/model.onnx
    deep/er/config.json ../config.json
"""


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    cache = tmp_path_factory.mktemp("cache")
    save_pipeline(cache / "models" / "owner--tiny")
    save_pipeline(cache / "models" / "SD-1.5", seed=1)
    save_emoji_model(cache / "emoji_model")
    return cache


@pytest.fixture(scope="module")
def kept():
    """One set of models for all tests, since loading takes longest; tests that need their own make it."""
    models = ImageModels(allow_any_model=True)
    yield models
    models.close()


@pytest.fixture
def models(cache, kept, monkeypatch):
    monkeypatch.setenv("AIGC_CACHE", str(cache))
    monkeypatch.setattr(models_module, "EMOJI_FOLDER", cache / "emoji_model")
    return kept


@pytest.fixture
def picture() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)


def made(config: ImageConfig, models: ImageModels, **inputs) -> Pictures:
    *_, pictures = generate(config, models, **inputs)
    assert isinstance(pictures, Pictures)
    return pictures


# --- the three tasks --------------------------------------------------------------------------------------------


def test_text_to_image_with_steps_and_previews(models):
    events = list(generate(CONFIG, models))
    pictures = events[-1]
    assert pictures.images.shape == (2, 64, 64, 3)
    assert pictures.images.std() > 1
    steps = [event.step for event in events if isinstance(event, Progress)]
    assert steps == sorted(steps)
    assert steps[-1] == events[-2].total
    previews = [event for event in events if isinstance(event, Samples)]
    assert previews[0].images.shape == (1, 64, 64, 3)
    assert np.array_equal(previews[-1].images[0], pictures.images[0])  # the finished one beside the next
    assert previews[-1].images.shape == (2, 64, 64, 3)


def test_the_same_seed_makes_the_same_picture_alone_and_in_a_batch(models):
    batch = made(CONFIG, models).images
    assert np.array_equal(batch, made(CONFIG, models).images)
    alone = dataclasses.replace(CONFIG, batch=1, seed=CONFIG.seed_of(1))
    assert np.array_equal(made(alone, models).images[0], batch[1])
    assert not np.array_equal(batch[0], batch[1])
    other = dataclasses.replace(CONFIG, negative_prompt="dog", batch=1)
    assert not np.array_equal(made(other, models).images[0], batch[0])


def test_image_to_image(models, picture):
    config = dataclasses.replace(CONFIG, task="image_to_image", batch=1)
    weak, strong = (made(dataclasses.replace(config, strength=s), models, image=picture).images for s in (0.05, 1.0))
    assert weak.shape == strong.shape == (1, 64, 64, 3)
    assert not np.array_equal(weak, strong)


def test_inpainting_keeps_the_rest_to_the_pixel(models, picture):
    mask = np.zeros((64, 64), bool)
    mask[16:40, 8:40] = True
    config = dataclasses.replace(CONFIG, task="inpainting")
    images = made(config, models, image=picture, mask=mask).images
    assert np.array_equal(images[:, ~mask], np.broadcast_to(picture[~mask], images[:, ~mask].shape))
    assert (images[:, mask] != picture[mask]).any()


def test_the_tasks_do_not_disturb_each_other(models, picture):
    before = made(CONFIG, models).images
    made(dataclasses.replace(CONFIG, task="image_to_image", batch=1), models, image=picture)
    made(dataclasses.replace(CONFIG, sampler="euler_a", batch=1), models)
    assert np.array_equal(made(CONFIG, models).images, before)


@pytest.mark.parametrize("sampler", IMAGE_MODELS["SD-1.5"].samplers)
def test_every_sampler_of_stable_diffusion_works(models, sampler):
    config = dataclasses.replace(CONFIG, sampler=sampler, batch=1)
    assert made(config, models).images.std() > 1


def test_a_walk_ends_where_it_should(models):
    start = dataclasses.replace(CONFIG, batch=1)
    *_, frames = walk(start, models, to_prompt="a dog", to_seed=9, frames=3)
    assert np.array_equal(frames.images[0], made(start, models).images[0])
    goal = dataclasses.replace(start, prompt="a dog", seed=9)
    assert np.array_equal(frames.images[2], made(goal, models).images[0])


# --- stops and trouble ------------------------------------------------------------------------------------------


def test_a_stop_keeps_the_finished_pictures(models):
    events, event, reply = generate(dataclasses.replace(CONFIG, batch=4), models), None, None
    seen = []
    while not isinstance(event, Pictures):
        event = events.send(reply)
        seen.append(event)
        reply = isinstance(event, Samples) and len(event.images) == 2  # one is finished
    assert len(event.images) == event.config.batch == 1
    assert np.array_equal(event.images[0], made(CONFIG, models).images[0])


def test_settings_that_the_pipeline_refuses_are_said_in_one_sentence(models, monkeypatch):
    made(CONFIG, models)

    def refuse(*arguments, **options):
        raise ValueError("no, not today\nand more")

    with monkeypatch.context() as patched:
        patched.setattr(type(models._model.pipe), "__call__", refuse)
        with pytest.raises(EngineError, match="owner/tiny refuses these settings: no, not today"):
            list(generate(CONFIG, models))
    assert made(CONFIG, models).images.shape == (2, 64, 64, 3)


def test_out_of_memory_in_the_middle_is_said(models, monkeypatch):
    made(CONFIG, models)

    def full(*arguments, **options):
        raise torch.OutOfMemoryError("CUDA out of memory")

    with monkeypatch.context() as patched:
        patched.setattr(models._model.pipe.vae, "decode", full)
        with pytest.raises(EngineError, match="ran out of memory"):
            list(generate(CONFIG, models))
    assert models.loaded() == ""


def test_a_model_that_cannot_fit_is_refused(cache, monkeypatch):
    monkeypatch.setenv("AIGC_CACHE", str(cache))
    monkeypatch.setattr(device_module, "free_host_memory", lambda: 10**6)
    monkeypatch.setattr("engines.image_generation.hub.model.free_host_memory", lambda: 10**6)
    with pytest.raises(EngineError, match="too large for this device's memory"):
        list(generate(ImageConfig.for_model("SD-1.5", prompt="a cat"), ImageModels()))


def test_models_outside_the_catalog_are_for_those_who_allow_them(cache, monkeypatch):
    monkeypatch.setenv("AIGC_CACHE", str(cache))
    with pytest.raises(ConfigError, match="only the models of its catalog"):
        list(generate(CONFIG, ImageModels()))


def test_without_diffusers_there_is_one_sentence(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(EngineError, match="need the library diffusers"):
        list(generate(ImageConfig.for_model("SD-Turbo"), ImageModels()))


def test_switching_frees_the_model_before(models):
    made(CONFIG, models)
    old = weakref.ref(models._model.pipe.unet)
    made(ImageConfig(prompt="pizza", steps=2), models)
    assert models.loaded() == "emoji"
    gc.collect()
    assert old() is None


def test_a_job_is_told_to_stop_and_waited_for():
    ended = []

    def work(emit):
        try:
            for step in range(10**6):
                emit(Progress(step, 10**6))
        finally:
            ended.append(True)

    events = stream(work, Note("begin"))
    assert next(events) == Note("begin")
    next(events)
    with pytest.raises(Interrupted):
        [events.send(True) for _ in range(100)]
    assert ended == [True]
    events = stream(work, Note("begin"))
    next(events)
    events.close()
    assert ended == [True, True]


# --- files ------------------------------------------------------------------------------------------------------


def test_of_a_repository_only_safe_parts_are_fetched_and_each_weight_once():
    names = REPOSITORY.split()
    assert set(names) - set(pipeline_files(names)) == set(LEFT_OUT.split())


@pytest.mark.parametrize("part", [["os", "system"], ["my_module", "Model"]])
def test_a_pipeline_with_parts_from_elsewhere_is_refused(tmp_path, part):
    index = {"_class_name": "StableDiffusionPipeline", "unet": part, "vae": ["diffusers", "AutoencoderKL"]}
    (tmp_path / "model_index.json").write_text(json.dumps(index))
    with pytest.raises(ValueError, match="a part from"):
        check_index(tmp_path)
    with pytest.raises(EngineError, match="files are of an unknown kind"):
        load_pipeline(tmp_path, torch.float32)


def test_a_pipeline_with_code_of_its_own_or_pickles_is_refused(tmp_path, cache):
    (tmp_path / "model_index.json").write_text(json.dumps({"_class_name": ["pipeline", "Evil"]}))
    with pytest.raises(ValueError, match="code of its own"):
        check_index(tmp_path)
    folder = tmp_path / "pickled"
    save_pipeline(folder)
    (folder / "unet" / "diffusion_pytorch_model.safetensors").rename(folder / "unet" / "diffusion_pytorch_model.bin")
    with pytest.raises(EngineError, match="files are of an unknown kind"):
        load_pipeline(folder, torch.float32)


def test_half_precision_files_are_used(tmp_path):
    folder = tmp_path / "halved"
    save_pipeline(folder)
    for part, name in (("unet", "diffusion_pytorch_model"), ("text_encoder", "model")):
        (folder / part / f"{name}.safetensors").rename(folder / part / f"{name}.fp16.safetensors")
    assert load_pipeline(folder, torch.float32).unet.dtype == torch.float32
