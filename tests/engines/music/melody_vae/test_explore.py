"""The map, and the way from one melody to another."""

import numpy as np
import pytest

from engines.messages import ConfigError, EngineError
from engines.music.melody_vae.bars import from_line
from engines.music.melody_vae.config import MelodyConfig
from engines.music.melody_vae.explore import CELLS, POINTS, STOPS, between, drawn, latent_map, morph
from engines.running.events import Weights
from tests.engines.music.melody_vae.tiny import TINY, trainer

CONFIG = MelodyConfig(**TINY)


@pytest.fixture(scope="module")
def weights():
    return Weights(5, trainer(5).weights())


def test_the_map_has_each_melody_and_a_melody_at_each_place(weights):
    chart = latent_map(CONFIG, weights)
    assert len(chart.melodies) == len(chart.redrawn) == len(chart.points.places) == POINTS
    assert len(chart.grid) == CELLS**2
    for line in (*chart.grid, *chart.redrawn):
        from_line(line)
    for names, kinds in chart.colours.values():
        assert set(kinds.tolist()) <= set(range(len(names)))


def test_a_way_begins_and_ends_with_what_comes_back_of_both(weights):
    chart = latent_map(CONFIG, weights)
    for way in ("round", "straight"):
        path = morph(CONFIG, weights, 3, 7, way)
        assert (path.first, path.last) == (chart.melodies[3], chart.melodies[7])
        assert (path.stops[0], path.stops[-1]) == (chart.redrawn[3], chart.redrawn[7])
        assert len(path.stops) == STOPS


def test_on_a_sphere_the_distance_from_0_stays():
    one, other = np.array([2.0, 0.0]), np.array([0.0, 2.0])
    assert np.linalg.norm(between(one, other, 5, "round"), axis=1) == pytest.approx([2] * 5)
    assert between(one, other, 3, "straight")[1].tolist() == [1, 1]
    assert between(one, one, 3, "round").tolist() == [[2, 0]] * 3  # no angle, no arc
    assert np.isfinite(between(one, 0 * one, 3, "round")).all()


def test_what_cannot_be_is_said(weights):
    with pytest.raises(ConfigError, match="Melody must be a whole number from 0 to 399"):
        morph(CONFIG, weights, 0, POINTS)
    with pytest.raises(ConfigError, match="Way must be one of round, straight"):
        morph(CONFIG, weights, 0, 1, "crooked")
    with pytest.raises(EngineError, match="another model"):
        latent_map(MelodyConfig(**TINY | {"latent": 5}), weights)


def test_new_melodies_are_the_same_for_a_seed(weights):
    assert drawn(CONFIG, weights, 3, 1) == drawn(CONFIG, weights, 3, 1)
    assert len(drawn(CONFIG, weights, 3, 1)) == 3
