"""The pictures of the plane that a run keeps."""

import base64

import numpy as np
import pytest

from engines.running.board import Board
from engines.running.events import Ground, Plane
from engines.running.run_files import load_run, save_run
from engines.running.shown.planes import LATEST, MAX_PLANES, Planes, pack


def ground():
    return Ground(np.arange(20, dtype=np.uint16).reshape(10, 2), np.zeros((3, 2), np.uint16), 0.1)


def plane(step, **more):
    return Plane(step, np.full((5, 2), step % 60_000, np.uint16), np.array([1, 0, 1], np.uint8), **more)


def full(count=10):
    planes = Planes()
    planes.add(ground())
    for step in range(count):
        planes.add(plane(step))
    return planes


def test_the_history_is_thinned_and_ends_with_the_newest():
    planes = full(1000)
    steps = [each.step for each in planes.history()]
    assert steps == sorted(set(steps))
    assert (steps[0], steps[-1]) == (0, 999)
    assert MAX_PLANES / 2 <= len(steps) <= MAX_PLANES + 1
    assert len(set(np.diff(steps[:-1]))) == 1, "even steps"
    assert [each.step for each in planes.latest()] == list(range(1000 - LATEST, 1000))


def test_a_picture_of_the_same_step_takes_the_place_of_the_last():
    planes = full(3)
    newer = plane(2)
    planes.add(newer)
    assert planes.history()[-1] is planes.newest is newer
    assert planes.steps() == "0,1,2"


def test_going_back_forgets_what_came_later():
    planes = full(10)
    planes.rewind(4)
    assert planes.steps() == "0,1,2,3,4"
    planes.add(plane(5))
    assert planes.steps() == "0,1,2,3,4,5"
    planes.rewind(-1)
    assert planes.newest is None


def test_a_run_file_brings_all_of_them_back(tmp_path):
    board = Board("points_training", {})
    board.fold(ground())
    for step in range(3):
        board.fold(plane(step, field=np.zeros((4, 4), np.uint8), paths=np.ones((2, 3, 2), np.uint16)))
    board.set_state("finished")
    save_run(board, tmp_path / "run.zip")
    again = load_run(tmp_path / "run.zip").planes
    assert again.steps() == "0,1,2"
    assert (again.ground.points == board.planes.ground.points).all()
    assert (again.newest.paths == 1).all()
    assert again.newest.arrows is None


@pytest.mark.parametrize(
    "change",
    [
        {"points": np.zeros((3, 2), np.float32)},
        {"points": np.zeros((3, 3), np.uint16)},
        {"points": np.zeros((0, 2), np.uint16)},
        {"radius": np.float32([np.nan])},
        {"radius": np.float32([1, 2])},
        {"0.samples": np.zeros((9_999, 2), np.uint16)},
        {"1.step": np.int64([0])},
        {"0.step": np.int64([-5])},
        {"0.covered": np.zeros(2, np.uint8)},
        {"0.field": np.zeros((3, 4), np.uint8)},
        {"0.arrows": np.zeros((1, 5, 2), np.uint16)},
    ],
)
def test_made_up_arrays_are_refused(change):
    tensors = full(2).to_tensors() | change
    with pytest.raises((ValueError, KeyError)):
        Planes.from_tensors(tensors, 1)


def test_a_page_gets_shapes_and_bytes():
    packed = pack(plane(7, arrows=np.full((1, 2, 2, 2), 513, np.uint16)))
    assert packed["step"] == 7
    assert packed["arrows"]["shape"] == (1, 2, 2, 2)
    assert base64.b64decode(packed["arrows"]["data"]) == b"\x01\x02" * 8
    assert "field" not in packed
