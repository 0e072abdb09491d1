import numpy as np
import pytest
import torch

from engines.gpt_training.step import IGNORED
from engines.gpt_training.text.corpus import build
from engines.live_training.checkpoint import restore, state_of
from tests.engines.gpt_training.tiny import ENGLISH, POEMS, trainer

MODELS = pytest.mark.parametrize("model", ["gpt", "lstm", "rnn", "masked"])


def test_a_piece_is_a_document_from_its_start_to_its_end():
    one = trainer(context=60)
    vocabulary = build(POEMS, 60).vocabulary
    ids, targets = one.train.at(torch.tensor([0]))
    said = targets[0][targets[0] != IGNORED].tolist()
    assert vocabulary.decode(ids[0, :1].tolist()) == "\n"
    assert vocabulary.decode(said) in [poem + "\n" for poem in POEMS]
    assert ids[0, 1 : len(said)].tolist() == said[:-1]
    assert not ids[0, len(said) :].any()
    assert ids.shape == (1, 25)  # no longer than the longest document, whatever the context


@MODELS
def test_every_model_learns(model):
    one = trainer(model)
    before = one.held_out()
    for _ in range(80):
        one.step()
    assert one.held_out() < before - 1
    assert np.isfinite(list(one.signals().values())).all()


@pytest.mark.slow
def test_a_loss_is_told_by_the_character_whatever_the_tokens():
    characters = trainer(documents=[ENGLISH], data="english", steps=120)
    pairs = trainer(documents=[ENGLISH], data="english", tokens="pairs", vocabulary=50, steps=120)
    assert pairs.vocabulary > characters.vocabulary
    assert pairs.held_out() < 1.0
    assert characters.held_out() < 1.0
    nats, counts = pairs.by_place()
    assert nats.sum() / counts.sum() == pytest.approx(pairs.held_out())
    assert counts.sum() == pytest.approx(0.05 * len(ENGLISH) + 1, abs=2)


@MODELS
def test_the_same_seed_makes_the_same_weights(model):
    first, second = (trainer(model, dropout=0.1, steps=3) for _ in range(2))
    assert all((a == b).all() for a, b in zip(first.weights().values(), second.weights().values(), strict=True))


@MODELS
def test_one_that_goes_on_ends_as_one_that_was_never_stopped(model):
    unbroken, cut, resumed = (trainer(model, dropout=0.1, layers=2) for _ in range(3))
    for _ in range(3):
        cut.step()
    restore(resumed, {name: value.clone() for name, value in state_of(cut).items()})
    for _ in range(6):
        unbroken.step()
    for _ in range(3):
        resumed.step()
    assert all((unbroken.weights()[name] == value).all() for name, value in resumed.weights().items())


def test_the_rate_rises_and_falls():
    one, rates = trainer(), []
    for one.steps in (0, 39, 100, 200):
        rates.append(one._rate(one.steps / 200))
    assert rates[0] < rates[1] > rates[2] > rates[3] == pytest.approx(0.1 * one.config.lr)
