"""The blind test: fair passages, and an honest interval."""

import numpy as np
import pytest

from engines.music.chorales import TEST, everything
from engines.music.measures.blind import interval, pair
from engines.running.events import Weights
from tests.engines.music.tiny import trainer


def test_two_passages_are_alike_in_all_but_who_wrote_them():
    one = trainer(20)
    found = [pair(one.config, Weights(20, one.weights()), seed) for seed in range(3)]
    names, pieces, parts = everything()
    for each in found:
        piece = pieces[names.index(each.bwv)]
        assert parts[names.index(each.bwv)] == TEST
        assert np.array_equal(each.bach.grid, piece.grid[: len(each.bach)])
        assert (len(each.made), each.made.bar, each.made.pickup) == (len(each.bach), piece.bar, piece.pickup)
    assert len({each.bwv for each in found}) > 1


def test_the_interval_is_wilsons():
    assert interval(0, 0) == (0, 1)
    assert interval(15, 30) == pytest.approx((0.3315, 0.6685), abs=1e-4)
    assert interval(30, 30) == pytest.approx((0.8865, 1.0), abs=1e-4)
