"""Votes on a run add up whoever gives them, are told to all who watch, and outlive the program."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from engines.running.events import VOTES
from engines.running.forks.forking import inherit
from engines.running.runs import Runs
from engines.running.votes.box import FILE
from engines.running.votes.tally import Tally
from tests.fakes import FakeConfig, counting, full_board, wait_until


def finished(runs):
    run = runs.start("fake", FakeConfig(steps=3), lambda folder: counting(3), "me")
    wait_until(lambda: run.board.ended)
    return run


def test_votes_of_many_at_once_are_all_counted():
    runs = Runs()
    run = finished(runs)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: runs.votes.add(run, number % 3 == 0), range(90)))
    assert runs.votes.of(run) == Tally(30, 90)


def test_who_watches_is_told_and_a_fork_begins_without():
    runs = Runs()
    run = finished(runs)
    version = run.board.version
    runs.votes.add(run, True)
    assert run.board.captions[VOTES] == "Real or made? All votes on this run: 1 of 1 right so far."
    assert run.board.version > version
    assert VOTES not in inherit(run.board, run.config, 0).captions


def test_they_are_there_again_after_a_restart(tmp_path):
    runs = Runs(folder=tmp_path)
    run = finished(runs)
    runs.votes.add(run, True)
    runs.votes.add(run, False)
    wait_until(lambda: not run.thread.is_alive())
    again = Runs(folder=tmp_path)
    again.adopt("fake", FakeConfig, lambda config, folder: counting(3))
    assert again.votes.of(again.get(run.id)) == Tally(1, 2)


@pytest.mark.parametrize("kept", ["", "{", "[]", '{"right": 5, "answers": 2}', '{"right": "x", "answers": 2}'])
def test_a_damaged_file_counts_as_none(tmp_path, kept):
    runs = Runs(folder=tmp_path)
    run = finished(runs)
    (run.folder / FILE).write_text(kept, "utf-8")
    assert runs.votes.of(run) == Tally()


def test_an_example_has_votes_in_memory_only():
    runs = Runs()
    run = runs.add(full_board(), FakeConfig(), "")
    assert runs.votes.add(run, True) == Tally(1, 1)
    assert not run.folder.exists()


def test_a_room_adds_up_its_votes_on_the_bundled_models_and_keeps_them(tmp_path):
    rooms = Runs(folder=tmp_path).rooms
    room = rooms.open("teacher", "Ms Gauss")
    rooms.join(room.code, "ann", "Ann")
    rooms.vote("teacher", "gpt", True)
    assert rooms.vote("ann", "gpt", False) == rooms.votes("teacher", "gpt") == Tally(1, 2)
    assert rooms.votes("ann", "music") == Tally()
    assert rooms.vote("nobody", "gpt", True) is rooms.votes("nobody", "gpt") is None
    assert Runs(folder=tmp_path).rooms.votes("ann", "gpt") == Tally(1, 2)
