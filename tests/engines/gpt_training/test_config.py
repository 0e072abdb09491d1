import pytest

from engines.gpt_training.config import PRESETS, GptConfig
from engines.messages import ConfigError


def test_every_recipe_is_allowed():
    for preset in PRESETS.values():
        GptConfig(**preset.values)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"width": 128, "heads": 3}, "Heads must divide Width: 128 is no multiple of 3"),
        ({"plan": True, "data": "own"}, "Only quatrains"),
        ({"bars": True}, "Only tunes"),
        ({"lr": float("nan")}, "Learning rate must be a number"),
        ({"dropout": float("inf")}, "Dropout must be"),
        ({"layers": 12, "width": 512, "batch": 1024, "context": 512}, "too large together"),
        ({"layers": 12, "width": 512, "heads": 8, "batch": 16, "steps": 200_000}, "at most"),
        ({"data": "jokes"}, "Text must be one of"),
        ({"model": "bert"}, "Model must be one of"),
        ({"context": 3}, "Context must be"),
    ],
)
def test_what_is_not_allowed_is_said(values, sentence):
    with pytest.raises(ConfigError, match=sentence):
        GptConfig(**values)


def test_a_recurrent_network_needs_no_heads():
    assert GptConfig(model="lstm", width=48, heads=5).heads == 5
