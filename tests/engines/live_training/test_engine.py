"""The loop, checkpoints, exploring and the command line serve any family: here the toy of the README's recipe."""

import pickle
from dataclasses import replace

import numpy as np
import pytest

from engines.live_training import headless
from engines.live_training.engine import train
from engines.live_training.explore import export, load_export, sample, walk
from engines.live_training.race.terms import Terms
from engines.messages import EngineError
from engines.running.board import Board
from engines.running.clock import Clock
from engines.running.events import Bars, Metrics, Progress, Resumed, Samples, Verdict, Weights
from engines.running.run_files import load_run
from tests.engines.driven import driven, of
from tests.toy_training.config import ToyConfig
from tests.toy_training.family import FAMILY

CONFIG = ToyConfig(steps=60, seed=1)


def run(config, family=FAMILY, stop_after=None, folder=None):
    return driven(train(family, config, (), folder), stop_after)


@pytest.fixture(scope="module")
def events():
    return run(CONFIG)


@pytest.mark.slow
def test_a_family_that_learns_is_seen_to_learn(events):
    distances = [event.values["Fréchet distance"] for event in of(events, Metrics) if event.group == "scores"]
    unlearnt = run(ToyConfig(steps=10, lr=1e-6, seed=1))
    (never,) = [e.values["Fréchet distance"] for e in of(unlearnt, Metrics) if e.group == "scores"][-1:]
    assert distances[-1] < 0.9 * never
    assert of(events, Metrics)[0].values.keys() == {"Loss"}
    assert of(events, Verdict)[-1].reason.endswith("exams")
    assert of(events, Samples)[-1].step == of(events, Weights)[-1].step == 60


def test_what_only_a_family_shows_reaches_the_board(events):
    assert of(events, Bars)
    board = Board(FAMILY.engine, CONFIG.to_dict())
    for event in events:
        board.fold(event)
    assert set(board.exhibits) == {"Spread", "Is it learned by heart?"}


@pytest.mark.slow
def test_resumed_equals_unbroken(events, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(Clock, "due", lambda self: True)
        cut = run(CONFIG, stop_after=6, folder=tmp_path)
    resumed = run(CONFIG, folder=tmp_path)
    assert of(resumed, Resumed)[0].step == of(cut, Weights)[-1].step < 60
    ended, unbroken = of(resumed, Weights)[-1].tensors, of(events, Weights)[-1].tensors
    assert all(np.array_equal(ended[name], unbroken[name]) for name in unbroken)


def in_pieces(piece):
    return replace(FAMILY, piece=piece, judged=200)


@pytest.mark.slow
def test_a_family_that_draws_slowly_may_be_stopped_between_two_pieces(monkeypatch):
    monkeypatch.setattr(Clock, "due", lambda self: True)
    stopped = run(CONFIG, in_pieces(40), stop_after=3)
    assert not [event for event in of(stopped, Metrics) if event.group == "scores"], "the exam was left"
    assert of(stopped, Weights), "what there is was kept all the same"
    whole = run(ToyConfig(steps=10, seed=1), in_pieces(40))
    in_one = run(ToyConfig(steps=10, seed=1), in_pieces(1000))
    assert of(whole, Metrics)[-1] == of(in_one, Metrics)[-1]


def test_its_weights_can_be_explored_and_taken_home(events, tmp_path):
    weights = of(events, Weights)[-1]
    assert sample(FAMILY, CONFIG, weights, seed=1, count=5).shape == (5, 28, 28, 1)
    assert walk(FAMILY, CONFIG, weights, 1, 2, frames=3, count=2).shape == (3, 2, 28, 28, 1)
    export(FAMILY, CONFIG, weights, tmp_path / "toy.zip")
    config, again = load_export(FAMILY, tmp_path / "toy.zip")
    assert config == CONFIG
    assert np.array_equal(again.tensors["mean"], weights.tensors["mean"])
    from engines.gan_training.family import FAMILY as GAN

    with pytest.raises(EngineError, match="a generator of another family"):
        load_export(GAN, tmp_path / "toy.zip")


def test_a_family_is_found_by_its_name_in_another_process():
    assert pickle.loads(pickle.dumps(FAMILY)) is FAMILY


@pytest.mark.slow
def test_it_trains_without_the_page(tmp_path, capsys):
    code = headless.main(FAMILY, ["--steps", "10", "--seed", "3", "--out", str(tmp_path / "run.zip")])
    assert code == 0, capsys.readouterr().err
    board = load_run(tmp_path / "run.zip")
    assert (board.engine, board.state, board.progress.step) == ("toy_training", "finished", 10)


@pytest.mark.slow
def test_on_the_terms_of_a_race_it_ends_by_time_with_an_exam_that_is_repeated():
    events = list(train(FAMILY, replace(CONFIG, steps=10_000), terms=Terms(seconds=1.0, exams=3, pictures=64)))
    final = [event for event in events if isinstance(event, Metrics) and event.group == "final"]
    assert len(final) == 3
    assert {event.step for event in final} == {final[0].step}
    assert set(final[0].values) == {"Fréchet distance", "Diversity", "Sharpness"}
    assert final[0].values["Fréchet distance"] != final[1].values["Fréchet distance"], "of fresh noise each time"
    last = [event for event in events if isinstance(event, Progress)][-1]
    assert last.step == last.total < 10_000
