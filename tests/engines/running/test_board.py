import itertools
import math

import pytest

from engines.messages import Message
from engines.running.board import MAX_FRAMES, MAX_POINTS, Board, Series
from engines.running.board_files import write_members
from engines.running.events import Caption, Metrics, Progress, Samples, Weights
from tests.fakes import full_board, pictures


def floats(text):
    return [float(value) for value in text.split(",")] if text else []


def test_a_series_never_exceeds_its_limit_and_keeps_the_mean():
    series = Series(("loss",))
    for step in range(1, 50_001):
        series.append(step, {"loss": float(step)})
    assert MAX_POINTS / 2 <= len(series.rows) <= MAX_POINTS
    first = series.rows[0]
    assert first == (series.width, (series.width + 1) / 2)  # the mean of 1..width, at its last step


def test_points_once_drawn_do_not_change_until_bins_double():
    series = Series(("loss",))
    for step in range(MAX_POINTS + 10):
        series.append(step, {"loss": float(step % 7)})
    before, width = list(series.rows), series.width
    for step in range(100):
        series.append(step, {"loss": 1.0})
    assert series.width == width
    assert series.rows[: len(before)] == before


def test_a_viewer_gets_only_what_it_lacks_and_all_after_the_bins_doubled():
    series = Series(("loss",))
    for step in range(1, 11):
        series.append(step, {"loss": float(step)})
    assert floats(series.since((0, 0, -1))["columns"]["loss"]) == list(range(1, 11))
    new = series.since((1, 7, 7))
    assert (new["start"], floats(new["steps"])) == (7, [8, 9, 10])
    assert series.since((1, 10, 10)) is None
    for step in range(11, MAX_POINTS + 2):
        series.append(step, {"loss": float(step)})
    assert series.since((1, 10, 10))["start"] == 0


@pytest.mark.parametrize("cursor", [(1, 10**9, 1), (-5, -5, 1), (0, 3, 1), (1, 1, 7)])
def test_an_impossible_cursor_gets_everything(cursor):
    series = Series(("loss",))
    series.append(1, {"loss": 1.0})
    assert series.since(cursor)["start"] == 0


@pytest.mark.parametrize("back_to", [0, 3, 9])
def test_after_a_rewind_a_viewer_gets_the_new_points_however_many_there_are(back_to):
    series = Series(("loss",))
    for step in range(1, 11):
        series.append(step, {"loss": 1.0})
    series.rewind(back_to)
    for step in range(back_to + 1, 12):
        series.append(step + 1000, {"loss": 2.0})
    assert series.since((1, 10, 10))["start"] == 0


def test_after_a_rewind_to_nothing_a_viewer_is_told_so():
    series = Series(("loss",))
    series.append(1, {"loss": 1.0})
    series.rewind(0)
    assert series.since((1, 1, 1))["steps"] == ""
    assert series.since((1, 0, -1)) is None


def test_a_missing_value_is_nan_not_zero():
    series = Series(("a", "b"))
    series.append(1, {"a": 1.0})
    assert math.isnan(series.rows[0][2])


def test_the_history_is_thinned_evenly_and_keeps_first_and_newest():
    board = Board("fake", {})
    for step in range(1000):
        board.fold(Samples(step, pictures()))
    steps = [frame.step for frame in board.frames()]
    assert len(steps) <= MAX_FRAMES + 1
    assert (steps[0], steps[-1]) == (0, 999)
    gaps = {b - a for a, b in itertools.pairwise(steps[:-1])}
    assert len(gaps) == 1


def test_a_frame_of_the_history_can_be_asked_for():
    board = full_board()
    assert board.frame_at(12).step == 12
    assert board.frame_at(999) is None


def test_the_pace_leaves_pauses_out():
    board = Board("fake", {})
    for second in range(5):
        board.active_seconds = float(second)
        board.fold(Progress(10 * second, 100))
    assert board.steps_per_second() == pytest.approx(10)
    assert board.seconds_left() == pytest.approx(6)
    board.set_state("finished")
    assert board.seconds_left() is None


def test_weights_are_no_news():
    board = full_board()
    version = board.version
    board.fold(Weights(1, {}))
    assert board.version == version


def test_a_run_goes_on_while_others_read_its_tables():
    board = full_board()
    board.fold(Caption("losses", Message("Loss")))
    readers = zip(board.series.items(), board.captions.items(), write_members(board, "running"), strict=False)
    for number, _ in enumerate(readers):
        board.fold(Metrics(1, {"x": 1.0}, f"group {number}"))
        board.fold(Caption(f"group {number}", Message("x")))
    assert {"group 0"} <= set(board.series) & set(board.captions)
