"""The evidence lower bound where it is known in closed form."""

import math

import pytest
import torch

from engines.points_training.clouds import make_cloud
from engines.points_training.config import PointsConfig
from engines.points_training.vae import VaeTrainer, kl, reconstruction


def test_the_kl_is_that_of_two_gaussians():
    mean, log_variance = torch.tensor([[0.0, 0.0], [1.0, 2.0]]), torch.tensor([[0.0, 0.0], [math.log(4), 0.0]])
    apart = torch.distributions.kl_divergence(
        torch.distributions.Normal(mean, (log_variance / 2).exp()), torch.distributions.Normal(0, 1)
    )
    assert torch.allclose(kl(mean, log_variance), apart.sum(1))
    assert kl(mean, log_variance)[0] == 0


def test_the_reconstruction_is_a_density():
    x, decoded = torch.tensor([[0.3, -0.2]]), torch.tensor([[0.0, 0.1]])
    density = torch.distributions.Normal(decoded, 0.5).log_prob(x).sum(1)
    assert torch.allclose(reconstruction(x, decoded, 0.5), -density)


def test_of_a_linear_gaussian_the_bound_is_tight():
    """p(z) = N(0, 1), p(x|z) = N(a z, s^2): with the true posterior the bound is log N(x; 0, a^2 + s^2)."""
    a, s, x = 1.3, 0.4, torch.tensor([[0.7]])
    variance = 1 / (1 + a**2 / s**2)
    mean = variance * a / s**2 * x
    # E over the posterior of the squared error is in closed form too.
    missed = reconstruction(x, a * mean, s) + a**2 * variance / (2 * s**2)
    bound = missed + kl(mean, torch.full_like(mean, math.log(variance)))
    exact = -torch.distributions.Normal(0, math.sqrt(a**2 + s**2)).log_prob(x).sum(1)
    assert bound.item() == pytest.approx(exact.item(), abs=1e-6)


@pytest.mark.parametrize(("noise", "lines"), [(1, 1), (2, 18), (5, 18)])
def test_the_net_of_codes_is_a_line_or_a_net(noise, lines):
    config = PointsConfig(family="vae", noise=noise, seed=0)
    plane = VaeTrainer(config, make_cloud(config)).plane()
    assert plane.paths.shape[0] == lines
    assert plane.field is None
