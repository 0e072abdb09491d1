"""Muon, an optimiser for matrices: each step is the momentum with all its singular values brought to about 1.

Jordan et al. 2024, "Muon: An optimizer for hidden layers in neural networks", https://kellerjordan.github.io/posts/muon/.
On the small network here it needed a quarter to a third fewer steps than Adam (tests/benchmarks/LOG.md).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

NARROW = 16  # matrices with fewer rows or columns are left to Adam
COEFFICIENTS = (3.4445, -4.7750, 2.0315)  # of Jordan's polynomial
ROUNDS = 5
SCALE = 2.0  # the root mean square of a step, as a multiple of the learning rate; so one rate serves Adam and Muon


class Muon(torch.optim.Optimizer):
    """With Nesterov's momentum. A convolution's weight [out, in, k, k] counts as a matrix [out, in k k]."""

    def __init__(self, weights: Iterable[Tensor], lr: float | Tensor, momentum: float = 0.95) -> None:
        super().__init__(weights, {"lr": lr, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:
        """One update of all weights that have a gradient."""
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is None:
                    continue
                state = self.state[weight]
                if not state:
                    state["momentum"] = torch.zeros_like(weight)
                momentum = state["momentum"].lerp_(weight.grad, 1 - group["momentum"])
                update = orthogonal(weight.grad.lerp(momentum, group["momentum"]).flatten(1))
                scale = SCALE * max(update.shape) ** 0.5
                weight.sub_(update.view(weight.shape).mul_(scale).mul_(group["lr"]))


def orthogonal(matrix: Tensor) -> Tensor:
    """The matrix with its singular values brought near 1, by Newton and Schulz's iteration."""
    a, b, c = COEFFICIENTS
    tall = matrix.shape[0] > matrix.shape[1]
    x = matrix.T if tall else matrix
    x = x / (x.norm() + 1e-7)
    for _ in range(ROUNDS):
        square = x @ x.T
        x = a * x + (b * square + c * square @ square) @ x
    return x.T.contiguous() if tall else x


def split(net: nn.Module) -> tuple[list[Tensor], list[Tensor]]:
    """The weights that Muon takes, convolutions from wide to wide, and the rest."""
    matrices = [p for p in net.parameters() if p.dim() == 4 and min(p.shape[:2]) >= NARROW]
    taken = set(map(id, matrices))
    return matrices, [p for p in net.parameters() if id(p) not in taken]
