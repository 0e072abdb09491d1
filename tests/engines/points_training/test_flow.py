"""Flow matching where the flow is known in closed form: from a Gaussian to a Gaussian."""

import pytest
import torch

from engines.points_training.flow import flow

MEAN, STD = torch.tensor([1.5, -0.5]), 0.4


def velocity(x, t):
    """E[x1 - x0 | x_t = x] for x0 ~ N(0, 1), x1 ~ N(MEAN, STD^2) and x_t on the line between them."""
    covariance = t * STD**2 - (1 - t)
    variance = (1 - t) ** 2 + t**2 * STD**2
    return MEAN + covariance / variance * (x - t * MEAN)


def test_the_flow_carries_each_point_to_its_place():
    noise = torch.randn(200, 2, generator=torch.Generator().manual_seed(0))
    ways = flow(velocity, noise, 1000)
    assert ways.shape == (1001, 200, 2)
    assert torch.equal(ways[0], noise)
    assert torch.allclose(ways[-1], MEAN + STD * noise, atol=5e-3)


def test_one_step_makes_only_the_mean():
    noise = torch.randn(200, 2, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(flow(velocity, noise, 1)[-1], MEAN.expand(200, 2), atol=1e-6)


@pytest.mark.parametrize("steps", [1, 2, 20])
def test_a_straight_flow_needs_no_more_than_one_step(steps):
    noise = torch.zeros(3, 2)
    assert torch.allclose(flow(lambda x, t: MEAN.expand_as(x), noise, steps)[-1], MEAN.expand(3, 2))
