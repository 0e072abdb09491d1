"""Samplers against the exact solution for Gaussian data."""

from itertools import pairwise

import pytest
import torch

from engines.diffusion_training.objectives import OBJECTIVES
from engines.diffusion_training.samplers import SAMPLERS, sample

MEAN, SPREAD = 0.4, 0.3
PATHS = {name: OBJECTIVES[name].path for name in ("flow", "v")}


def denoise_on(path):
    """E[x | z] for data N(MEAN, SPREAD²)."""

    def denoise(z, s):
        alpha, sigma = path(torch.tensor(s, dtype=z.dtype))
        return MEAN + alpha * SPREAD**2 / (alpha**2 * SPREAD**2 + sigma**2) * (z - alpha * MEAN)

    return denoise


def end(path, sampler, steps, noise, seed=0):
    *_, (level, z, x) = sample(denoise_on(path), path, noise, steps, sampler, seed)
    assert level == 0
    assert torch.equal(z, x)
    return x


def errors(name, sampler, steps):
    """The largest distance from the exact solution; the probability-flow equation keeps each point's place."""
    noise = torch.linspace(-2, 2, 9, dtype=torch.float64)
    return [(end(PATHS[name], sampler, n, noise) - (MEAN + SPREAD * noise)).abs().max().item() for n in steps]


@pytest.mark.parametrize("name", PATHS)
@pytest.mark.parametrize(("sampler", "ratio"), [("euler", 1.8), ("heun", 2.4), ("dpmpp", 1.3)])
def test_more_steps_come_to_the_exact_solution(name, sampler, ratio):
    found = errors(name, sampler, (40, 80, 160))
    assert found[-1] < 0.02
    for coarse, fine in pairwise(found):
        assert coarse / fine > ratio


@pytest.mark.parametrize("name", PATHS)
@pytest.mark.parametrize("sampler", ["heun", "dpmpp"])
def test_a_sampler_of_second_order_needs_fewer_steps_than_euler(name, sampler):
    assert errors(name, sampler, [20])[0] < 0.5 * errors(name, "euler", [20])[0]


@pytest.mark.parametrize("name", PATHS)
@pytest.mark.parametrize("sampler", SAMPLERS)
def test_samples_have_the_mean_and_spread_of_the_data(name, sampler):
    noise = torch.randn(20_000, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    x = end(PATHS[name], sampler, 200, noise)
    assert x.mean().item() == pytest.approx(MEAN, abs=0.01)
    assert x.std().item() == pytest.approx(SPREAD, abs=0.01)


def test_one_step_of_euler_goes_to_the_mean():
    x = end(PATHS["flow"], "euler", 1, torch.randn(5, dtype=torch.float64))
    torch.testing.assert_close(x, torch.full_like(x, MEAN))


def test_ddpm_adds_noise_that_its_seed_fixes():
    noise = torch.zeros(6, dtype=torch.float64)
    first, again, other = (end(PATHS["v"], "ddpm", 20, noise, seed) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert first.std() > 0.05


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_every_step_tells_where_it_is(sampler):
    way = list(sample(denoise_on(PATHS["flow"]), PATHS["flow"], torch.ones(3, dtype=torch.float64), 4, sampler))
    assert [level for level, _, _ in way] == [1.0, 0.75, 0.5, 0.25, 0.0]
    assert torch.equal(way[0][1], torch.ones(3, dtype=torch.float64))
    torch.testing.assert_close(way[0][2], torch.full((3,), MEAN, dtype=torch.float64), atol=0.5, rtol=0)
