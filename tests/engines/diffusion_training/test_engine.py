"""The engine on the CPU, with short real trainings."""

import math

import numpy as np
import pytest
from PIL import Image

from engines.diffusion_training.config import DiffusionConfig
from engines.diffusion_training.engine import train
from engines.diffusion_training.explore import redrawn, sample
from engines.diffusion_training.family import FAMILY
from engines.live_training.explore import export, load_export, walk
from engines.messages import ConfigError, EngineError
from engines.running.events import Bars, Metrics, Samples, Sheet, Verdict, Weights
from tests.engines.driven import driven, of

SMALL = {"dataset": "mnist", "features": 8, "batch": 16, "sampling_steps": 2, "seed": 1}


def run(config, uploads=(), stop_after=None, folder=None):
    return driven(train(config, uploads, folder), stop_after)


@pytest.fixture(scope="module")
def short():
    return DiffusionConfig(**SMALL, steps=20), run(DiffusionConfig(**SMALL, steps=20))


@pytest.mark.slow
def test_a_run_tells_all_that_a_page_shows(short):
    _, events = short
    samples = of(events, Samples)
    assert (samples[0].step, samples[-1].step) == (0, 20)
    assert samples[0].columns == 10
    assert all(math.isfinite(v) for m in of(events, Metrics) for v in m.values.values())
    assert {"Loss", "Fréchet distance"} <= {name for m in of(events, Metrics) for name in m.values}
    assert of(events, Verdict)[-1].state == "early"
    assert {sheet.name for sheet in of(events, Sheet)} >= {
        "One picture on its way",
        "The same noise in 1, 2, 5, 20 and 50 steps",
    }
    assert of(events, Bars)[-1].name == "Loss by noise level"
    assert of(events, Weights)[-1].step == 20


@pytest.mark.slow
def test_sampler_steps_and_guidance_are_chosen_after_the_training(short):
    config, events = short
    weights = of(events, Weights)[-1]
    usual = sample(config, weights, seed=3, count=12)
    assert usual.shape == (12, 28, 28, 1)
    for chosen in ({"sampler": "heun"}, {"sampling_steps": 5}, {"guidance": 4.0}, {"sampler": "ddpm"}):
        other = sample(config, weights, seed=3, count=12, **chosen)
        assert other.shape == usual.shape
        assert not np.array_equal(other, usual)
    assert np.array_equal(usual, sample(config, weights, seed=3, count=12, guidance=None))
    with pytest.raises(ConfigError, match="Sampling steps"):
        redrawn(config, sampling_steps=1000)


@pytest.mark.slow
def test_an_export_draws_the_same(short, tmp_path):
    config, events = short
    weights = of(events, Weights)[-1]
    export(FAMILY, config, weights, tmp_path / "model.zip")
    again = load_export(FAMILY, tmp_path / "model.zip")
    assert np.array_equal(sample(config, weights, seed=3, count=4), sample(*again, seed=3, count=4))
    assert walk(FAMILY, config, weights, 1, 2, frames=3, count=2).shape == (3, 2, 28, 28, 1)


@pytest.mark.slow
def test_weights_of_another_network_are_refused(short):
    _, events = short
    with pytest.raises(EngineError, match="do not belong"):
        sample(DiffusionConfig(**SMALL | {"features": 16}), of(events, Weights)[-1], seed=1)


@pytest.mark.slow
def test_resumed_in_its_folder_it_ends_as_if_unbroken(tmp_path, monkeypatch):
    monkeypatch.setenv("AIGC_CORES", "1")
    config = DiffusionConfig(**SMALL, steps=60)
    cut = run(config, stop_after=2, folder=tmp_path)
    assert of(cut, Weights)[-1].step < 60
    resumed, unbroken = run(config, folder=tmp_path), run(config)
    for name, value in of(unbroken, Weights)[-1].tensors.items():
        np.testing.assert_array_equal(value, of(resumed, Weights)[-1].tensors[name], err_msg=name)


def distance_after(config, steps):
    """The distance at the end of a run of so many steps."""
    config = DiffusionConfig(**config.to_dict() | {"steps": steps})
    return [m.values["Fréchet distance"] for m in of(run(config), Metrics) if m.group == "scores"][-1]


@pytest.mark.slow
@pytest.mark.parametrize("objective", ["flow", "epsilon", "v"])
def test_a_short_training_lowers_the_distance(objective):
    config = DiffusionConfig(dataset="mnist", objective=objective, features=16, batch=32, sampling_steps=5, seed=1)
    first, last = (distance_after(config, steps) for steps in (10, 300))
    assert last < 0.5 * first


def own_pictures(folder, count, same=False):
    rng = np.random.default_rng(0)
    paths = []
    for i in range(count):
        paths.append(str(folder / f"{i}.png"))
        pixels = np.full((40, 40, 3), 90, np.uint8) if same else rng.integers(0, 256, (40, 40, 3), np.uint8)
        Image.fromarray(pixels).save(paths[-1])
    return paths


@pytest.mark.parametrize("count", [1, 5])
def test_too_few_pictures_of_ones_own_are_told_in_a_sentence(tmp_path, count):
    with pytest.raises(ConfigError, match="too few"):
        run(DiffusionConfig(**SMALL | {"dataset": "own"}), own_pictures(tmp_path, count))


@pytest.mark.slow
@pytest.mark.parametrize("same", [False, True])
def test_sixteen_pictures_and_the_same_one_over_and_over_train_without_a_fault(tmp_path, same):
    config = DiffusionConfig(**SMALL | {"dataset": "own", "guidance": 30.0}, steps=10)
    events = run(config, own_pictures(tmp_path, 16, same))
    assert of(events, Samples)[-1].images.shape[1:] == (28, 28, 1 if same else 3), "what is gray is learnt in gray"
    assert of(events, Verdict)
