import math

import numpy as np
import pytest
import torch
from safetensors.torch import load, save

from engines.device.tuning import Choice
from engines.live_training.checkpoint import restore, state_of
from engines.messages import ConfigError
from engines.vae_training.config import PRESETS, VaeConfig
from engines.vae_training.networks import latents
from engines.vae_training.step import Trainer

CLASSES = 3
SIGNALS = {"Reconstruction", "KL", "−ELBO", "explained", "active", "spread", "beta"}


def make_trainer(channels: int = 1, choice: Choice | None = None, count: int = 40, **values) -> Trainer:
    """A tiny trainer on noisy pictures, brighter with each class."""
    config = VaeConfig(**{"features": 8, "latent": 4, "batch": 8, "seed": 5} | values)
    rng = np.random.default_rng(0)
    labels = np.arange(count) % CLASSES
    noise = rng.integers(0, 100, (count, config.size, config.size, channels))
    images = (noise + 50 * labels[:, None, None, None]).astype(np.uint8)
    return Trainer(config, images, labels, CLASSES, choice=choice)


def train(trainer: Trainer, steps: int) -> Trainer:
    for _ in range(steps):
        trainer.step()
    return trainer


def assert_same(first: dict[str, np.ndarray], second: dict[str, np.ndarray]) -> None:
    assert first.keys() == second.keys()
    for name, value in first.items():
        np.testing.assert_array_equal(value, second[name], err_msg=name)


@pytest.mark.parametrize("architecture", ["mlp", "conv"])
@pytest.mark.parametrize("likelihood", ["gaussian", "bernoulli"])
def test_every_likelihood_trains(likelihood, architecture):
    trainer = make_trainer(likelihood=likelihood, architecture=architecture)
    before = {k: v.clone() for k, v in trainer.net.state_dict().items()}
    signals = train(trainer, 3).signals()
    assert set(signals) == SIGNALS
    assert all(math.isfinite(v) for v in signals.values())
    assert signals["−ELBO"] == pytest.approx(signals["Reconstruction"] + signals["KL"])
    assert any(not torch.equal(before[k], v) for k, v in trainer.net.state_dict().items())
    assert all(np.isfinite(w).all() for w in trainer.weights().values())


@pytest.mark.parametrize("values", [{"likelihood": "bernoulli", "binarise": True}, {}])
def test_conditional_and_colour(values):
    trainer = make_trainer(channels=3, conditional=True, size=32, **values)
    assert all(math.isfinite(v) for v in train(trainer, 2).signals().values())
    assert trainer.sample(latents(5, 4, seed=0)).shape == (5, 32, 32, 3)


@pytest.mark.parametrize("choice", [None, Choice(threads=1, lanes=2)])
def test_same_seed_same_weights_even_side_by_side(choice):
    alone = train(make_trainer(choice=choice), 4).weights()
    one, other = make_trainer(choice=choice), make_trainer(choice=choice)
    for _ in range(4):
        one.step()
        other.step()
        torch.rand(3)
    assert_same(alone, one.weights())
    assert_same(alone, other.weights())


def test_two_lanes_learn_what_one_does():
    """With the Bernoulli likelihood a batch in two halves has the very same loss."""
    one, two = (make_trainer(likelihood="bernoulli", choice=Choice(lanes=lanes)) for lanes in (1, 2))
    first, second = train(one, 1).signals(), train(two, 1).signals()
    assert first == pytest.approx(second, rel=1e-4)
    gradients = [[p.grad for p in trainer.net.parameters()] for trainer in (one, two)]
    assert all(torch.allclose(a, b, rtol=1e-3, atol=1e-4) for a, b in zip(*gradients, strict=True))


def test_looking_does_not_change_the_training():
    watched = make_trainer()
    for _ in range(4):
        watched.step()
        watched.signals()
        watched.sample(latents(2, 4, seed=0))
        watched.weights()
        list(watched.extras())
    assert_same(train(make_trainer(), 4).weights(), watched.weights())


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"likelihood": "bernoulli", "binarise": True, "channels": 3},
        {"architecture": "mlp", "conditional": True, "size": 32},
        {"choice": Choice(lanes=2)},
    ],
)
def test_resumed_equals_unbroken(values):
    first = train(make_trainer(**values), 3)
    second = make_trainer(**values)
    restore(second, load(save(state_of(first))))
    assert second.steps == 3
    unbroken, resumed = state_of(train(make_trainer(**values), 6)), state_of(train(second, 3))
    assert_same({k: v.numpy() for k, v in unbroken.items()}, {k: v.numpy() for k, v in resumed.items()})


def test_signals_are_means_since_the_last_call():
    trainer = make_trainer()
    assert trainer.signals() == {}
    train(trainer, 3)
    assert trainer.signals()
    assert trainer.signals() == {}


def test_samples_come_from_fixed_noise():
    trainer = train(make_trainer(conditional=True), 2)
    z = trainer.noise(6, seed=1)
    pictures = trainer.sample(z)
    assert pictures.dtype == np.uint8
    assert np.array_equal(pictures, trainer.sample(z, np.arange(6) % CLASSES))
    assert not np.array_equal(pictures, trainer.sample(z, np.zeros(6, np.int64)))


@pytest.mark.slow
def test_a_beta_of_zero_tells_all_and_a_thousand_nothing():
    signals = {beta: train(make_trainer(beta=beta), 60).signals() for beta in (0.0, 1.0, 1000.0)}
    assert signals[0.0]["KL"] > signals[1.0]["KL"] > signals[1000.0]["KL"]


@pytest.mark.parametrize("count", [1, 5, 9])
def test_of_few_pictures_none_is_held_out(count):
    trainer = train(make_trainer(count=count), 2)
    assert len(trainer.images) == count
    assert not trainer.tested.holds_out
    assert all(math.isfinite(v) for v in trainer.signals().values())


def test_held_out_pictures_are_not_trained_on():
    trainer = make_trainer(count=40)
    trained = {image.numpy().tobytes() for image in trainer.images}
    held = {image.numpy().tobytes() for image in trainer.tested.images}
    assert (len(trained), len(held)) == (36, 4)
    assert not trained & held


@pytest.mark.parametrize("beta", [0.0, 1.0, 1000.0])
def test_pictures_that_are_all_the_same_are_learned_without_an_infinite_likelihood(beta):
    config = VaeConfig(features=8, latent=4, batch=8, seed=5, beta=beta, lr=0.01)
    trainer = Trainer(config, np.full((40, 28, 28, 1), 90, np.uint8), np.zeros(40, np.int64), 1)
    signals = train(trainer, 60).signals()
    assert all(math.isfinite(v) for v in signals.values())
    assert signals["explained"] == 1


def test_wrong_pictures_are_refused():
    with pytest.raises(ValueError, match="28, 28"):
        Trainer(VaeConfig(), np.zeros((4, 32, 32, 1), np.uint8), np.zeros(4), 0)


def test_what_is_too_much_or_does_not_fit_is_refused_and_says_why():
    with pytest.raises(ConfigError, match="Batch size, Features"):
        VaeConfig(batch=512, features=128, size=64)
    with pytest.raises(ConfigError, match="steps"):
        VaeConfig(batch=128, features=64, size=64, steps=200_000)
    with pytest.raises(ConfigError, match="Bernoulli"):
        VaeConfig(binarise=True)
    with pytest.raises(ConfigError, match="Beta"):
        VaeConfig(beta=-1.0)
    with pytest.raises(ConfigError, match="Latent size"):
        VaeConfig(latent=65)


@pytest.mark.parametrize("name", PRESETS)
def test_presets_are_valid(name):
    config = VaeConfig.from_dict(PRESETS[name].values)
    assert config.dataset != "own"
