import math

import numpy as np
import pytest
import torch
from safetensors.torch import load, save

from engines.device.tuning import Choice
from engines.diffusion_training.config import DiffusionConfig
from engines.diffusion_training.drawing import as_input
from engines.diffusion_training.networks import build_network
from engines.diffusion_training.objectives import OBJECTIVES
from engines.diffusion_training.step import Trainer, cooled, divide
from engines.live_training.checkpoint import restore, state_of
from engines.running.events import Bars, Sheet

CLASSES = 3


def make_trainer(channels: int = 1, count: int = 40, choice: Choice | None = None, **values) -> Trainer:
    """A tiny trainer on noisy pictures, brighter with each class."""
    config = DiffusionConfig(**{"features": 8, "batch": 8, "seed": 5, "sampling_steps": 3} | values)
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


@pytest.mark.parametrize("conditional", [True, False])
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_every_objective_trains(objective, conditional):
    trainer = make_trainer(objective=objective, conditional=conditional)
    before = {k: v.clone() for k, v in trainer.net.state_dict().items()}
    signals = train(trainer, 3).signals()
    assert 0.1 < signals["Loss"] < 5
    assert any(not torch.equal(before[k], v) for k, v in trainer.net.state_dict().items())
    assert all(np.isfinite(w).all() for w in trainer.weights().values())


@pytest.mark.parametrize("size", [28, 32, 64])
def test_colour_in_every_size(size):
    trainer = train(make_trainer(channels=3, size=size, guidance=2.0), 2)
    pictures = trainer.sample(trainer.noise(5, seed=0))
    assert pictures.shape == (5, size, size, 3)
    assert pictures.dtype == np.uint8


def test_same_seed_same_weights_even_side_by_side():
    alone = train(make_trainer(), 4).weights()
    one, other = make_trainer(), make_trainer()
    for _ in range(4):
        one.step()
        other.step()
        torch.rand(3)
    assert_same(alone, one.weights())
    assert_same(alone, other.weights())


@pytest.mark.slow
def test_looking_does_not_change_the_training():
    watched = make_trainer()
    for _ in range(2):
        watched.step()
        watched.signals()
        watched.sample(watched.noise(2, seed=0))
        list(watched.extras())
        watched.weights()
    assert_same(train(make_trainer(), 2).weights(), watched.weights())


def test_two_lanes_learn_the_same_as_one():
    one, two = (train(make_trainer(choice=Choice(lanes=n), lr=1e-4), 3) for n in (1, 2))
    for name, value in one.weights().items():
        np.testing.assert_allclose(value, two.weights()[name], atol=1e-4, err_msg=name)
    noise = one.noise(40, seed=1)
    difference = one.sample(noise).astype(int) - two.sample(noise)
    assert np.abs(difference).max() <= 2


@pytest.mark.parametrize(
    "values", [{"ema": 0.0}, {"channels": 3}, {"objective": "epsilon"}, {"conditional": False, "size": 32}]
)
def test_resumed_equals_unbroken(values):
    first = train(make_trainer(**values), 3)
    second = make_trainer(**values)
    restore(second, load(save(state_of(first))))
    assert second.steps == 3
    unbroken, resumed = state_of(train(make_trainer(**values), 6)), state_of(train(second, 3))
    assert_same({k: v.numpy() for k, v in unbroken.items()}, {k: v.numpy() for k, v in resumed.items()})


def test_a_state_of_another_network_is_refused():
    with pytest.raises(RuntimeError):
        restore(make_trainer(features=16), state_of(train(make_trainer(), 1)))


def test_signals_are_means_since_the_last_call():
    trainer = make_trainer()
    assert trainer.signals() == {}
    train(trainer, 3)
    assert math.isfinite(trainer.signals()["Loss"])
    assert trainer.signals() == {}


def test_samples_come_from_fixed_noise_by_class():
    trainer = train(make_trainer(ema=0.0, lr=0.01), 20)
    noise = trainer.noise(6, seed=1)
    pictures = trainer.sample(noise)
    assert np.array_equal(pictures, trainer.sample(noise, np.arange(6) % CLASSES))
    assert not np.array_equal(pictures, trainer.sample(noise, np.zeros(6, np.int64)))
    assert np.array_equal(noise, trainer.noise(6, seed=1))


def test_weights_are_copies_that_fit_a_new_network():
    trainer = train(make_trainer(), 2)
    weights = trainer.weights()
    build_network(trainer.config, 1, CLASSES).load_state_dict({k: torch.tensor(v) for k, v in weights.items()})
    before = {k: v.copy() for k, v in weights.items()}
    train(trainer, 1)
    assert_same(before, weights)


def test_what_is_shown_beside_the_samples():
    trainer = train(make_trainer(), 5)
    trainer.signals()
    bars, way, steps = trainer.extras()
    assert isinstance(bars, Bars)
    assert len(bars.labels) == len(bars.values) == 10
    assert 0.1 < max(bars.values) < 5
    assert isinstance(way, Sheet)
    assert way.images.shape == (20, 28, 28, 1)
    assert isinstance(steps, Sheet)
    assert steps.images.shape == (50, 28, 28, 1)
    assert not np.array_equal(steps.images[:10], steps.images[40:])
    trainer.step()
    told = trainer.signals()
    assert {"detail", "beyond", "copies", "Loss of nothing", "Loss on learned", "Loss on held-out"} <= told.keys()
    assert 0 <= told["copies"] <= 1


def test_the_rate_stays_and_then_goes_down_to_nothing():
    assert cooled(0.0) == cooled(0.5) == 1
    assert 0 < cooled(0.9) < 0.5
    assert cooled(1.0) == 0


def test_some_pictures_are_held_out_unless_there_are_few():
    learned, held_out = divide(1000, 0)
    assert len(held_out) == 100
    assert not set(learned) & set(held_out)
    assert len(learned) == 900
    assert len(divide(1000, 50)[0]) == 50
    assert len(divide(5, 0)[0]) == 5
    assert len(divide(5, 0)[1]) == 0
    assert len(divide(10_000, 0)[1]) == 256


@pytest.mark.parametrize("count", [1, 5, 30])
def test_few_pictures_train_and_are_told_to_be_copied(count):
    trainer = train(make_trainer(count=count, lr=0.01), 3)
    list(trainer.extras())
    assert 0 <= trainer.signals()["copies"] <= 1


def test_all_the_same_picture_is_no_fault():
    config = DiffusionConfig(features=8, batch=8, seed=1, sampling_steps=3)
    trainer = train(Trainer(config, np.full((40, 28, 28, 1), 200, np.uint8), np.zeros(40, np.int64), 1), 5)
    list(trainer.extras())
    assert all(map(math.isfinite, trainer.signals().values()))


@pytest.mark.parametrize("count", [1, 5, 40])
def test_a_copy_of_a_training_picture_is_told_from_a_new_one(count):
    trainer = make_trainer(count=count)
    copies = as_input(trainer.images[:3]) + 0.01
    assert trainer.probes.copies(copies) == 1
    if count > 1:
        assert trainer.probes.copies(torch.rand(3, 1, 28, 28).mul(2).sub(1)) == 0
