"""The step: what is drawn, that it learns, and that the loss is InfoNCE."""

import math

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from engines.clip_training.config import SIZE
from engines.clip_training.networks import contrast
from engines.clip_training.step import varied
from tests.engines.clip_training.tiny import few, trainer


def test_the_loss_of_who_guesses_is_the_logarithm_of_the_batch():
    same = F.normalize(torch.ones(8, 4), dim=-1)
    assert float(contrast(same, same, torch.tensor(10.0))) == pytest.approx(math.log(8), abs=1e-5)
    own = torch.eye(8)
    assert float(contrast(own, own, torch.tensor(100.0))) < 1e-6


def test_a_batch_has_different_emoji_with_names_of_their_own():
    one = trainer(batch=512, language="zh")
    images, vectors = one._draw()
    chinese = one.vectors[1]
    found = torch.cdist(vectors, chinese).argmin(1)
    assert len(set(found.tolist())) == 512
    assert set(found.tolist()) <= set(one.learnt.tolist())
    assert images.shape == (512, 3, SIZE, SIZE)


def test_few_emoji_make_a_smaller_batch_and_an_easier_guess():
    one = trainer(batch=512)
    one.learnt = one.learnt[:10]
    assert one.guessing == pytest.approx(math.log(10))
    assert len(one._draw()[0]) == 10


@pytest.mark.slow
def test_it_learns_and_a_fixed_temperature_stays():
    one = trainer(steps=60, width=8, temperature=0.2, fixed=True)
    first = trainer(steps=5, width=8, temperature=0.2, fixed=True).signals()["Training"]
    one.signals()
    for _ in range(10):
        one.step()
    assert one.signals()["Training"] < first - 0.2
    assert float(one.net.scale) == pytest.approx(5.0)


def test_the_same_seed_makes_the_same_weights():
    one, other = (trainer(steps=3).weights() for _ in range(2))
    assert all(np.array_equal(one[name], other[name]) for name in one)


def test_a_picture_that_is_not_varied_stays_and_white_comes_in_at_the_edges():
    images = torch.rand(2, 3, SIZE, SIZE) * 2 - 1
    assert torch.allclose(varied(images, torch.zeros(4, 2)), images, atol=1e-4)
    black = torch.full((1, 3, SIZE, SIZE), -1.0)
    moved = varied(black, torch.tensor([[0.0], [0.0], [1.0], [0.0]]))
    assert float(moved[0, 0, 16, -1]) == pytest.approx(1.0, abs=1e-4)


def test_held_out_emoji_are_never_learnt_from():
    pairs = few()
    assert not set(pairs.learnt.tolist()) & set(pairs.held.tolist())
    assert len(pairs.shown) == 24
