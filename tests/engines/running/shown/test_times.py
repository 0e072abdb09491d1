import pytest

from engines.running.board import Board
from engines.running.events import Progress, Resumed
from engines.running.shown.times import MAX_TIMES, Times


def test_seconds_count_from_the_first_step_on():
    board = Board("fake", {})
    for step, seconds in ((1, 7.0), (11, 8.0), (21, 10.0)):
        board.active_seconds = seconds
        board.fold(Progress(step, 100))
    assert board.times.pairs() == [(1, 0.0), (11, 1.0), (21, 3.0)]
    board.fold(Resumed(11))
    assert board.times.pairs() == [(1, 0.0), (11, 1.0)]


def test_however_long_a_run_is_there_are_few_pairs_and_the_newest_is_among_them():
    times = Times()
    for step in range(10_000):
        times.add(step, step / 50)
    pairs = times.pairs()
    assert len(pairs) <= MAX_TIMES + 1
    assert pairs[-1] == (9_999, 199.98)
    assert all(seconds == pytest.approx(step / 50) for step, seconds in pairs)


def test_they_come_back_from_a_file():
    times = Times()
    times.add(10, 3.0)
    times.add(20, 4.5)
    assert Times.from_json(times.to_json()).pairs() == times.pairs()
    with pytest.raises((TypeError, ValueError)):
        Times.from_json([["x", "y"]])
