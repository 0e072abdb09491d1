import pytest

from engines.diffusion_training.config import PRESETS, DiffusionConfig
from engines.messages import ConfigError


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_is_allowed(name):
    DiffusionConfig(**PRESETS[name].values)


@pytest.mark.parametrize(
    "values",
    [
        {"objective": "x"},
        {"sampler": "magic"},
        {"guidance": float("nan")},
        {"guidance": 31.0},
        {"sampling_steps": 0},
        {"sampling_steps": 201},
        {"pictures": -1},
        {"lr": 1.0},
        {"size": 30},
    ],
)
def test_what_is_not_allowed_is_named(values):
    (name,) = values
    with pytest.raises(ConfigError, match=DiffusionConfig.knobs()[name].label):
        DiffusionConfig(**values)


def test_the_largest_networks_at_64_px_are_refused_in_one_sentence_or_fit():
    with pytest.raises(ConfigError, match="too large together"):
        DiffusionConfig(size=64, features=128, batch=512)
    with pytest.raises(ConfigError, match="at most"):
        DiffusionConfig(size=64, features=128, batch=128, steps=200_000)
    DiffusionConfig(size=64, features=128, batch=64, steps=1000)
