import numpy as np
import pytest

from engines.vae_training.atlas import lattice, positions, survey, without_map

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (50, 28, 28, 1)).astype(np.uint8)
LABELS = np.arange(50) % 3


def test_with_two_numbers_the_map_is_the_latent_space():
    means = RNG.normal(size=(50, 2)).astype(np.float32)
    variances = np.tile([0.1, 0.4], (50, 1))
    points = survey(means, variances, LABELS, IMAGES)
    np.testing.assert_allclose(points.places, means)
    np.testing.assert_allclose(points.spreads[0], [0.1, 0, 0.4], rtol=1e-6)
    np.testing.assert_allclose(points.at(points.places), means, rtol=1e-6)


def test_with_more_it_is_the_plane_in_which_the_points_vary_most():
    means = RNG.normal(size=(50, 8)) * [0.1, 5, 0.1, 3, 0.1, 0.1, 0.1, 0.1] + 7
    points = survey(means, np.full((50, 8), 0.04), LABELS, IMAGES)
    assert np.abs(points.axes[0])[1] > 0.99
    assert np.abs(points.axes[1])[3] > 0.99
    np.testing.assert_allclose(points.axes @ points.axes.T, np.eye(2), atol=1e-6)
    np.testing.assert_allclose(points.places.mean(0), 0, atol=1e-5)
    np.testing.assert_allclose(points.spreads, np.tile([0.04, 0, 0.04], (50, 1)), atol=1e-6)


@pytest.mark.parametrize("latent", [2, 8, 64])
@pytest.mark.parametrize("count", [1, 5])
def test_one_picture_and_pictures_all_in_one_place_have_a_map_too(count, latent):
    points = survey(np.zeros((count, latent)), np.ones((count, latent)), LABELS[:count], IMAGES[:count])
    assert all(np.isfinite(array).all() for array in points.to_arrays().values())
    assert points.reach == 3  # as far as the prior's samples go


def test_it_reaches_as_far_as_nearly_all_points():
    means = np.array([[40.0, 0.0], [0.0, -50.0]] * 25)
    assert 50 < survey(means, np.ones((50, 2)), LABELS, IMAGES).reach < 60


def test_it_travels_with_weights():
    points = survey(RNG.normal(size=(50, 4)), np.ones((50, 4)), LABELS, IMAGES)
    tensors = {"decoder.weight": np.ones(3), **points.to_arrays()}
    back = positions(tensors)
    assert np.array_equal(back.places, points.places)
    assert np.array_equal(back.pictures, IMAGES)
    assert list(without_map(tensors)) == ["decoder.weight"]
    with pytest.raises(KeyError):
        positions(without_map(tensors))


def test_the_lattice_goes_from_above_left_row_by_row():
    places = lattice(3.0, 3)
    np.testing.assert_allclose(places[0], [-2, 2])
    np.testing.assert_allclose(places[1], [0, 2])
    np.testing.assert_allclose(places[-1], [2, -2])
