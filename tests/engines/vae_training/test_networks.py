import math

import numpy as np
import pytest
import torch

from engines.vae_training.config import VaeConfig
from engines.vae_training.networks import Posterior, build_vae, decode, from_pictures, latents, nats, to_pictures

SMALL = {"features": 8, "latent": 5, "seed": 3}


@pytest.mark.parametrize("conditional", [False, True])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [28, 32, 64])
@pytest.mark.parametrize("architecture", ["mlp", "conv"])
def test_shapes(architecture, size, channels, conditional):
    config = VaeConfig(architecture=architecture, size=size, conditional=conditional, **SMALL)
    net = build_vae(config, channels, 4)
    x, y = torch.rand(6, channels, size, size), torch.arange(6) % 4
    logits, q = net(x, y, torch.randn(6, 5))
    assert logits.shape == x.shape
    assert logits.isfinite().all()
    assert q.mean.shape == q.log_variance.shape == (6, 5)
    assert q.kl().shape == (6, 5)
    assert (q.kl() >= 0).all()


def test_same_seed_same_weights_whatever_the_global_rng():
    config = VaeConfig(**SMALL)
    before = torch.get_rng_state()
    first = build_vae(config, 1, 0).state_dict()
    assert torch.equal(torch.get_rng_state(), before)
    torch.rand(7)
    second = build_vae(config, 1, 0).state_dict()
    assert all(torch.equal(first[name], second[name]) for name in first)
    other = build_vae(VaeConfig(**SMALL | {"seed": 4}), 1, 0).state_dict()
    assert not torch.equal(first["posterior.weight"], other["posterior.weight"])


def test_it_begins_near_the_prior():
    net = build_vae(VaeConfig(seed=0), 1, 0)
    q = net.encode(torch.rand(20, 1, 28, 28), torch.zeros(20, dtype=torch.int64))
    assert q.kl().sum(1).mean() < 5
    assert net.decode(torch.randn(20, 16), None).std() < 5


def test_the_label_matters_to_both_networks():
    net = build_vae(VaeConfig(conditional=True, **SMALL), 1, 2)
    y = torch.tensor([0, 1])
    a, b = net.decode(torch.ones(2, 5), y)
    assert not torch.allclose(a, b)
    q = net.encode(torch.ones(2, 1, 28, 28), y)
    assert not torch.allclose(q.mean[0], q.mean[1])


def test_the_kl_divergence_is_that_of_gaussians():
    q = Posterior(torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, math.log(0.25)]]))
    assert q.kl()[0, 0].item() == pytest.approx(0.5)
    there, prior = torch.distributions.Normal(0.0, 0.5), torch.distributions.Normal(0.0, 1.0)
    assert q.kl()[0, 1].item() == pytest.approx(torch.distributions.kl_divergence(there, prior).item())


def test_nats_are_those_of_the_distributions():
    x, logits = torch.rand(3, 1, 4, 4), torch.randn(3, 1, 4, 4)
    gaussian = torch.distributions.Normal(logits.sigmoid(), 0.2).log_prob(x).sum((1, 2, 3))
    levels = 16 * math.log(255)
    assert torch.allclose(nats(x, logits, torch.tensor(0.04)), levels - gaussian, rtol=1e-4)
    white = (x > 0.5).float()
    bernoulli = torch.distributions.Bernoulli(logits=logits).log_prob(white).sum((1, 2, 3))
    assert torch.allclose(nats(white, logits, None), -bernoulli, rtol=1e-4)


def test_decode_gives_uint8_pictures_in_chunks():
    net = build_vae(VaeConfig(**SMALL), 3, 0)
    z, labels = latents(10, 5, seed=1), np.zeros(10, np.int64)
    whole, chunks = decode(net, z, labels), decode(net, z, labels, chunk=4)
    assert whole.shape == (10, 28, 28, 3)
    assert whole.dtype == np.uint8
    assert np.abs(whole.astype(int) - chunks).max() <= 1


def test_pictures_survive_the_way_to_numbers_and_back():
    images = torch.arange(256, dtype=torch.uint8).reshape(1, 16, 16, 1)
    logits = torch.logit(from_pictures(images), eps=1e-6)
    assert torch.equal(to_pictures(logits), images)
