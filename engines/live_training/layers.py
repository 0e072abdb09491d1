"""Layers at the ends of convolutional networks: from noise to a first picture, and to and from few channels.

There oneDNN's convolutions are slow. A transposed convolution of 4 x 4 with stride 2 is a matrix product and four
shifted sums: on a CPU without AMX that took 0.7 ms where oneDNN took 2.7 (64 pictures of 28 px, 32 -> 1 channels), and
so did the gradient of D's first layer, which is the same.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Project(nn.Module):
    """ "Project and reshape": [N, inputs] -> [N, channels, size, size], already laid out channels-last."""

    def __init__(self, inputs: int, channels: int, size: int) -> None:
        super().__init__()
        self.linear = nn.Linear(inputs, size * size * channels, bias=False)
        self.shape = (size, size, channels)

    def forward(self, z: Tensor) -> Tensor:
        return self.linear(z).unflatten(1, self.shape).permute(0, 3, 1, 2)


class ToPicture(nn.ConvTranspose2d):
    """ConvTranspose2d(inputs, channels, 4, stride=2, padding=1, bias=False)."""

    def __init__(self, inputs: int, channels: int) -> None:
        super().__init__(inputs, channels, 4, stride=2, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """[N, inputs, H, W] -> [N, channels, 2H, 2W]."""
        return _Spread.apply(x, self.weight) if _pays(x) else super().forward(x)


class FromPicture(nn.Conv2d):
    """Conv2d(channels, outputs, 4, stride=2, padding=1)."""

    def __init__(self, channels: int, outputs: int, bias: bool) -> None:
        super().__init__(channels, outputs, 4, stride=2, padding=1, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        """[N, channels, 2H, 2W] -> [N, outputs, H, W]."""
        if not (_pays(x) and x.requires_grad):  # only the picture's gradient is slow
            return super().forward(x)
        return _Gather.apply(x, self.weight, self.bias)


def _pays(x: Tensor) -> bool:
    return x.device.type == "cpu" and x.dtype == torch.float32 and not torch.is_autocast_enabled("cpu")


def spread(x: Tensor, weight: Tensor) -> Tensor:
    """conv_transpose2d(x, weight, stride=2, padding=1): x [N, C, H, W], weight [C, O, 4, 4] -> [N, O, 2H, 2W].

    With k = 2a + b a row of the kernel, i of x goes to row 2i + k - 1: that is row b of the two that i + a stands for.
    """
    n, c, h, w = x.shape
    o = weight.shape[1]
    kernel = weight.reshape(c, o, 2, 2, 2, 2).permute(2, 4, 1, 3, 5, 0).reshape(16 * o, c)
    parts = (kernel @ x.permute(0, 2, 3, 1).reshape(-1, c).T).view(2, 2, 4 * o, n, h, w)
    total = parts.new_zeros(4 * o, n, h + 1, w + 1)
    for down in (0, 1):
        for right in (0, 1):
            total[:, :, down : down + h, right : right + w] += parts[down, right]
    whole = total.view(o, 2, 2, n, h + 1, w + 1).permute(3, 0, 4, 1, 5, 2).reshape(n, o, 2 * h + 2, 2 * w + 2)
    return whole[:, :, 1:-1, 1:-1]


def _of_weight(x: Tensor, weight: Tensor, out: Tensor) -> Tensor:
    """The gradient of conv2d's weight for pictures x and gradient `out`."""
    options = ([2, 2], [1, 1], [1, 1], False, [0, 0], 1, [False, True, False])
    return torch.ops.aten.convolution_backward(out, x, weight, None, *options)[1]


class _Spread(torch.autograd.Function):
    """`spread`, whose gradients are those of _Gather the other way round; so both may be differentiated again."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor) -> Tensor:
        ctx.save_for_backward(x, weight)
        return spread(x, weight)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor | None]:
        x, weight = ctx.saved_tensors
        needs_x, needs_weight = ctx.needs_input_grad
        return (
            _Gather.apply(gradient, weight, None) if needs_x else None,
            _of_weight(gradient, weight, x) if needs_weight else None,
        )


class _Gather(torch.autograd.Function):
    """conv2d(x, weight, bias, stride=2, padding=1)."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        ctx.save_for_backward(x, weight)
        return F.conv2d(x, weight, bias, stride=2, padding=1)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
        x, weight = ctx.saved_tensors
        needs_x, needs_weight, needs_bias = ctx.needs_input_grad
        return (
            _Spread.apply(gradient, weight) if needs_x else None,
            _of_weight(x, weight, gradient) if needs_weight else None,
            gradient.sum((0, 2, 3)) if needs_bias else None,
        )
