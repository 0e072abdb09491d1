import math

import pytest
import torch

from engines.gan_training.config import GanConfig
from engines.gan_training.objectives import OBJECTIVES, gradient_penalty, r1_r2, squared_gradient

WEIGHT = torch.tensor([[3.0, 0.0], [0.0, 4.0]])  # of norm 5


def linear_critic(x: torch.Tensor) -> torch.Tensor:
    """Has the gradient WEIGHT everywhere."""
    return (x * WEIGHT).sum(dim=(1, 2, 3))


@pytest.fixture
def pictures():
    rng = torch.Generator().manual_seed(0)
    return torch.randn(6, 1, 2, 2, generator=rng), torch.randn(6, 1, 2, 2, generator=rng)


def test_every_choice_has_an_objective_of_the_same_title():
    choices = GanConfig.knobs()["objective"].choices
    assert {name: o.title for name, o in OBJECTIVES.items()} == dict(choices)
    assert all("arXiv:" in objective.paper for objective in OBJECTIVES.values())


def test_squared_gradient_of_a_linear_critic(pictures):
    torch.testing.assert_close(squared_gradient(linear_critic, pictures[0]), torch.full((6,), 25.0))


def test_gradient_penalty_of_a_linear_critic(pictures):
    value = gradient_penalty(linear_critic, *pictures, torch.Generator().manual_seed(0))
    assert value.item() == pytest.approx(10 * (5 - 1) ** 2)


def test_r1_and_r2_of_a_linear_critic(pictures):
    value = r1_r2(linear_critic, *pictures, torch.Generator())
    assert value.item() == pytest.approx(25 / 2 + 25 / 2)


def test_r1_and_r2_look_at_real_and_at_fake_pictures():
    def critic(x):  # the gradient is x itself
        return 0.5 * x.flatten(1).square().sum(1)

    real, fake = torch.full((3, 1, 1, 1), 2.0), torch.full((3, 1, 1, 1), 4.0)
    assert r1_r2(critic, real, fake, torch.Generator()).item() == pytest.approx(4 / 2 + 16 / 2)


def test_penalties_reach_the_weights_of_the_critic(pictures):
    for penalty in (gradient_penalty, r1_r2):
        weight = WEIGHT.clone().requires_grad_()
        penalty(lambda x, w=weight: (x * w).sum(dim=(1, 2, 3)), *pictures, torch.Generator()).backward()
        assert weight.grad.norm() > 0


def test_losses_of_known_scores():
    real, fake = torch.tensor([0.0, 0.0]), torch.tensor([0.0, 0.0])
    values = {name: (o.d_loss(real, fake).item(), o.g_loss(real, fake).item()) for name, o in OBJECTIVES.items()}
    half = math.log(2)
    expected = {
        "non_saturating": (2 * half, half),
        "minimax": (2 * half, -half),
        "least_squares": (0.5, 0.5),
        "wgan_gp": (0.0, 0.0),
        "hinge": (2.0, 0.0),
        "relativistic": (half, half),
    }
    for name, pair in expected.items():
        assert values[name] == pytest.approx(pair), name


@pytest.mark.parametrize("name", OBJECTIVES)
def test_d_wants_real_above_fake_and_g_the_reverse(name):
    objective = OBJECTIVES[name]
    high, low = torch.full((4,), 0.9), torch.full((4,), 0.1)
    assert objective.d_loss(high, low) < objective.d_loss(low, high)
    assert objective.g_loss(high, high) < objective.g_loss(high, low)


def test_a_saturating_loss_loses_its_gradient_where_d_is_sure():
    sizes = {}
    for name in ("minimax", "non_saturating"):
        fake = torch.tensor([-12.0], requires_grad=True)
        OBJECTIVES[name].g_loss(fake, fake).backward()
        sizes[name] = fake.grad.abs().item()
    assert sizes["minimax"] < 1e-4 < 0.99 < sizes["non_saturating"]


def test_output_is_a_probability_only_where_the_objective_has_one():
    score = torch.tensor([2.0])
    assert OBJECTIVES["non_saturating"].output(score).item() == pytest.approx(1 / (1 + math.exp(-2)))
    assert OBJECTIVES["wgan_gp"].output(score).item() == 2.0
