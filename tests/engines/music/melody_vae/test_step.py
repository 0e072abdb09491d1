"""The step, and what is measured."""

import math

import numpy as np
import pytest
import torch

from engines.music.melody_vae.corpus import FIRST, OVER
from engines.music.melody_vae.step import by_place, came_back
from tests.engines.music.melody_vae.tiny import trainer

BOTH = pytest.mark.parametrize("decoder", ["conv", "gru"])


@pytest.mark.slow
@BOTH
def test_it_learns(decoder):
    one = trainer(decoder=decoder, width=32, lr=1e-2)
    before = one.held_out()
    for _ in range(60):
        one.step()
    signals, after = one.signals(), one.held_out()
    assert after.reconstruction < before.reconstruction - 20
    assert after.cells > before.cells
    assert signals["Training"] == pytest.approx(signals["Reconstruction"] + signals["KL"], rel=1e-4)
    assert all(map(math.isfinite, signals.values()))
    assert one.signals() == {}


@BOTH
def test_the_same_seed_gives_the_same_weights(decoder):
    one, other = (trainer(5, decoder=decoder, forget=0.5).weights() for _ in range(2))
    assert not [name for name in one if not np.array_equal(one[name], other[name])]


@pytest.mark.slow
def test_the_kl_divergence_begins_near_nothing_and_beta_keeps_it_there():
    assert trainer().held_out().kl < 0.2
    assert trainer(40, beta=100.0).held_out().kl < trainer(40, beta=0.0).held_out().kl


def test_free_nats_cost_nothing():
    """Below lambda the step is that of beta 0."""
    one, other = (trainer(3, **more).weights() for more in ({"beta": 1.0, "free": 100.0}, {"beta": 0.0}))
    assert not [name for name in one if not np.array_equal(one[name], other[name])]


def test_what_comes_back_is_counted_by_hand():
    tokens = torch.tensor([[FIRST, 1, FIRST + 2, OVER]])
    assert came_back(tokens, tokens) == (1.0, 1.0)
    assert came_back(tokens, torch.tensor([[FIRST, 0, FIRST + 1, OVER]])) == (0.5, pytest.approx(1 / 3))
    train = torch.tensor([[FIRST, 1], [FIRST, FIRST + 1], [FIRST + 2, 1]])
    assert by_place(train, torch.tensor([[FIRST, 1]])) == (1.0, 1.0)
    assert by_place(train, torch.tensor([[FIRST + 2, FIRST + 1]])) == (0.5, 0.0)
