"""An honest interval, and a sentence that has it once there are enough answers."""

import pytest

from engines.running.votes.tally import ENOUGH, Tally, interval


def test_the_interval_is_wilsons():
    assert interval(0, 0) == (0, 1)
    assert interval(15, 30) == pytest.approx((0.3315, 0.6685), abs=1e-4)
    assert interval(30, 30) == pytest.approx((0.8865, 1.0), abs=1e-4)


def test_only_after_thirty_answers_one_is_told_how_sure_one_can_be():
    tally = Tally()
    for number in range(ENOUGH):
        assert "confidence" not in tally.told()
        tally = tally.plus(number % 2 == 0)
    assert tally == Tally(15, 30)
    assert tally.told() == (
        "15 of 30 right: the true share lies between 33 and 67 % with 95 % confidence; 50 % is chance."
    )
