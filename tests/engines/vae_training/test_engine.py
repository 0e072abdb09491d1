"""The VAE's engine on the CPU, with short real trainings."""

import math

import numpy as np
import pytest
from PIL import Image

from engines.live_training import engine as live
from engines.live_training.explore import export, load_export, sample, walk
from engines.messages import ConfigError, EngineError
from engines.running.events import Bars, Caption, Metrics, Resumed, Samples, Scatter, Sheet, Verdict, Weights
from engines.vae_training import engine
from engines.vae_training.config import PRESETS, VaeConfig
from engines.vae_training.explore import latent_map, redraw
from engines.vae_training.family import FAMILY
from tests.engines.driven import driven, of

SMALL = {"dataset": "mnist", "architecture": "mlp", "features": 8, "batch": 16, "latent": 4, "seed": 1}


def run(config, uploads=(), stop_after=None, folder=None):
    return driven(engine.train(config, uploads, folder), stop_after)


@pytest.mark.slow
def test_a_run_tells_all_that_a_page_shows():
    events = run(VaeConfig(**SMALL, steps=40))
    samples = of(events, Samples)
    assert (samples[0].step, samples[-1].step) == (0, 40)
    assert samples[0].images.shape == (64, 28, 28, 1)
    losses = [metrics for metrics in of(events, Metrics) if metrics.group == "losses"]
    assert set(losses[-1].values) == {"Reconstruction", "KL", "−ELBO"}
    assert any("−ELBO, held out" in metrics.values for metrics in of(events, Metrics))
    assert all(math.isfinite(v) for m in of(events, Metrics) for v in m.values.values())
    sheet = of(events, Sheet)[-1]
    assert (sheet.images.shape, sheet.columns) == ((48, 28, 28, 1), 8)
    bars = of(events, Bars)[-1]
    assert set(bars.labels) == {"z1", "z2", "z3", "z4"}
    assert list(bars.values) == sorted(bars.values, reverse=True)
    scatter = of(events, Scatter)[-1]
    assert scatter.points.shape == (600, 2)
    assert scatter.class_names == tuple("0123456789")
    assert of(events, Verdict)
    assert of(events, Weights)[-1].step == 40


@pytest.mark.slow
def test_numbers_that_tell_nothing_are_said_to():
    events = run(VaeConfig(**SMALL | {"beta": 1000.0}, steps=300))
    told = [caption.message for caption in of(events, Caption) if caption.group == "latent"]
    assert told[-1] == "None of the 4 latent numbers tells anything of a picture."


@pytest.mark.slow
def test_the_same_seed_gives_the_same_weights():
    first, second = (of(run(VaeConfig(**SMALL, steps=12)), Weights)[-1].tensors for _ in range(2))
    assert all(np.array_equal(first[name], second[name]) for name in first)


@pytest.mark.slow
@pytest.mark.parametrize("values", [{}, {"likelihood": "bernoulli", "binarise": True, "conditional": True}])
def test_a_training_that_was_cut_off_ends_as_an_unbroken_one(tmp_path, monkeypatch, values):
    config = VaeConfig(**SMALL | {"architecture": "conv"}, **values, steps=40)
    with monkeypatch.context() as patch:
        patch.setattr(live.Clock, "due", lambda self: True)  # an answer at every step
        cut = run(config, stop_after=6, folder=tmp_path)
    at = of(cut, Weights)[-1].step
    assert at == 6
    resumed = run(config, folder=tmp_path)
    assert of(resumed, Resumed) == [Resumed(at)]
    unbroken, ended = of(run(config), Weights)[-1], of(resumed, Weights)[-1]
    assert ended.step == unbroken.step == 40
    assert all(np.array_equal(ended.tensors[name], unbroken.tensors[name]) for name in unbroken.tensors)


@pytest.mark.slow
def test_a_short_training_lowers_the_distance():
    events = run(VaeConfig(**SMALL | {"features": 16}, steps=400))
    distances = [m.values["Fréchet distance"] for m in of(events, Metrics) if m.group == "scores"]
    early = run(VaeConfig(**SMALL | {"features": 16}, steps=10))
    first = [m.values["Fréchet distance"] for m in of(early, Metrics) if m.group == "scores"]
    assert distances[-1] < 0.6 * first[-1]


@pytest.mark.slow
@pytest.mark.parametrize("beta", [0.0, 1000.0])
def test_the_ends_of_beta_go_through(beta):
    events = run(VaeConfig(**SMALL | {"beta": beta}, steps=60))
    assert of(events, Weights)[-1].step == 60


def uploads(folder, count, same=False):
    """Files of so many pictures in colour."""
    rng, paths = np.random.default_rng(0), []
    pixels = rng.integers(0, 256, (50, 40, 3), np.uint8)
    for i in range(count):
        pixels = pixels if same else rng.integers(0, 256, (50, 40, 3), np.uint8)
        paths.append(folder / f"{i}.png")
        Image.fromarray(pixels).save(paths[-1])
    return [str(path) for path in paths]


@pytest.mark.parametrize("count", [1, 5])
def test_too_few_pictures_are_refused_with_a_sentence(tmp_path, count):
    config = VaeConfig(**SMALL | {"dataset": "own"}, steps=10)
    with pytest.raises(ConfigError, match="too few; choose at least"):
        run(config, uploads(tmp_path, count))


@pytest.mark.slow
@pytest.mark.parametrize("same", [False, True])
def test_own_pictures_train_and_have_a_map_even_if_all_are_the_same(tmp_path, same):
    config = VaeConfig(**SMALL | {"dataset": "own", "size": 32}, steps=10)
    events = run(config, uploads(tmp_path, 20, same))
    assert latent_map(config, of(events, Weights)[-1]).grid.shape[1:] == (32, 32, 3)
    assert of(events, Scatter)[-1].class_names == ()


@pytest.mark.slow
def test_a_run_that_was_stopped_in_its_first_second_has_a_map():
    config = VaeConfig(**SMALL, steps=10_000)
    weights = of(run(config, stop_after=1), Weights)[-1]
    chart = latent_map(config, weights)
    assert chart.cells == 48
    assert chart.grid.shape == (48 * 48, 28, 28, 1)
    assert chart.redrawn.shape == chart.points.pictures.shape
    assert chart.class_names == tuple("0123456789")


@pytest.mark.slow
def test_the_map_of_a_class_is_drawn_so_and_others_are_refused():
    config = VaeConfig(**SMALL, conditional=True, steps=30)
    weights = of(run(config), Weights)[-1]
    three, four = (latent_map(config, weights, label).grid for label in (3, 4))
    assert not np.array_equal(three, four)
    with pytest.raises(ConfigError, match="Class must be from 0 to 9"):
        latent_map(config, weights, 10)
    assert redraw(config, weights, np.zeros((2, 28, 28, 1), np.uint8)).shape == (2, 28, 28, 1)


@pytest.mark.slow
def test_weights_without_a_map_say_so():
    config = VaeConfig(**SMALL, steps=10)
    weights = of(run(config), Weights)[-1]
    tensors = {name: tensor for name, tensor in weights.tensors.items() if not name.startswith("map.")}
    with pytest.raises(EngineError, match="no map"):
        latent_map(config, Weights(weights.step, tensors, weights.facts))


@pytest.mark.slow
def test_export_comes_back_and_draws_the_same(tmp_path):
    config = VaeConfig(**SMALL, steps=20)
    weights = of(run(config), Weights)[-1]
    export(FAMILY, config, weights, tmp_path / "vae.zip")
    again, loaded = load_export(FAMILY, tmp_path / "vae.zip")
    assert again == config
    assert np.array_equal(sample(FAMILY, config, weights, 1, 9), sample(FAMILY, again, loaded, 1, 9))
    assert walk(FAMILY, config, weights, 1, 2, frames=5, count=3).shape == (5, 3, 28, 28, 1)
    with pytest.raises(EngineError, match="do not belong"):
        sample(FAMILY, VaeConfig(**SMALL | {"latent": 9}), weights, 1, 4)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "state"), [("default", "healthy"), ("collapse", "collapse"), ("blurry", "blurry"), ("holes", "holes")]
)
def test_the_recipes_end_as_they_say(name, state):
    config = VaeConfig.from_dict({**PRESETS[name].values, "seed": 2, "steps": 1200})
    assert of(run(config), Verdict)[-1].state == state
