"""The list of recipes: what it is set to says which recipe the form has."""

import gradio as gr
import pytest

from engines.finetuning.config import RECIPES
from engines.gpt_training.config import PRESETS, GptConfig
from engines.points_training.config import PRESETS as POINTS
from tabs.live_training.tab import FAMILIES
from tabs.page.forms import Form
from tabs.page.settings.recipes import OWN, RecipePicker

ALL = [RECIPES, PRESETS, POINTS, *(page.family.presets for page in FAMILIES)]


@pytest.mark.parametrize("recipes", ALL)
def test_no_recipe_has_the_key_of_ones_own_settings(recipes):
    assert OWN not in recipes


def test_own_settings_and_the_recipe_for_an_own_text_are_told_apart():
    with gr.Blocks():
        picker, form = RecipePicker(PRESETS, "recipes"), Form(GptConfig, "gpt")
        form.add(GptConfig.knobs())
    assert picker.show({}, form)["value"] == "default"
    assert picker.show(dict(PRESETS["own"].values), form)["value"] == "own"
    assert picker.show({"layers": 1}, form)["value"] == OWN
    values = [value for _, value in picker.list.choices]
    assert len(values) == len(set(values))
