import time
from types import SimpleNamespace

import pytest

from engines.live_training.engine import roughness
from engines.live_training.race.terms import SETTLED, Budget, Terms
from tests.fakes import pictures


class Clock:
    """Time that passes when a test says so."""

    def __init__(self, monkeypatch):
        self.now = 100.0
        monkeypatch.setattr(time, "monotonic", lambda: self.now)


@pytest.fixture
def clock(monkeypatch):
    return Clock(monkeypatch)


def a_trainer(steps=0, of=1000):
    return SimpleNamespace(steps=steps, planned=of, config=SimpleNamespace(steps=of))


def test_without_a_race_a_training_is_over_after_its_steps():
    trainer = a_trainer(999)
    budget = Budget(trainer, None)
    assert not budget.over()
    trainer.steps = 1000
    assert budget.over()
    assert budget.steps == 1000


def test_in_a_race_only_ones_own_seconds_count(clock):
    trainer = a_trainer()
    budget = Budget(trainer, Terms(seconds=10))

    def training():
        while not budget.over():
            clock.now += 1
            trainer.steps += 10
            yield trainer.steps

    turns = 0
    for _ in budget.timed(training()):
        turns += 1
        clock.now += 7  # another one's turn
    assert turns == 10
    assert trainer.planned == trainer.steps == 100


def test_how_many_steps_there_will_be_follows_from_the_pace(clock):
    trainer = a_trainer(of=1_000_000)
    budget = Budget(trainer, Terms(seconds=60))
    clock.now += 15
    trainer.steps = SETTLED - 1
    assert not budget.over()
    assert trainer.planned == 1_000_000, "a few steps say nothing yet"
    trainer.steps = 150
    budget.over()
    assert budget.steps == 600


def test_blur_lowers_sharpness_and_noise_raises_it():
    import numpy as np

    drawn = np.zeros((2, 8, 8, 1), np.uint8)
    drawn[:, :, 4:] = 255
    blurred = np.repeat(np.linspace(0, 255, 8).astype(np.uint8)[None, None, :, None], 8, axis=1).repeat(2, axis=0)
    noise = np.random.default_rng(1).integers(0, 256, drawn.shape, dtype=np.uint8)
    assert roughness(pictures()) == 0 < roughness(blurred) < roughness(drawn) < roughness(noise) < 2
