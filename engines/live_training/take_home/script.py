"""What the scripts of all families share: the pictures that they read, and layers as lines of code."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from engines.data.pictures import load_bundled
from engines.knobs import Config
from engines.messages import EngineError

if TYPE_CHECKING:
    from torch import nn

PICTURES = "pictures.npz"  # beside the script
PROJECT = '''\
class Project(nn.Module):
    """[N, inputs] -> [N, channels, size, size], each place a vector of channels."""

    def __init__(self, inputs, channels, size):
        super().__init__()
        self.linear, self.shape = nn.Linear(inputs, size * size * channels, bias=False), (size, size, channels)

    def forward(self, z):
        return self.linear(z).unflatten(1, self.shape).permute(0, 3, 1, 2)


'''


def pictures_file(config: Config) -> tuple[bytes, int, int]:
    """The bundled pictures at the config's size as an npz of images and labels, their channels, and their classes.

    EngineError if the run learnt others.
    """
    if config.dataset == "own" or config.whole:
        raise EngineError("Only runs on the pictures that ship with the app can be had as a script.")
    pictures = load_bundled(config.dataset).resized(config.size)
    file = io.BytesIO()
    np.savez_compressed(file, images=pictures.images, labels=pictures.labels)
    return file.getvalue(), pictures.channels, len(pictures.class_names)


def as_code(net: nn.Sequential, indent: str = " " * 8) -> str:
    """The layers as lines of code, such as `nn.Linear(32, 64),`."""
    return "\n".join(f"{indent}{line}," for line in map(_layer, net))


def _layer(layer: nn.Module) -> str:
    kind = type(layer).__name__
    match kind:
        case "Project":
            return f"Project({layer.linear.in_features}, {layer.shape[2]}, {layer.shape[0]})"
        case "Conv2d" | "FromPicture":
            ends = f"{layer.in_channels}, {layer.out_channels}"
            return f"nn.Conv2d({ends}, 4, 2, 1{_without(layer)})"
        case "ConvTranspose2d" | "ToPicture":
            ends = f"{layer.in_channels}, {layer.out_channels}"
            return f"nn.ConvTranspose2d({ends}, 4, 2, 1{_without(layer)})"
        case "Linear":
            return f"nn.Linear({layer.in_features}, {layer.out_features}{_without(layer)})"
        case "BatchNorm1d" | "BatchNorm2d":
            kept = "" if layer.track_running_stats else ", track_running_stats=False"
            return f"nn.{kind}({layer.num_features}{kept})"
        case "LeakyReLU":
            return f"nn.LeakyReLU({layer.negative_slope})"
        case "Unflatten":
            return f"nn.Unflatten(1, {tuple(layer.unflattened_size)})"
    return f"nn.{kind}()"


def _without(layer: nn.Module) -> str:
    return "" if layer.bias is not None else ", bias=False"


def has_project(*nets: nn.Module) -> bool:
    """Whether one of the networks has a layer of that class."""
    return any(type(layer).__name__ == "Project" for layer in _all(*nets))


def _all(*nets: nn.Module) -> Iterator[nn.Module]:
    for net in nets:
        yield from net.modules()
