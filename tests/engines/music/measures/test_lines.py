"""What counting reaches."""

import math

import numpy as np
import pytest

from engines.music.grid import Chorale
from engines.music.measures.lines import HOLD, lines


def piece(*column):
    return Chorale(np.array([column] * 4, np.int8).T)


def test_a_piece_that_is_foreseen_costs_little_and_noise_much():
    regular = [piece(*[60, -60, 62, -62] * 40)]
    rng = np.random.default_rng(0)
    noise = [piece(*rng.integers(36, 81, 400)) for _ in range(3)]
    found = lines(regular * 3, regular)
    assert found["1-gram"] == pytest.approx(math.log(4), abs=0.1)
    assert found["5-gram"] < found["2-gram"] < 0.3
    assert found[HOLD] == pytest.approx(math.log(2) + 0.5 * math.log(2), abs=0.15)
    unseen = lines(regular, noise)
    assert unseen["5-gram"] > 4
    assert all(math.isfinite(value) for value in unseen.values())
