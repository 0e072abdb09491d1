"""The list of recipes: what it says of settings."""

import gradio as gr
import pytest

from engines.finetuning.config import RECIPES
from engines.gpt_training.config import PRESETS, GptConfig
from tabs.live_training.tab import FAMILIES
from tabs.page.forms import Form
from tabs.page.settings.recipes import OWN, RecipePicker


@pytest.fixture(scope="module")
def picker():
    with gr.Blocks():
        form = Form(GptConfig, "t")
        form.add_rest()
        yield RecipePicker(PRESETS, "t-recipe"), form


@pytest.mark.parametrize(
    ("settings", "named"),
    [({}, "default"), ({"model": "masked"}, "masked"), ({"data": "own", "context": 96, "dropout": 0.2}, "own"),
     ({"width": 64}, OWN)],
)  # fmt: skip
def test_settings_are_named_by_their_recipe_whatever_the_seed(picker, settings, named):
    recipes, form = picker
    assert recipes.show({**GptConfig().to_dict(), **settings, "seed": 7}, form)["value"] == named


def test_no_recipe_is_called_as_ones_own_settings_are():
    families = [page.family.presets for page in FAMILIES]
    assert all(OWN not in table for table in (PRESETS, RECIPES, *families))
