"""What D and G compete for: one entry an objective, each loss a function of real and fake scores.

Scores are D's raw outputs, float32 [N]; losses are scalars to be minimised. A penalty gets the critic
x -> scores and a batch of real and of fake pictures [N, C, S, S], and already carries the weight its
paper uses.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import torch
import torch.nn.functional as F
from torch import Tensor

Loss = Callable[[Tensor, Tensor], Tensor]
Critic = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Objective:
    """An adversarial objective: `d_loss` and `g_loss` take (real scores, fake scores)."""

    title: str
    paper: str
    d_loss: Loss
    g_loss: Loss
    penalty: Callable[[Critic, Tensor, Tensor, torch.Generator], Tensor] | None = None
    output: Callable[[Tensor], Tensor] = torch.sigmoid  # score -> the D(x) that is shown
    paired: bool = False  # g_loss needs the scores of real pictures too


def _identity(score: Tensor) -> Tensor:
    return score


def cross_entropy_d(real: Tensor, fake: Tensor) -> Tensor:
    """-log D(x) - log(1 - D(G(z))), with D = sigmoid(score)."""
    return F.softplus(-real).mean() + F.softplus(fake).mean()


def non_saturating_g(real: Tensor, fake: Tensor) -> Tensor:
    """-log D(G(z)): a strong gradient where D is sure."""
    return F.softplus(-fake).mean()


def saturating_g(real: Tensor, fake: Tensor) -> Tensor:
    """log(1 - D(G(z))): the game as first written, whose gradient vanishes where D is sure."""
    return -F.softplus(fake).mean()


def least_squares_d(real: Tensor, fake: Tensor) -> Tensor:
    """Half the squared distance of real scores to 1 and of fake ones to 0."""
    return 0.5 * ((real - 1).square().mean() + fake.square().mean())


def least_squares_g(real: Tensor, fake: Tensor) -> Tensor:
    """Half the squared distance of fake scores to 1."""
    return 0.5 * (fake - 1).square().mean()


def wasserstein_d(real: Tensor, fake: Tensor) -> Tensor:
    """Minus the estimated Wasserstein-1 distance."""
    return fake.mean() - real.mean()


def raise_score_g(real: Tensor, fake: Tensor) -> Tensor:
    """-score of the fakes, for WGAN and hinge alike."""
    return -fake.mean()


def hinge_d(real: Tensor, fake: Tensor) -> Tensor:
    """Pushes real scores above 1 and fake ones below -1, no further."""
    return F.relu(1 - real).mean() + F.relu(1 + fake).mean()


def relativistic_d(real: Tensor, fake: Tensor) -> Tensor:
    """Each real picture should score above the fake it is paired with."""
    return F.softplus(fake - real).mean()


def relativistic_g(real: Tensor, fake: Tensor) -> Tensor:
    """Each fake should score above its real picture."""
    return F.softplus(real - fake).mean()


def squared_gradient(critic: Critic, x: Tensor) -> Tensor:
    """||d score / d x||^2 for every picture, [N]; can itself be differentiated."""
    x = x.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    return gradient.float().flatten(1).square().sum(1)


def gradient_penalty(critic: Critic, real: Tensor, fake: Tensor, rng: torch.Generator) -> Tensor:
    """10 (||gradient|| - 1)^2 at random points between real and fake, equation 3 of WGAN-GP."""
    mix = torch.rand(len(real), 1, 1, 1, device=real.device, generator=rng)
    norm = (squared_gradient(critic, torch.lerp(real, fake, mix)) + 1e-12).sqrt()
    return 10 * (norm - 1).square().mean()


def r1_r2(critic: Critic, real: Tensor, fake: Tensor, rng: torch.Generator) -> Tensor:
    """Half the squared gradient at real (R1) and at fake pictures (R2), equation 3 of R3GAN."""
    both = squared_gradient(critic, torch.cat([real, fake]))
    return both.sum() / (2 * len(real))


OBJECTIVES: Mapping[str, Objective] = MappingProxyType(
    {
        "non_saturating": Objective(
            "Non-saturating", "Goodfellow et al. 2014, arXiv:1406.2661", cross_entropy_d, non_saturating_g
        ),
        "minimax": Objective(
            "Minimax, saturating", "Goodfellow et al. 2014, arXiv:1406.2661", cross_entropy_d, saturating_g
        ),
        "least_squares": Objective(
            "Least squares",
            "Mao et al. 2017, arXiv:1611.04076",
            least_squares_d,
            least_squares_g,
            output=_identity,
        ),
        "wgan_gp": Objective(
            "WGAN-GP",
            "Gulrajani et al. 2017, arXiv:1704.00028",
            wasserstein_d,
            raise_score_g,
            penalty=gradient_penalty,
            output=_identity,
        ),
        "hinge": Objective("Hinge", "Lim and Ye 2017, arXiv:1705.02894", hinge_d, raise_score_g, output=_identity),
        "relativistic": Objective(
            "Relativistic + R1 + R2",
            "Huang et al. 2024, arXiv:2501.05441",
            relativistic_d,
            relativistic_g,
            penalty=r1_r2,
            output=_identity,
            paired=True,
        ),
    }
)
