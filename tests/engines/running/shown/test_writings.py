"""The texts that a run of a language model keeps."""

import itertools
import json

import pytest

from engines.running.board import Board
from engines.running.events import Resumed, Written
from engines.running.run_store import Keeper, Record, load_board
from engines.running.shown.writings import MAX_LETTERS, MAX_TEXTS, MAX_WRITINGS, Writings, pack
from tests.fakes import wait_until


def written(step, text="春眠", start="春"):
    return Written(step, (text, f"{step}"), (start, ""))


def full(count):
    writings = Writings()
    for step in range(count):
        writings.add(written(step))
    return writings


def steps(writings):
    return [each.step for each in writings.history()]


def test_the_history_is_thinned_evenly_and_ends_with_the_newest():
    found = steps(full(1000))
    assert (found[0], found[-1]) == (0, 999)
    assert MAX_WRITINGS / 2 <= len(found) <= MAX_WRITINGS + 1
    assert len({b - a for a, b in itertools.pairwise(found[:-1])}) == 1


def test_of_endless_texts_only_so_much_is_kept():
    writings = Writings()
    writings.add(Written(1, ("长" * 10**6,) * 100, ("长" * 10**6,) * 100))
    for some in (writings.newest.texts, writings.newest.starts):
        assert [len(text) for text in some] == [MAX_LETTERS] * MAX_TEXTS


def test_texts_of_the_same_step_take_the_place_of_the_last():
    writings = full(3)
    writings.add(written(2, "夜来"))
    assert writings.history()[-1].texts[0] == writings.newest.texts[0] == "夜来"
    assert writings.steps() == "0,1,2"


def test_going_back_forgets_what_came_later():
    board = Board("gpt_training", {})
    for step in range(10):
        board.fold(written(step))
    board.fold(Resumed(4))
    assert board.writings.steps() == "0,1,2,3,4"
    board.fold(written(5))
    assert board.writings.steps() == "0,1,2,3,4,5"
    board.fold(Resumed(-1))
    assert not board.writings


def test_they_come_back_from_json_as_they_were():
    writings = full(300)
    again = Writings.from_json(json.loads(json.dumps(writings.to_json())))
    assert again.history() == writings.history()
    for each in (again, writings):
        for step in range(300, 310):
            each.add(written(step))
    assert steps(again)[-1] == steps(writings)[-1] == 309


@pytest.mark.slow
def test_the_folder_of_a_run_has_them(tmp_path):
    board, record = Board("gpt_training", {}), Record("an-id", "gpt_training", {}, "", 0.0, "running")
    keeper = Keeper(tmp_path, record, board)
    board.fold(written(7))
    wait_until((tmp_path / "board" / "written.json").exists)
    board.fold(written(8))
    board.set_state("finished")
    keeper.close()
    assert load_board(tmp_path, record).writings.history() == board.writings.history()


GOOD = {"step": 1, "texts": ["a"], "starts": [""]}


@pytest.mark.parametrize(
    "said",
    [
        None,
        {},
        {"stride": 1, "history": [GOOD, GOOD]},
        {"stride": 1, "history": [GOOD | {"step": -5}]},
        {"stride": 1, "history": [GOOD | {"step": "x"}]},
        {"stride": 1, "history": [GOOD | {"texts": "abc"}]},
        {"stride": 1, "history": [GOOD | {"texts": [1]}]},
        {"stride": 1, "history": [GOOD | {"texts": ["\ud800"]}]},
        {"stride": 1, "history": [GOOD | {"starts": None}]},
        {"stride": "x", "history": [GOOD]},
    ],
)
def test_what_is_made_up_is_refused(said):
    with pytest.raises((ValueError, KeyError, TypeError)):
        Writings.from_json(said)


def test_a_page_gets_plain_lists():
    assert pack(written(7)) == {"step": 7, "texts": ["春眠", "7"], "starts": ["春", ""]}
