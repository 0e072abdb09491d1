"""The blind test: fair passages."""

import numpy as np

from engines.music.chorales import TEST, everything
from engines.music.measures.blind import pair
from engines.running.events import Weights
from tests.engines.music.tiny import trainer


def test_two_passages_are_alike_in_all_but_who_wrote_them():
    one = trainer(20)
    found = [pair(one.config, Weights(20, one.weights()), seed) for seed in range(3)]
    names, pieces, parts = everything()
    for each in found:
        number = names.index(each.source.values["bwv"])
        piece = pieces[number]
        assert parts[number] == TEST
        assert np.array_equal(each.real.grid, piece.grid[: len(each.real)])
        assert (len(each.made), each.made.bar, each.made.pickup) == (len(each.real), piece.bar, piece.pickup)
        assert each.shown[not each.first] is each.real
    assert len({each.source for each in found}) > 1
