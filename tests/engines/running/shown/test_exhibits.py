import numpy as np
import pytest

from engines.running.board import Board
from engines.running.events import Bars, Scatter, Sheet
from engines.running.shown.exhibits import MAX_BARS, MAX_DOTS, MAX_EXHIBITS, exhibit
from tests.fakes import pictures


def test_a_sheet_tells_its_size_and_keeps_its_picture():
    shown = exhibit(Sheet("Pairs", 7, pictures(6, size=10), 3))
    assert (shown.about["width"], shown.about["height"], shown.about["count"]) == (30, 20, 6)
    assert shown.picture.open().size == (30, 20)


def test_the_same_content_has_the_same_tag_and_other_content_another():
    first, same, brighter, later = (
        exhibit(Sheet("Pairs", step, pictures(value=value), 2)) for step, value in [(1, 9), (1, 9), (1, 10), (2, 9)]
    )
    assert first.tag == same.tag
    assert len({first.tag, brighter.tag, later.tag}) == 3


@pytest.mark.parametrize(
    "event",
    [
        Bars("x", ("a", "b"), (1.0,)),
        Bars("x", ("a",) * (MAX_BARS + 1), (1.0,) * (MAX_BARS + 1)),
        Scatter("x", np.zeros((3, 3)), np.zeros(3), ()),
        Scatter("x", np.zeros((MAX_DOTS + 1, 2)), np.zeros(MAX_DOTS + 1), ()),
        Sheet("x", 1, pictures(1, size=5000), 1),
    ],
)
def test_what_does_not_fit_a_page_is_refused(event):
    with pytest.raises(ValueError, match="an exhibit must have"):
        exhibit(event)


def test_a_board_keeps_the_latest_of_each_name_and_no_more_names_than_a_page_can_bear():
    board = Board("fake", {})
    for n in range(MAX_EXHIBITS + 3):
        board.fold(Bars(f"bars {n}", ("a",), (1.0,)))
    board.fold(Bars("bars 0", ("a",), (2.0,)))
    assert len(board.exhibits) == MAX_EXHIBITS
    assert board.exhibits["bars 0"].about["values"] == "2"
