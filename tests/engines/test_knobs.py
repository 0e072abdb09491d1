import json
import math

import pytest

from engines.knobs import MAX_SEED
from engines.messages import ConfigError
from tests.fakes import FakeConfig


def test_defaults_are_valid_and_survive_json():
    config = FakeConfig()
    assert FakeConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("steps", 0, "Steps must be a whole number from 1 to 1000000; it is 0."),
        ("steps", 2.5, "Steps must be a whole number from 1 to 1000000; it is 2.5."),
        ("steps", True, "Steps must be a whole number"),
        ("steps", "7", "Steps must be a whole number"),
        ("steps", None, "Steps must be a whole number"),
        ("steps", 10**400, "Steps must be a whole number"),
        ("rate", math.nan, "Learning rate must be a number from 1e-06 to 1.0; it is nan."),
        ("rate", math.inf, "Learning rate must be a number"),
        ("rate", -1, "Learning rate must be a number"),
        ("mode", "c", "Objective must be one of a, b; it is 'c'."),
        ("mode", ["a"], "Objective must be one of a, b"),
        ("size", 29, "Image size must be one of 28, 64; it is 29."),
        ("size", 28.5, "Image size must be one of"),
        ("name", "x" * 21, "Prompt must be a text of at most 20 characters"),
        ("name", 5, "Prompt must be a text"),
        ("loud", 1, "EMA must be true or false; it is 1."),
        ("seed", -2, "Seed must be a whole number"),
    ],
)
def test_a_bad_value_is_refused_in_one_sentence_that_names_the_field(field, value, says):
    with pytest.raises(ConfigError) as caught:
        FakeConfig.from_dict({field: value})
    assert str(caught.value).startswith(says)
    assert len(str(caught.value)) < 200


def test_whole_floats_count_as_whole_numbers_since_javascript_sends_them():
    config = FakeConfig(steps=5.0, size=64.0)
    assert (config.steps, config.size) == (5, 64)
    assert isinstance(config.steps, int)
    assert isinstance(config.size, int)


def test_unknown_settings_are_named():
    with pytest.raises(ConfigError, match="There is no setting called 'speed'"):
        FakeConfig.from_dict({"speed": 1})
    with pytest.raises(ConfigError, match="must be a JSON object"):
        FakeConfig.from_dict([1, 2])


def test_a_random_seed_is_fixed_so_that_the_run_can_be_repeated():
    assert 0 <= FakeConfig().with_seed().seed < MAX_SEED
    assert FakeConfig(seed=3).with_seed().seed == 3
