"""What a roll holds goes to the page and back, and what a page makes up is refused."""

import json

import numpy as np
import pytest

from engines.messages import ConfigError, Message
from engines.music.composing import Filled
from engines.music.grid import FREE, Chorale
from tabs.music.roll.view import read_sheet, shown

GRID = np.array([[67, 62, 59, FREE], [-67, 0, 59, FREE]], np.int8)


def test_a_piece_comes_back_as_it_went():
    locked = np.array([[True, False, False, False]] * 2)
    filled = Filled(Chorale(GRID), np.ones((2, 4), np.float32), (("a", "b"),), 1, 0.1)
    value = shown(Chorale(GRID, 12, 8, 100.0), Message("x"), filled, locked)
    sheet = read_sheet(value)
    assert np.array_equal(sheet.chorale.grid, GRID)
    assert (sheet.chorale.bar, sheet.chorale.pickup, sheet.chorale.tempo) == (12, 8, 100.0)
    assert np.array_equal(sheet.locked, locked)
    assert json.loads(value)["frames"] == [["a", "b"]]


GOOD = {"voices": ["A-", "B-", "..", "??"], "bar": 16, "pickup": 0, "tempo": 90, "locked": None}


@pytest.mark.parametrize(
    "change",
    [
        {"voices": ["A"]},
        {"voices": "A"},
        {"voices": [1, 2, 3, 4]},
        {"voices": ["A", "A", "A", "AA"]},
        {"voices": ["\ud800"] * 4},
        {"bar": 0},
        {"bar": 10**9},
        {"pickup": -1},
        {"tempo": float("nan")},
        {"tempo": 10**6},
        {"bar": None},
        {"locked": ["0"] * 4},
        {"locked": [[["0"]]]},
    ],
)
def test_what_a_page_makes_up_is_refused(change):
    assert read_sheet(json.dumps(GOOD)).chorale.grid.shape == (2, 4)
    with pytest.raises(ConfigError, match="can't be read"):
        read_sheet(json.dumps(GOOD | change))


@pytest.mark.parametrize("value", [None, "", "nonsense", "[]", "null", "[" * 10_000, "x" * 300_000])
def test_what_is_no_piece_is_refused(value):
    with pytest.raises(ConfigError, match="can't be read"):
        read_sheet(value)
