"""The two networks of Ghiasi 2017 ("Exploring the structure of a real-time, arbitrary neural artistic stylization
network", arXiv 1705.06830), as Magenta trained them and rounded their weights to 8 bits.

The first makes 100 numbers of a style picture. The second shrinks a picture to a quarter, changes it in five residual
blocks and enlarges it again; after each convolution it brings every channel to mean 0 and deviation 1, and then to a
deviation and mean that the 100 numbers say (conditional instance normalisation, Dumoulin 2017).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor
from torch.nn import functional as F

from engines.data.cards import ASSETS
from engines.messages import EngineError

WEIGHTS = ASSETS / "stylist" / "stylist.safetensors"
HALVED = (1, 3, 6, 13)  # blocks of MobileNetV2 (Sandler 2018) that halve the sides
BLOCKS = 17
EPSILON = 1e-5  # of the normalisation


class Stylist:
    """Both networks on a device."""

    def __init__(self, tensors: Mapping[str, Tensor], device: torch.device) -> None:
        self.device = device
        self._weights = {
            name.removesuffix(".weight"): (tensors[name] * tensors[_scale(name)].view(-1, 1, 1, 1)).to(device)
            for name in tensors
            if name.endswith(".weight")
        }
        self._biases = {name: tensors[f"{name}.bias"].to(device) for name in self._weights}

    @classmethod
    def load(cls, device: torch.device, path: Path = WEIGHTS) -> Stylist:
        """EngineError if the file is damaged."""
        try:
            return cls({name: tensor.float() for name, tensor in load_file(path).items()}, device)
        except (OSError, SafetensorError, KeyError, RuntimeError) as problem:
            raise EngineError("The bundled model's files are damaged; fetch the program again.") from problem

    @torch.inference_mode()
    def style_of(self, picture: Tensor) -> Tensor:
        """The numbers [1, 100, 1, 1] of a picture [1, 3, 256, 256] in 0..1, by MobileNetV2."""
        x = self._conv("predict.stem", picture, stride=2).clamp(0, 6)
        for i in range(BLOCKS):
            x = self._inverted_residual(f"predict.blocks.{i}", x, 2 if i in HALVED else 1)
        x = self._conv("predict.top", x).clamp(0, 6)
        return self._conv("predict.bottleneck", x.mean((2, 3), keepdim=True))

    @torch.inference_mode()
    def paint(self, picture: Tensor, style: Tensor) -> Tensor:
        """The picture [1, 3, H, W] in 0..1, sides multiples of 4, in the manner of `style`; the same shape."""
        x = self._mirrored("transform.contract.conv1", picture, 4).relu()
        for name in ("conv2", "conv3"):
            x = self._mirrored(f"transform.contract.{name}", x, 1, stride=2).relu()
        for i in range(1, 6):
            block = f"transform.residual.residual{i}"
            inner = self._styled(f"{block}.conv1", x, style, 1).relu()
            x = x + self._styled(f"{block}.conv2", inner, style, 1)
        for name in ("conv1", "conv2"):
            x = F.interpolate(x, scale_factor=2, mode="nearest")
            x = self._styled(f"transform.expand.{name}", x, style, 1).relu()
        return self._styled("transform.expand.conv3", x, style, 4).sigmoid()

    def _inverted_residual(self, name: str, x: Tensor, stride: int) -> Tensor:
        inner = self._conv(f"{name}.expand", x).clamp(0, 6) if f"{name}.expand" in self._weights else x
        inner = self._conv(f"{name}.depthwise", inner, stride, groups=inner.shape[1]).clamp(0, 6)
        out = self._conv(f"{name}.project", inner)
        return x + out if out.shape == x.shape else out

    def _conv(self, name: str, x: Tensor, stride: int = 1, groups: int = 1) -> Tensor:
        """With zeros around as TensorFlow puts them: none before a picture of even sides that is halved."""
        weight = self._weights[name]
        if weight.shape[-1] == 3:
            x = F.pad(x, (1, 1, 1, 1) if stride == 1 else (0, 1, 0, 1))
        return F.conv2d(x, weight, self._biases[name], stride, groups=groups)

    def _mirrored(self, name: str, x: Tensor, margin: int, stride: int = 1) -> Tensor:
        x = F.pad(x, (margin,) * 4, mode="reflect")
        return F.conv2d(x, self._weights[name], self._biases[name], stride)

    def _styled(self, name: str, x: Tensor, style: Tensor, margin: int) -> Tensor:
        x = F.instance_norm(self._mirrored(name, x, margin), eps=EPSILON)
        return x * self._conv(f"{name}.gain", style) + self._conv(f"{name}.shift", style)


def _scale(name: str) -> str:
    return name.removesuffix("weight") + "scale"
