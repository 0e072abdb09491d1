import numpy as np
import pytest
import torch
from torch import nn

from engines.gan_training.config import GanConfig
from engines.gan_training.networks import build_discriminator, build_generator, generate, latents

SMALL = {"features": 8, "latent": 5, "seed": 3}


@pytest.mark.parametrize("conditional", [False, True])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [28, 32, 64])
@pytest.mark.parametrize("architecture", ["mlp", "dcgan"])
def test_shapes(architecture, size, channels, conditional):
    config = GanConfig(architecture=architecture, size=size, conditional=conditional, **SMALL)
    g, d = build_generator(config, channels, 4), build_discriminator(config, channels, 4)
    z, y = torch.randn(6, 5, generator=torch.Generator().manual_seed(0)), torch.arange(6) % 4
    x = g(z, y)
    assert x.shape == (6, channels, size, size)
    assert -1 <= x.min() < x.max() <= 1
    scores = d(x, y)
    assert scores.shape == (6,)
    assert scores.isfinite().all()


def test_same_seed_same_weights_whatever_the_global_rng():
    config = GanConfig(**SMALL)
    before = torch.get_rng_state()
    first = build_generator(config, 1, 0).state_dict()
    assert torch.equal(torch.get_rng_state(), before)
    torch.rand(7)
    second = build_generator(config, 1, 0).state_dict()
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_another_seed_gives_other_weights():
    networks = [build_generator(GanConfig(**SMALL | {"seed": seed}), 1, 0) for seed in (3, 4)]
    first, second = (next(n.parameters()) for n in networks)
    assert not torch.equal(first, second)


def test_weights_start_as_in_the_dcgan_paper():
    g = build_generator(GanConfig(features=32, seed=0), 1, 0)
    convolution = next(m for m in g.modules() if isinstance(m, nn.ConvTranspose2d))
    assert convolution.weight.std().item() == pytest.approx(0.02, rel=0.05)
    assert all(p.isfinite().all() for p in g.state_dict().values())


@pytest.mark.parametrize(("objective", "expected"), [("non_saturating", True), ("wgan_gp", False)])
def test_no_batch_norm_in_d_under_a_gradient_penalty(objective, expected):
    d = build_discriminator(GanConfig(objective=objective, **SMALL), 1, 0)
    assert any(isinstance(m, nn.BatchNorm2d) for m in d.modules()) is expected


def test_the_label_matters_to_both_networks():
    config = GanConfig(conditional=True, **SMALL)
    g, d = build_generator(config, 1, 2).eval(), build_discriminator(config, 1, 2).eval()
    z, y = torch.ones(2, 5), torch.tensor([0, 1])
    x = g(z, y)
    assert not torch.allclose(x[0], x[1])
    scores = d(x[:1].expand(2, -1, -1, -1), y)
    assert scores[0] != scores[1]


def test_generate_gives_uint8_pictures_in_chunks():
    g = build_generator(GanConfig(**SMALL), 3, 0)
    z, labels = latents(10, 5, seed=1), np.zeros(10, np.int64)
    whole, chunks = generate(g, z, labels), generate(g, z, labels, chunk=4)
    assert whole.shape == (10, 28, 28, 3)
    assert whole.dtype == np.uint8
    assert np.abs(whole.astype(int) - chunks).max() <= 1


def test_latents_are_fixed_by_the_seed():
    assert np.array_equal(latents(4, 5, seed=1), latents(4, 5, seed=1))
    assert not np.array_equal(latents(4, 5, seed=1), latents(4, 5, seed=2))
