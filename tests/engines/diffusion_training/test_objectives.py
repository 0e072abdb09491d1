"""Each objective against Gaussian data, where the best possible answer is known in closed form."""

import pytest
import torch

from engines.diffusion_training.objectives import OBJECTIVES, clean

MEAN, SPREAD = 0.4, 0.3  # of the data


def answer(objective, z, alpha, sigma):
    """E[what is to be predicted | z] for x ~ N(MEAN, SPREAD²): linear, since (target, z) is jointly Gaussian."""
    variance = alpha**2 * SPREAD**2 + sigma**2
    x = MEAN + alpha * SPREAD**2 / variance * (z - alpha * MEAN)
    e = sigma / variance * (z - alpha * MEAN)
    return objective.target(x, e, alpha, sigma), x


@pytest.mark.parametrize("name", OBJECTIVES)
@pytest.mark.parametrize("level", [0.15, 0.5, 0.85])
def test_the_least_squared_error_is_where_the_theory_says(name, level):
    objective = OBJECTIVES[name]
    rng = torch.Generator().manual_seed(1)
    x, e = MEAN + SPREAD * torch.randn(200_000, generator=rng), torch.randn(200_000, generator=rng)
    alpha, sigma = objective.path(torch.tensor(level))
    z = alpha * x + sigma * e
    target = objective.target(x, e, alpha, sigma)
    design = torch.stack([z, torch.ones_like(z)], dim=1)
    fit = torch.linalg.lstsq(design, target[:, None]).solution
    best, _ = answer(objective, z[:5], alpha, sigma)
    torch.testing.assert_close((design[:5] @ fit)[:, 0], best, atol=0.01, rtol=0.01)


@pytest.mark.parametrize("name", OBJECTIVES)
def test_the_clean_picture_comes_back_from_a_right_answer(name):
    objective = OBJECTIVES[name]
    s = torch.linspace(0.05, 0.95, 7)
    x, e = torch.linspace(-1, 1, 7), torch.linspace(2, -2, 7)
    alpha, sigma = objective.path(s)
    z, nothing, one = alpha * x + sigma * e, torch.zeros(7), torch.ones(7)
    guess = objective.said(z, nothing, alpha, sigma)
    right = (objective.target(x, e, alpha, sigma) - guess) / (objective.said(z, one, alpha, sigma) - guess)
    torch.testing.assert_close(clean(z, right, alpha, sigma), x)


@pytest.mark.parametrize("name", OBJECTIVES)
@pytest.mark.parametrize("level", [0.1, 0.5, 0.9])
def test_what_the_network_must_give_has_unit_variance_where_pixels_are_as_supposed(name, level):
    objective = OBJECTIVES[name]
    rng = torch.Generator().manual_seed(1)
    x, e = 0.5 * torch.randn(100_000, generator=rng), torch.randn(100_000, generator=rng)
    alpha, sigma = objective.path(torch.tensor(level))
    z = alpha * x + sigma * e
    guess = objective.said(z, torch.tensor(0.0), alpha, sigma)
    wanted = (objective.target(x, e, alpha, sigma) - guess) / (
        objective.said(z, torch.tensor(1.0), alpha, sigma) - guess
    )
    assert wanted.std().item() == pytest.approx(1, abs=0.02)
    assert (wanted * z).mean().item() == pytest.approx(0, abs=0.02)


@pytest.mark.parametrize("name", OBJECTIVES)
def test_paths_go_from_the_picture_to_pure_noise(name):
    alpha, sigma = OBJECTIVES[name].path(torch.tensor([0.0, 1.0]))
    torch.testing.assert_close(alpha, torch.tensor([1.0, 0.0]), atol=1e-6, rtol=0)
    torch.testing.assert_close(sigma, torch.tensor([0.0, 1.0]), atol=1e-6, rtol=0)


def test_the_velocity_is_how_the_noisy_picture_moves():
    x, e, s, step = torch.tensor(0.7), torch.tensor(-1.2), torch.tensor(0.3), 1e-3
    for name, speed in (("flow", 1.0), ("v", torch.pi / 2)):
        objective = OBJECTIVES[name]
        (a0, s0), (a1, s1) = (objective.path(s + d) for d in (-step, step))
        moved = ((a1 * x + s1 * e) - (a0 * x + s0 * e)) / (2 * step)
        torch.testing.assert_close(moved, speed * objective.target(x, e, *objective.path(s)), atol=1e-3, rtol=1e-3)


@pytest.mark.parametrize("name", OBJECTIVES)
def test_levels_lie_within_the_path_and_favour_what_they_say(name):
    levels = OBJECTIVES[name].levels(torch.randn(20_000, generator=torch.Generator().manual_seed(0)))
    assert levels.min() > 0
    assert levels.max() < 1
    middle = ((levels > 0.25) & (levels < 0.75)).float().mean().item()
    assert middle == pytest.approx(0.728 if name == "flow" else 0.5, abs=0.02)


def test_nothing_is_divided_by_nothing_at_the_ends():
    for level in (0.0, 1.0):
        for objective in OBJECTIVES.values():
            alpha, sigma = objective.path(torch.tensor(level))
            for found in (clean(torch.tensor(0.7), torch.tensor(0.3), alpha, sigma),
                          objective.said(torch.tensor(0.7), torch.tensor(0.3), alpha, sigma)):  # fmt: skip
                assert found.isfinite()
