"""A training by hand."""

import numpy as np
import pytest

from engines.messages import ConfigError, EngineError
from engines.points_training.bench import advance
from engines.points_training.config import PointsConfig
from engines.points_training.engine import train
from engines.running.events import Weights
from engines.running.tensors import tensors_from_bytes, tensors_to_bytes

SMALL = {"width": 16, "batch": 32, "seed": 1}
FAMILIES = pytest.mark.parametrize("family", ["gan", "vae", "diffusion"])


def changed(one, other, net):
    """Whether any weight of a network differs."""
    names = [name for name in one.weights.tensors if name.startswith(f"{net}.")]
    assert names
    return any(not np.array_equal(one.weights.tensors[name], other.weights.tensors[name]) for name in names)


@FAMILIES
def test_step_by_step_goes_where_a_run_goes(family):
    config = PointsConfig(family=family, **SMALL, steps=10)
    *_, last = (event for event in train(config) if isinstance(event, Weights))
    bench = advance(config, count=0)
    for _ in range(10):
        bench = advance(config, bench.weights)
    assert bench.plane.step == bench.weights.step == last.step == 10
    assert all(np.array_equal(value, bench.weights.tensors[name]) for name, value in last.tensors.items())


@FAMILIES
def test_a_run_file_can_be_gone_on_with(family):
    config = PointsConfig(family=family, **SMALL)
    start = advance(config, count=3)
    read = Weights(3, tensors_from_bytes(tensors_to_bytes(start.weights.tensors)))
    one, other = advance(config, start.weights, count=2), advance(config, read, count=2)
    assert all(np.array_equal(value, other.weights.tensors[name]) for name, value in one.weights.tensors.items())


def test_d_and_g_can_be_updated_one_without_the_other():
    start = advance(PointsConfig(**SMALL), count=5)
    only_d = advance(start.config, start.weights, "d", 3)
    assert changed(start, only_d, "d")
    assert not changed(start, only_d, "g")
    assert only_d.weights.step == 5, "that is no step"
    only_g = advance(start.config, only_d.weights, "g", 2, only_d.alone)
    assert changed(only_d, only_g, "g")
    assert not changed(only_d, only_g, "d")
    assert only_g.alone == {"d": 3, "g": 2}
    assert (start.plane.samples == only_d.plane.samples).all(), "G did not learn, so its points stay"
    assert (start.plane.field != only_d.plane.field).any()


def test_d_alone_learns_to_tell_them_apart():
    start = advance(PointsConfig(**SMALL | {"lr_d": 1e-2, "objective": "non_saturating"}), count=1)
    assert advance(start.config, start.weights, "d", 100).plane.field.max() > start.plane.field.max()


@pytest.mark.parametrize("family", ["vae", "diffusion"])
def test_the_others_have_no_two_networks_to_part(family):
    with pytest.raises(ConfigError, match="Only a GAN"):
        advance(PointsConfig(family=family, **SMALL), part="d")


def test_weights_of_other_settings_are_refused_in_a_sentence():
    start = advance(PointsConfig(**SMALL))
    for other in ({"width": 32}, {"family": "vae"}, {"noise": 3}):
        with pytest.raises(EngineError, match="do not belong"):
            advance(PointsConfig(**SMALL | other), start.weights)
