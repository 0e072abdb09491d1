"""Settings of pictures: what is allowed for which model, and one clear sentence for what is not."""

from __future__ import annotations

import dataclasses
import math
import subprocess
import sys

import pytest

from engines.image_generation.catalog import IMAGE_MODELS, SAMPLERS, TASKS, find_image_model, own_card
from engines.image_generation.config import ImageConfig, shown_settings
from engines.knobs import MAX_SEED
from engines.messages import ConfigError


def refused(model: str = "emoji", **values) -> str:
    with pytest.raises(ConfigError) as caught:
        ImageConfig.for_model(model, **values)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert sentence.endswith(".")
    assert len(sentence) < 300
    return sentence


def test_the_defaults_are_the_bundled_models():
    """But for what came later: a script gets pictures as drawn, the page opens with what looks best."""
    before = {"enlarge": "1", "width": 64, "height": 64, "wording": "plain", "together": "no"}
    assert ImageConfig() == ImageConfig.for_model("emoji", **before)
    page = ImageConfig.for_model("emoji")
    assert (page.width, page.height, page.times) == (128, 128, 2)
    assert next(iter(IMAGE_MODELS)) == "emoji"


@pytest.mark.parametrize("card", IMAGE_MODELS.values(), ids=lambda card: card.id)
def test_every_model_takes_its_own_defaults_and_tasks(card):
    for task in card.tasks:
        config = ImageConfig.for_model(card.id, task=task)
        assert (config.width, config.height, config.steps) == (card.size, card.size, card.steps)
    assert set(card.tasks) <= set(TASKS)
    assert set(card.samplers) <= set(SAMPLERS)
    assert card.kind == "emoji" or card.memory() > 2 * card.parameters


@pytest.mark.parametrize("prompt", ["", "   \n"])
def test_an_empty_prompt_is_refused(prompt):
    assert "Write a prompt first" in refused(prompt=prompt)


def test_a_prompt_of_ten_thousand_characters_is_refused():
    sentence = refused(prompt="cat " * 2500)
    assert "Prompt must be a text of at most 1000 characters" in sentence


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"width": 64}, "Width and Height must be the same"),
        ({"width": 96, "height": 96}, "Width must be from 64 to 128 and a multiple of 64"),
        ({"model": "SD-Turbo", "height": 517}, "multiple of 8"),
        ({"model": "Z-Image-Turbo", "width": 1000}, "multiple of 16"),
        ({"model": "SD-Turbo", "width": 2048}, "from 256 to 1024"),
        ({"model": "SD-Turbo", "batch": 64, "width": 1024, "height": 1024}, "too large together"),
        ({"model": "SD-1.5", "batch": 16, "width": 1024, "height": 1024, "steps": 150}, "too large together"),
        ({"sampler": "ddim"}, "does not offer Sampler = DDIM"),
        ({"model": "FLUX.2-klein-4B", "task": "inpainting"}, "does not offer Task = Inpainting"),
        ({"steps": 0}, "Steps must be"),
        ({"guidance": math.nan}, "Guidance scale must be"),
        ({"seed": 2**40}, "Seed must be"),
        ({"model": "nobody"}, "There is no model called 'nobody'"),
        ({"model": "a/../b"}, "There is no model called"),
    ],
)
def test_what_a_model_cannot_do_is_said(values, said):
    assert said in refused(**values)


def test_pictures_of_a_batch_have_seeds_one_after_the_other():
    config = ImageConfig(seed=MAX_SEED - 1)
    assert [config.seed_of(i) for i in range(3)] == [MAX_SEED - 1, MAX_SEED, 0]
    dataclasses.replace(config, seed=config.seed_of(2))  # all are allowed


def test_a_generator_of_ones_own_needs_no_words():
    config = ImageConfig(model="gan:mine", prompt="")
    assert config.card == own_card("gan:mine")
    assert set(shown_settings(config)) == {"model", "batch", "label", "seed"}
    with pytest.raises(ConfigError, match="does not offer Task"):
        dataclasses.replace(config, task="inpainting")


def test_what_had_no_effect_is_not_shown():
    shown = shown_settings(ImageConfig.for_model("SD-Turbo"))
    assert not {"guidance", "negative_prompt", "style", "strength", "label"} & set(shown)
    assert "strength" in shown_settings(ImageConfig(task="image_to_image"))


def test_a_name_on_the_hub_is_a_card_of_its_own():
    card = find_image_model("owner/model")
    assert (card.kind, card.repo) == ("diffusers", "owner/model")


def test_importing_the_engine_loads_nothing_heavy():
    modules = (
        "engine, models, gans, variations, picture_files; from engines.image_generation.hub import pipeline_files"
    )
    code = f"import sys; from engines.image_generation import {modules}; "
    code += "print({'torch', 'transformers', 'diffusers', 'gradio'} & set(sys.modules))"
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert output.strip() == "set()"
