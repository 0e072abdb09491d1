"""Where the real points lie."""

import numpy as np
import pytest

from engines.messages import ConfigError
from engines.points_training.clouds import POINTS, REACH, along, make_cloud
from engines.points_training.config import PointsConfig
from engines.points_training.coverage import measure

BOW = "20e0.e0e0.2020e020"  # two dots above a line


@pytest.mark.parametrize(("data", "parts"), [("ring", 8), ("grid", 25), ("spirals", None)])
def test_each_part_of_the_real_points_is_covered_by_themselves(data, parts):
    cloud = make_cloud(PointsConfig(data=data))
    assert cloud.points.shape == (POINTS, 2)
    assert cloud.points.dtype == np.float32
    assert np.abs(cloud.points).max() <= REACH
    seen = measure(cloud.points, cloud)
    assert seen.count == len(seen.covered) == (parts or len(cloud.centres))
    assert seen.on_data > 0.97
    assert seen.spread == pytest.approx(1, abs=0.05)
    assert seen.distance == 0


def test_a_drawing_becomes_points_along_its_lines_and_around_its_dots():
    cloud = make_cloud(PointsConfig(data="own", drawing=BOW))
    low = cloud.points[:, 1] < 0
    assert abs(low.mean() - 4.5 / 5) < 0.04, "a dot weighs as a short line"
    assert np.abs(cloud.points[low][:, 1] - REACH * (2 * 0x20 / 255 - 1)).max() < 0.2
    left = ~low & (cloud.points[:, 0] < 0)
    assert np.abs(cloud.points[left] - REACH * (2 * np.array([0x20, 0xE0]) / 255 - 1)).max() < 0.2
    assert measure(cloud.points, cloud).count == len(cloud.centres)


def test_the_same_drawing_makes_the_same_points_whatever_the_seed():
    one, other = (make_cloud(PointsConfig(data="own", drawing=BOW, seed=seed)) for seed in (1, 2))
    assert (one.points == other.points).all()


def test_an_empty_drawing_gets_one_sentence():
    with pytest.raises(ConfigError, match="Nothing is drawn yet"):
        PointsConfig(data="own")


def test_places_along_a_line_go_by_its_length():
    corner = np.array([[0, 0], [1, 0], [1, 3]], float)
    assert np.allclose(along(corner, np.array([0, 0.125, 0.25, 1])), [[0, 0], [0.5, 0], [1, 0], [1, 3]])
    assert np.allclose(along(np.array([[2.0, 3.0]]), np.array([0, 0.7])), [[2, 3], [2, 3]])
