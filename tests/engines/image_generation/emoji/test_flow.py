"""The samplers, on data whose exact flow is known: a Gaussian, to which noise e flows as mean + deviation * e."""

from __future__ import annotations

import pytest
import torch

from engines.image_generation.emoji.flow import SAMPLERS, guided, sample

MEAN, DEVIATION = 2.0, 0.5
NOISE = torch.randn(1000, generator=torch.Generator().manual_seed(0)).double()


def posterior_mean(z: torch.Tensor, t: float) -> torch.Tensor:
    """E[x | z] for z = t x + (1 - t) e."""
    gain = t * DEVIATION**2 / (t**2 * DEVIATION**2 + (1 - t) ** 2)
    return MEAN + gain * (z - t * MEAN)


def error(sampler: str, steps: int) -> float:
    *_, result = sample(posterior_mean, NOISE, steps, sampler)
    return float((result - (MEAN + DEVIATION * NOISE)).abs().mean())


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_each_sampler_follows_the_flow(sampler):
    assert error(sampler, 64) < 0.02
    assert error(sampler, 64) < error(sampler, 16) < error(sampler, 4)


def test_the_better_samplers_are_better():
    assert error("heun", 16) < error("euler", 16) / 4
    assert error("dpmpp_2m", 16) < error("euler", 16) / 2


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_there_is_a_prediction_for_each_step(sampler):
    assert len(list(sample(posterior_mean, NOISE, 7, sampler))) == 7
    (only,) = sample(posterior_mean, NOISE, 1, sampler)
    assert torch.allclose(only, torch.full_like(only, MEAN))


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_late_start_stays_near_the_picture(sampler):
    clean = torch.full_like(NOISE, 3.0)
    *_, near = sample(posterior_mean, NOISE, 20, sampler, begin=0.95, clean=clean)
    *_, far = sample(posterior_mean, NOISE, 20, sampler, begin=0.1, clean=clean)
    assert (near - clean).abs().mean() < 0.2 < (far - clean).abs().mean()


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_what_the_mask_keeps_is_kept(sampler):
    clean, mask = torch.full_like(NOISE, -1.0), torch.zeros_like(NOISE)
    mask[:500] = 1
    for predicted in sample(posterior_mean, NOISE, 10, sampler, clean=clean, mask=mask):
        assert torch.equal(predicted[500:], clean[500:])
    assert predicted[:500].mean() > 1.5


def test_guidance_goes_away_from_the_negative_prompt():
    seen = []

    def net(z, time, text, style):
        seen.append((len(z), float(time[0]), style.tolist()))
        return text

    text, negative = torch.full((2, 1), 3.0), torch.full((2, 1), 1.0)
    style = torch.tensor([0, 1])
    z = torch.zeros(2, 1)
    assert torch.equal(guided(net, text, negative, style, 1.0)(z, 0.5), text)
    assert torch.equal(guided(net, text, negative, style, 4.0)(z, 0.5), torch.full((2, 1), 9.0))
    assert torch.equal(guided(net, text, negative, style, 0.0)(z, 0.5), negative)
    assert seen[:2] == [(2, 0.5, [0, 1]), (4, 0.5, [0, 1, 0, 1])]
