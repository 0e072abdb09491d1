"""Shares and their intervals, against published numbers."""

import pytest

from engines.finetuning.proportions import Proportion, difference


@pytest.mark.parametrize(
    ("right", "rows", "low", "high"),
    [(0, 20, 0.0, 0.161), (4, 24, 0.067, 0.359), (81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605)],
)
def test_intervals_are_wilsons(right, rows, low, high):
    found = Proportion(right, rows)
    assert (found.low, found.high) == (pytest.approx(low, abs=1e-3), pytest.approx(high, abs=1e-3))


def test_a_difference_is_newcombes():
    assert difference(Proportion(56, 70), Proportion(48, 80)) == pytest.approx((0.0524, 0.3339), abs=1e-3)


def test_without_rows_anything_may_be_true():
    assert (Proportion(0, 0).low, Proportion(0, 0).high) == (0, 1)
