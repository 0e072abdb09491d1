"""A stage of the bundled model's training: it goes on where it was killed, and ends when its time is up."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engines.image_generation.emoji.stages import PACED, SHARES, Stage, draw, jittered
from engines.image_generation.emoji.texts import SENTENCE, WORD, WORDS, parts_of

CPU = torch.device("cpu")


def stage_of(path, steps=300, within=0.0):
    torch.manual_seed(0)
    return Stage(torch.nn.Linear(4, 1), 1e-2, steps, path, CPU, within)


def loss_of(stage):
    def loss(step):
        inputs = torch.randn(8, 4, generator=torch.Generator().manual_seed(step))
        return (stage.net(inputs) - inputs.sum(1, keepdim=True)).square().mean()

    return loss


def test_a_training_that_was_killed_goes_on_to_the_same_weights(tmp_path):
    whole, killed = stage_of(tmp_path / "whole.pt"), stage_of(tmp_path / "killed.pt")
    for _ in whole.run(loss_of(whole)):
        pass
    for step, _ in killed.run(loss_of(killed)):
        if step == 100:
            killed.save()
            break
    again = stage_of(tmp_path / "killed.pt")
    assert again.step == 100
    losses = [loss for _, loss in again.run(loss_of(again))]
    assert torch.equal(again.net.weight, whole.net.weight)
    assert losses[-1] < losses[0] / 10


def test_a_training_within_a_time_takes_as_many_steps_as_fit_and_then_no_more(tmp_path):
    stage = stage_of(tmp_path / "timed.pt", within=1.0)
    steps = [step for step, _ in stage.run(loss_of(stage))]
    assert steps[-1] == stage.steps > PACED[1]
    again = stage_of(tmp_path / "timed.pt", within=1.0)
    assert list(again.run(loss_of(again))) == []
    longer = stage_of(tmp_path / "timed.pt", within=2.0)
    assert [step for step, _ in longer.run(loss_of(longer))][-1] > steps[-1]


def test_a_batch_has_each_kind_with_its_share():
    kinds = np.array(["emoji"] * 50 + ["colour"] * 5 + ["several"] * 500)
    drawn = kinds[draw(kinds, 4000, np.random.default_rng(0))]
    for kind, share in SHARES.items():
        assert (drawn == kind).mean() == pytest.approx(share, abs=0.03)


def test_texts_are_jittered_where_there_are_words():
    torch.manual_seed(0)
    vectors = torch.nn.functional.normalize(torch.randn(2, SENTENCE), dim=1)
    words = torch.randn(2, WORDS, WORD)
    words[0, 2:] = 0
    sentence, told, there = parts_of(jittered(vectors, words))
    assert there.sum(1).tolist() == [2, WORDS]
    assert 0.05 < float((sentence - vectors).norm(dim=1).mean()) < 0.2
    assert 0.05 < float((told - words)[1].std()) < 0.2
