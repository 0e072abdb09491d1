"""The head's cross-entropy on a CPU, a few rows at a time: the logits of all rows are never in memory at once.

For 2,000 tokens and 5,000 characters they would be 40 MB, which PyTorch's own way passes over some ten times; of a
few rows they stay in the cache. The gradient is made along with the loss (Wijmans et al. 2024, arXiv:2411.09009).
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

ROWS = 512  # at a time
LEAST = 1e-38  # share of the right one, about the least that both types can tell from 0


class HeadLoss(torch.autograd.Function):
    """Sum of -log softmax(x @ weight.T)[target] over rows: x [N, W], weight [V, W], targets int64 [N]."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, targets: Tensor, dtype: torch.dtype) -> Tensor:
        """`dtype`: of the multiplications."""
        low, rows = weight.detach().to(dtype), x.detach().to(dtype)
        total = torch.zeros((), device=x.device)
        to_x, to_weight = torch.empty_like(rows), torch.zeros_like(weight)
        with torch.autocast(x.device.type, enabled=False):
            for start in range(0, len(rows), ROWS):
                some, target = rows[start : start + ROWS], targets[start : start + ROWS]
                right = torch.arange(len(some), device=x.device), target
                error = (some @ low.T).softmax(1)  # computed in float32, and rounded as the gradient would be anyhow
                total -= error[right].float().clamp(min=LEAST).log().sum()
                error[right] -= 1
                torch.mm(error, low, out=to_x[start : start + ROWS])
                if dtype == torch.float32:
                    to_weight.addmm_(error.T, some)
                else:
                    to_weight += error.T @ some
        ctx.save_for_backward(to_x.to(x.dtype), to_weight)
        return total

    @staticmethod
    def backward(ctx: Any, scale: Tensor) -> tuple[Tensor, Tensor, None, None]:
        """The gradients, which `forward` made."""
        to_x, to_weight = ctx.saved_tensors
        return to_x * scale, to_weight * scale, None, None
