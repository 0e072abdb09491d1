import math
from dataclasses import dataclass

import pytest

from engines.gan_training.config import GanConfig
from engines.knobs import Config, knob
from engines.limits import PUBLIC, Limits, variable
from engines.messages import ConfigError
from engines.text_generation.config import TextConfig


@dataclass(frozen=True)
class PictureConfig(Config):
    width: int = knob(64, "Width", low=8, high=4096)
    height: int = knob(64, "Height", low=8, high=4096)
    steps: int = knob(20, "Steps", low=1, high=200)
    batch: int = knob(4, "Batch size", low=1, high=64)


@dataclass(frozen=True)
class TableConfig(Config):
    rows: int = knob(0, "Rows", low=0, high=10**7)


def test_a_public_demo_allows_less_than_ones_own_machine():
    own, public = Limits.load(False, {}), Limits.load(True, {})
    for name, value in PUBLIC.items():
        mine = getattr(own, name)
        assert getattr(public, name) == value
        assert value < mine or mine == 0, name


def test_the_environment_sets_any_limit():
    for name, a_knob in Limits.knobs().items():
        value = max(1, math.ceil(a_knob.low)) + 1
        assert getattr(Limits.load(True, {variable(name): str(value)}), name) == value


@pytest.mark.parametrize("text", ["many", "nan", "-1", "1e400", "0x10"])
def test_a_bad_variable_is_named(text):
    with pytest.raises(ConfigError, match=r"AIGC_STEPS|Steps of a run"):
        Limits.load(True, {"AIGC_STEPS": text})


def test_what_is_too_much_is_named_with_what_is_allowed():
    limits = Limits.load(True, {})
    with pytest.raises(ConfigError, match=r"^Steps may be at most 30000 here\.$"):
        limits.allow(GanConfig(steps=100_000))
    with pytest.raises(ConfigError, match=r"Max new tokens may be at most 512 here"):
        limits.allow(TextConfig(max_new_tokens=1000))
    with pytest.raises(ConfigError, match=r"Width x Height x Steps x Batch size may be at most 16777216"):
        limits.allow(PictureConfig(width=1024, height=1024, steps=50))
    for config in (GanConfig(), TextConfig(), PictureConfig()):
        assert limits.allow(config) == config


def test_of_too_many_rows_some_are_drawn():
    limits = Limits(rows=500)
    assert [limits.allow(TableConfig(rows=n)).rows for n in (0, 100, 9999)] == [500, 100, 500]


def test_rows_that_are_all_that_are_allowed_are_shown_as_they_were_asked_for():
    limits = Limits(rows=500)
    assert [limits.asked(limits.allow(TableConfig(rows=n)))["rows"] for n in (0, 100, 9999)] == [0, 100, 0]
    assert limits.asked(GanConfig()) == GanConfig().to_dict()
