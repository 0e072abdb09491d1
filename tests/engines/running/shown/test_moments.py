"""Earlier states of a model that a run keeps."""

import itertools

import numpy as np
import pytest

from engines.messages import EngineError
from engines.running.board import Board
from engines.running.events import Progress, Resumed, Weights
from engines.running.run_files import load_run, save_run
from engines.running.run_store import Keeper, Record, load_board
from engines.running.shown import moments as module
from engines.running.shown.moments import MOST, Moment, Moments
from tests.fakes import wait_until

RECORD = Record("abcdefgh", "gpt_training", {}, "", 0.0, "running")


def weights(step, lasting=True):
    return Weights(step, {"a": np.full((4, 4), step / 3, np.float32)}, {"vocabulary": "x"}, lasting)


def board(last=2500, every=28):
    one = Board("gpt_training", {})
    for step in range(0, last + 1, every):
        one.fold(weights(step))
    return one


def steps(kept):
    return [moment.step for moment in kept]


@pytest.mark.parametrize(("last", "every"), [(2500, 28), (2500, 10), (600, 7), (20_000, 40), (5000, 100)])
def test_a_few_are_kept_from_the_first_on_spread_over_all(last, every):
    found = steps(board(last, every).moments)
    assert (found[0], len(found)) == (0, MOST)
    gaps = [b - a for a, b in itertools.pairwise([*found, last])]
    assert max(gaps) < last / 4
    assert min(gaps[:-1]) > last / 30


@pytest.mark.parametrize("newest", [2500, 2492])
def test_with_the_newest_there_are_eight_to_choose_from(newest):
    kept = board(2500, 28).moments
    before = steps(kept.before(newest))
    assert (before[0], len(before)) == (0, MOST - 1)
    assert max(before) < newest


def test_what_is_kept_is_the_model_of_that_step_in_half_the_bytes():
    kept = list(board().moments)
    assert kept[3].weights({"f": 1}).facts == {"f": 1}
    found = kept[3].weights({}).tensors["a"]
    assert found.dtype == np.float16
    assert np.allclose(found, kept[3].step / 3, rtol=1e-3)


def test_weights_that_are_for_now_only_are_not_kept():
    one = Board("gan_training", {})
    one.fold(weights(5, lasting=False))
    assert not len(one.moments)


def test_of_a_large_model_fewer_or_none_are_kept(monkeypatch):
    for most, expected in ((2, 2), (1, 1), (0, 0)):
        monkeypatch.setattr(module, "MOST_BYTES", 32 * most + 1)
        found = steps(board().moments)
        assert (len(found), found[:1]) == (expected, [0] * min(1, expected))


def test_numbers_that_float16_cannot_hold_are_no_trouble():
    kept = Moments()
    kept.add(Weights(0, {"a": np.array([1e30, np.nan], np.float32)}))
    assert len(kept) == 1


def test_going_back_forgets_what_came_later():
    one = board(100, 10)
    one.fold(Resumed(40))
    assert max(steps(one.moments)) <= 40


def test_a_run_file_brings_them_along(tmp_path):
    one = board()
    one.set_state("finished")
    save_run(one, tmp_path / "run.zip")
    found = load_run(tmp_path / "run.zip")
    assert steps(found.moments) == steps(one.moments)
    assert all(np.array_equal(a.read(), b.read()) for a, b in zip(found.moments, one.moments, strict=True))


def test_more_than_may_be_kept_is_left_out_of_a_strange_file(tmp_path, monkeypatch):
    one = board()
    save_run(one, tmp_path / "run.zip")
    monkeypatch.setattr("engines.running.board_files.MOST_BYTES", 300)
    assert 1 <= len(load_run(tmp_path / "run.zip").moments) < MOST


def test_damaged_or_missing_ones_are_said_in_a_sentence(tmp_path):
    with pytest.raises(EngineError, match="damaged"):
        Moment(1, b"no tensors").weights({})
    with pytest.raises(EngineError, match="not kept any more"):
        Moment(1, tmp_path / "gone").read()


@pytest.mark.slow
def test_a_folder_has_them_and_an_ended_run_leaves_them_there(tmp_path):
    one = Board("gpt_training", {})
    keeper = Keeper(tmp_path, RECORD, one)
    one.fold(weights(0))
    one.fold(Progress(0, 200))
    wait_until(lambda: (tmp_path / "board/moments/00000000.safetensors").exists())
    for step in range(1, 200):
        one.fold(weights(step))
    keeper.close()
    files = sorted((tmp_path / "board" / "moments").iterdir())
    assert [int(file.stem) for file in files] == steps(one.moments)
    assert all(moment.data == file for moment, file in zip(one.moments, files, strict=True))
    found = load_board(tmp_path, RECORD)
    assert steps(found.moments) == steps(one.moments)
    assert np.allclose(list(found.moments)[-1].weights({}).tensors["a"], steps(one.moments)[-1] / 3, rtol=1e-3)
