import math

import numpy as np
import pytest
import torch
from safetensors.torch import load, save

from engines.gan_training.config import PRESETS, GanConfig
from engines.gan_training.networks import build_generator, latents
from engines.gan_training.objectives import OBJECTIVES
from engines.gan_training.step import SIGNALS, Trainer
from engines.live_training.checkpoint import restore, state_of
from engines.messages import ConfigError

CLASSES = 3


def make_trainer(channels: int = 1, **values) -> Trainer:
    """A tiny trainer on 40 noisy pictures, brighter with each class."""
    config = GanConfig(**{"features": 8, "latent": 4, "batch": 8, "seed": 5} | values)
    rng = np.random.default_rng(0)
    labels = np.arange(40) % CLASSES
    noise = rng.integers(0, 100, (40, config.size, config.size, channels))
    return Trainer(config, (noise + 50 * labels[:, None, None, None]).astype(np.uint8), labels, CLASSES)


def train(trainer: Trainer, steps: int) -> Trainer:
    for _ in range(steps):
        trainer.step()
    return trainer


def assert_same(first: dict[str, np.ndarray], second: dict[str, np.ndarray]) -> None:
    assert first.keys() == second.keys()
    for name, value in first.items():
        np.testing.assert_array_equal(value, second[name], err_msg=name)


@pytest.mark.parametrize("architecture", ["mlp", "dcgan"])
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_every_objective_trains(objective, architecture):
    trainer = make_trainer(objective=objective, architecture=architecture)
    before = {k: v.clone() for k, v in trainer.g.state_dict().items()}
    signals = train(trainer, 3).signals()
    assert set(signals) == {*SIGNALS, "grad_norm_g"}
    assert all(math.isfinite(v) for v in signals.values())
    assert 0 <= signals["pair_accuracy"] <= 1
    assert signals["grad_norm_g"] > 0
    assert any(not torch.equal(before[k], v) for k, v in trainer.g.state_dict().items())
    assert all(np.isfinite(w).all() for w in trainer.weights().values())


@pytest.mark.parametrize("objective", ["non_saturating", "relativistic"])
def test_conditional_colour_and_several_d_steps(objective):
    trainer = make_trainer(channels=3, objective=objective, conditional=True, d_steps=2, size=32)
    assert all(math.isfinite(v) for v in train(trainer, 2).signals().values())
    assert trainer.sample(latents(5, 4, seed=0)).shape == (5, 32, 32, 3)


def test_same_seed_same_weights_even_side_by_side():
    alone = train(make_trainer(), 4).weights()
    one, other = make_trainer(), make_trainer()
    for _ in range(4):
        one.step()
        other.step()
        torch.rand(3)
    assert_same(alone, one.weights())
    assert_same(alone, other.weights())


def test_looking_does_not_change_the_training():
    watched = make_trainer()
    for _ in range(4):
        watched.step()
        watched.signals()
        watched.sample(latents(2, 4, seed=0))
        watched.weights()
    assert_same(train(make_trainer(), 4).weights(), watched.weights())


@pytest.mark.parametrize(
    "values",
    [
        {"ema": 0.0},
        {"ema": 0.9, "channels": 3},
        {"objective": "wgan_gp", "d_steps": 2},
        {"objective": "relativistic", "architecture": "mlp"},
        {"conditional": True, "size": 32},
    ],
)
def test_resumed_equals_unbroken(values):
    first = train(make_trainer(**values), 3)
    second = make_trainer(**values)
    restore(second, load(save(state_of(first))))
    assert second.steps == 3
    unbroken, resumed = state_of(train(make_trainer(**values), 6)), state_of(train(second, 3))
    assert_same({k: v.numpy() for k, v in unbroken.items()}, {k: v.numpy() for k, v in resumed.items()})


def test_rates_fall_to_the_end_of_a_long_run_and_hardly_in_a_short_one(monkeypatch):
    def rates(trainer):
        return [float(optimiser.param_groups[0]["lr"]) for optimiser in trainer.optimisers().values()]

    short = train(make_trainer(architecture="mlp", steps=10, lr_g=0.02, lr_d=0.01), 10)
    assert rates(short) == pytest.approx([0.02, 0.01], rel=1e-3)
    monkeypatch.setattr("engines.gan_training.step.WHOLE_FALL", 5)
    long = train(make_trainer(architecture="mlp", steps=10, lr_g=0.02, lr_d=0.01), 6)
    assert rates(long) == pytest.approx([0.01, 0.005])  # half of the way is done
    assert rates(train(long, 4))[0] < 0.001


def test_a_state_of_other_networks_is_refused():
    state = state_of(train(make_trainer(), 1))
    with pytest.raises(RuntimeError):
        restore(make_trainer(features=16), state)
    with pytest.raises(KeyError):
        restore(make_trainer(), {k: v for k, v in state.items() if k != "steps"})


def test_signals_are_means_since_the_last_call():
    trainer = make_trainer()
    assert trainer.signals() == {}
    train(trainer, 3)
    assert trainer.signals()
    assert trainer.signals() == {}


@pytest.mark.slow
def test_a_perfect_d_shows_in_the_signals():
    trainer = make_trainer(objective="minimax", lr_g=1e-6, lr_d=0.01, d_steps=5)
    trainer.step()
    early = trainer.signals()
    train(trainer, 30)
    trainer.signals()
    late = train(trainer, 5).signals()
    assert late["D(x)"] > 0.95
    assert late["D(G(z))"] < 0.05
    assert late["pair_accuracy"] == 1
    assert late["grad_norm_g"] < 0.1 * early["grad_norm_g"]


def test_the_average_starts_short_and_then_lags():
    trainer = make_trainer(ema=0.999, lr_g=0.01)
    train(trainer, 1)
    assert_same(trainer.weights(), {k: v.numpy() for k, v in trainer.g.state_dict().items()})
    train(trainer, 20)
    name = "body.0.linear.weight"
    assert not np.array_equal(trainer.weights()[name], trainer.g.state_dict()[name].numpy())


def test_samples_come_from_fixed_noise_in_eval_mode():
    trainer = train(make_trainer(ema=0.0, conditional=True), 2)
    z = latents(6, 4, seed=1)
    pictures = trainer.sample(z)
    assert pictures.dtype == np.uint8
    assert np.array_equal(pictures, trainer.sample(z, np.arange(6) % CLASSES))
    assert not np.array_equal(pictures, trainer.sample(z, np.zeros(6, np.int64)))
    assert trainer.g.training


def test_weights_are_copies_that_fit_a_new_generator():
    trainer = train(make_trainer(), 2)
    weights = trainer.weights()
    build_generator(trainer.config, 1, CLASSES).load_state_dict({k: torch.tensor(v) for k, v in weights.items()})
    before = {k: v.copy() for k, v in weights.items()}
    train(trainer, 1)
    assert_same(before, weights)


def test_wrong_pictures_are_refused():
    with pytest.raises(ValueError, match="28, 28"):
        Trainer(GanConfig(), np.zeros((4, 32, 32, 1), np.uint8), np.zeros(4), 0)


def test_too_large_a_step_is_refused_and_says_what_to_lower():
    with pytest.raises(ConfigError, match="Batch size") as error:
        GanConfig(batch=512, features=128, size=64)
    assert "Features" in str(error.value)
    with pytest.raises(ConfigError, match="steps"):
        GanConfig(batch=128, features=64, size=64, steps=200_000)


@pytest.mark.parametrize("name", PRESETS)
def test_presets_are_valid(name):
    config = GanConfig.from_dict(PRESETS[name].values)
    assert config.dataset != "own"
