"""How well made points cover the real ones, where the answer is known."""

import numpy as np
import pytest

from engines.points_training.clouds import make_cloud
from engines.points_training.config import PointsConfig
from engines.points_training.coverage import measure, reached, sliced_distance

RING = make_cloud(PointsConfig())


def test_so_many_modes_as_are_made_are_counted():
    for count in (1, 3, 8):
        made = np.repeat(RING.centres[:count], 50, axis=0)
        assert reached(made, RING).tolist() == [i < count for i in range(8)]


def test_a_mode_that_hardly_appears_is_missed():
    made = np.repeat(RING.centres, [100] * 7 + [1], axis=0)
    assert measure(made, RING).count == 7


def test_points_between_the_modes_are_off_the_data():
    between = (RING.centres + np.roll(RING.centres, 1, axis=0)) / 2
    seen = measure(np.concatenate([RING.centres, between]), RING)
    assert seen.on_data == 0.5
    assert seen.count == 8
    assert measure(between, RING).count == 0


def test_the_spread_is_told_as_a_multiple_of_the_real_one():
    nearest = np.linalg.norm(RING.points[:, None] - RING.centres, axis=2).argmin(1)
    halfway = (RING.points + RING.centres[nearest]) / 2
    assert measure(halfway, RING).spread == pytest.approx(0.5, abs=0.02)
    assert measure(RING.centres, RING).spread == 0


def test_the_sliced_distance_of_a_shift_is_its_length_by_the_root_of_two():
    points = np.random.default_rng(0).standard_normal((500, 2))
    for shift in ([3.0, 0.0], [1.0, -2.0]):
        expected = np.hypot(*shift) / np.sqrt(2)
        assert sliced_distance(points, points + shift) == pytest.approx(expected, rel=1e-6)


def test_points_that_are_no_numbers_cover_nothing():
    seen = measure(np.full((10, 2), np.nan), RING)
    assert (seen.count, seen.on_data) == (0, 0)
    assert np.isinf(seen.distance)
