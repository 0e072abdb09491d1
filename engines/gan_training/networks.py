"""G and D: the MLPs of Goodfellow et al. 2014 and the DCGANs of Radford et al. 2015, arXiv:1511.06434.

G maps z [N, latent] and labels [N] to pictures [N, C, S, S] in [-1, 1]; D maps pictures and labels to
scores [N]. Weights come from a torch.Generator of their own, so that the same seed gives the same
networks whatever else runs in the process.
"""

from __future__ import annotations

import itertools

import numpy as np
import torch
from torch import Tensor, nn

from engines.gan_training.config import GanConfig
from engines.gan_training.objectives import OBJECTIVES
from engines.live_training.layers import FromPicture, Project, ToPicture


class Generator(nn.Module):
    """z, and where there are classes an embedding of the label beside it (Mirza and Osindero 2014)."""

    def __init__(self, body: nn.Sequential, latent: int, classes: int) -> None:
        super().__init__()
        self.body = body
        self.embedding = nn.Embedding(classes, latent) if classes else None

    def forward(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        if self.embedding is not None:
            z = torch.cat([z, self.embedding(y)], dim=1)
        return self.body(z)


class Discriminator(nn.Module):
    """Features of the picture, then a score; with classes plus the inner product of the label's embedding
    and the features summed over positions (projection discriminator, Miyato and Koyama 2018)."""

    def __init__(self, body: nn.Sequential, features: int, positions: int, classes: int) -> None:
        super().__init__()
        self.body = body
        self.score = nn.Linear(positions * features, 1)
        self.embedding = nn.Embedding(classes, features) if classes else None

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        h = self.body(x).flatten(2).transpose(1, 2)  # [N, positions, features]
        score = self.score(h.flatten(1)).squeeze(1)
        if self.embedding is not None:
            score = score + (self.embedding(y) * h.sum(1)).sum(1)
        return score


def build_generator(config: GanConfig, channels: int, classes: int) -> Generator:
    """G on the CPU, its weights drawn from config.seed."""
    classes = classes if config.conditional else 0
    inputs = config.latent * (2 if classes else 1)
    body = _mlp_generator if config.architecture == "mlp" else _dcgan_generator
    with torch.device("meta"):  # otherwise each layer would draw weights from the global RNG
        net = Generator(body(config, inputs, channels), config.latent, classes)
    return _initialise(net, config, stream=0)


def build_discriminator(config: GanConfig, channels: int, classes: int) -> Discriminator:
    """D on the CPU. It has no BatchNorm under a gradient penalty, which is defined picture by picture."""
    classes = classes if config.conditional else 0
    build = _mlp_discriminator if config.architecture == "mlp" else _dcgan_discriminator
    with torch.device("meta"):
        net = Discriminator(*build(config, channels), classes)
    return _initialise(net, config, stream=1)


def _mlp_generator(config: GanConfig, inputs: int, channels: int) -> nn.Sequential:
    """Three hidden layers, each twice as wide as the one before."""
    widths = [inputs, *(config.features * m for m in (4, 8, 16))]
    layers: list[nn.Module] = []
    for before, after in itertools.pairwise(widths):
        layers += [nn.Linear(before, after, bias=False), nn.BatchNorm1d(after), nn.ReLU(inplace=True)]
    shape = (channels, config.size, config.size)
    return nn.Sequential(*layers, nn.Linear(widths[-1], channels * config.size**2), nn.Tanh(), nn.Unflatten(1, shape))


def _mlp_discriminator(config: GanConfig, channels: int) -> tuple[nn.Sequential, int, int]:
    """Two hidden layers; returns them with the number of features and positions (one) they give."""
    widths = [channels * config.size**2, config.features * 16, config.features * 8]
    layers: list[nn.Module] = [nn.Flatten()]
    for before, after in itertools.pairwise(widths):
        layers += [nn.Linear(before, after), nn.LeakyReLU(0.2, inplace=True)]
    return nn.Sequential(*layers, nn.Unflatten(1, (widths[-1], 1, 1))), widths[-1], 1


def _stages(config: GanConfig) -> tuple[int, list[int]]:
    """Side of the smallest feature map, and its channels followed by those of each larger one."""
    start = 7 if config.size == 28 else 4
    doublings = (config.size // start).bit_length() - 1
    return start, [config.features * 2**i for i in reversed(range(doublings))]


def _dcgan_generator(config: GanConfig, inputs: int, channels: int) -> nn.Sequential:
    """4 -> 8 -> 16 -> 32 -> 64 px, or 7 -> 14 -> 28, by transposed convolutions with BatchNorm and ReLU."""
    start, widths = _stages(config)
    layers: list[nn.Module] = [Project(inputs, widths[0], start)]
    for before, after in itertools.pairwise([*widths, None]):
        layers += [nn.BatchNorm2d(before), nn.ReLU(inplace=True)]
        if after:
            layers.append(nn.ConvTranspose2d(before, after, 4, stride=2, padding=1, bias=False))
    return nn.Sequential(*layers, ToPicture(widths[-1], channels), nn.Tanh())


def _dcgan_discriminator(config: GanConfig, channels: int) -> tuple[nn.Sequential, int, int]:
    """The same path backwards by strided convolutions with LeakyReLU; also its features and positions."""
    normalise = OBJECTIVES[config.objective].penalty is None
    start, widths = _stages(config)
    widths = [channels, *reversed(widths)]
    layers: list[nn.Module] = []
    for i, (before, after) in enumerate(itertools.pairwise(widths)):
        norm = normalise and i > 0  # the paper leaves D's first layer as it is
        layers += [
            nn.Conv2d(before, after, 4, 2, 1, bias=not norm) if i else FromPicture(before, after, bias=not norm)
        ]
        layers += [nn.BatchNorm2d(after, track_running_stats=False)] * norm + [nn.LeakyReLU(0.2, inplace=True)]
    return nn.Sequential(*layers), widths[-1], start**2


def _initialise(net: nn.Module, config: GanConfig, stream: int) -> nn.Module:
    """Gives a network built on the meta device memory and weights: N(0, 0.02) as in the DCGAN paper.

    A network without BatchNorm would start with tiny signals that way; it gets He et al. 2015 instead.
    """
    rng = torch.Generator().manual_seed(2 * config.seed + stream)
    net = net.to_empty(device="cpu")
    normalised = any(isinstance(m, nn.modules.batchnorm._BatchNorm) for m in net.modules())
    for module in net.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.reset_running_stats()
            nn.init.normal_(module.weight, 1.0, 0.02, generator=rng)
        elif isinstance(module, nn.Embedding):  # as large as the noise, G would ignore the noise
            std = 0.5 if isinstance(net, Generator) else 0.02
            nn.init.normal_(module.weight, 0.0, std, generator=rng)
        elif normalised and hasattr(module, "weight"):
            nn.init.normal_(module.weight, 0.0, 0.02, generator=rng)
        elif hasattr(module, "weight"):
            nn.init.kaiming_normal_(module.weight, 0.2, nonlinearity="leaky_relu", generator=rng)
        if getattr(module, "bias", None) is not None:
            nn.init.zeros_(module.bias)
    return net


def latents(count: int, size: int, seed: int) -> np.ndarray:
    """Noise float32 [count, size] ~ N(0, 1), the same for a seed on every device."""
    return torch.randn(count, size, generator=torch.Generator().manual_seed(seed)).numpy()


@torch.inference_mode()
def generate(net: Generator, z: np.ndarray, labels: np.ndarray, chunk: int = 256) -> np.ndarray:
    """Pictures uint8 [N, S, S, C] for z [N, latent] and labels [N], by G in eval mode."""
    net.eval()
    device = next(net.parameters()).device
    pictures = []
    for i in range(0, len(z), chunk):
        noise = torch.as_tensor(z[i : i + chunk], dtype=torch.float32, device=device)
        y = torch.as_tensor(labels[i : i + chunk], dtype=torch.int64, device=device)
        x = net(noise, y).float().clamp(-1, 1)
        pictures.append(((x + 1) * 127.5).round().byte().permute(0, 2, 3, 1).cpu())
    return torch.cat(pictures).numpy()
