"""Encoder and decoder of a variational autoencoder: Kingma and Welling 2014, arXiv:1312.6114.

The encoder maps pictures [N, C, S, S] in [0, 1] to the means and log variances [N, latent] of q(z|x); the decoder maps
z to logits of pictures. Weights come from a torch.Generator of their own, so that the same seed gives the same
networks whatever else runs in the process. They have no BatchNorm: held-out pictures, and pictures one by one, are
then seen as those of a batch are.
"""

from __future__ import annotations

import itertools
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engines.live_training.layers import FromPicture, Project, ToPicture
from engines.vae_training.config import VaeConfig

TOLD = 16  # numbers that stand for a class
LOG_VARIANCE = (-14.0, 8.0)  # of q(z|x); with a beta of 0 it would go on falling for ever


class Posterior(NamedTuple):
    """q(z|x): Gaussians, each latent number by itself."""

    mean: Tensor  # float32 [N, latent]
    log_variance: Tensor  # float32 [N, latent]

    def sample(self, noise: Tensor) -> Tensor:
        """z for noise [N, latent] ~ N(0, 1): the reparametrisation trick."""
        return self.mean + (0.5 * self.log_variance).exp() * noise

    def kl(self) -> Tensor:
        """KL(q(z|x) || N(0, 1)) of each latent number, in nats [N, latent]."""
        return 0.5 * (self.mean.square() + self.log_variance.exp() - 1 - self.log_variance)


class Vae(nn.Module):
    """Both networks; where there are classes an embedding of the label goes into each."""

    def __init__(self, encoder: nn.Module, decoder: nn.Module, features: int, latent: int, classes: int) -> None:
        super().__init__()
        self.encoder, self.decoder, self.latent = encoder, decoder, latent
        told = TOLD if classes else 0
        self.posterior = nn.Linear(features + told, 2 * latent)
        self.told_encoder = nn.Embedding(classes, TOLD) if classes else None
        self.told_decoder = nn.Embedding(classes, TOLD) if classes else None
        self.register_buffer("variance", torch.zeros(()))  # of a pixel, for the Gaussian likelihood

    def forward(self, x: Tensor, y: Tensor, noise: Tensor) -> tuple[Tensor, Posterior]:
        """Logits of the reconstructions of pictures x with labels y, from z drawn by `noise`; and q(z|x)."""
        q = self.encode(x, y)
        return self.decode(q.sample(noise), y), q

    def encode(self, x: Tensor, y: Tensor) -> Posterior:
        """q(z|x) of pictures float [N, C, S, S] in [0, 1]."""
        h = self.encoder(2 * x - 1)
        if self.told_encoder is not None:
            h = torch.cat([h, self.told_encoder(y).to(h.dtype)], dim=1)
        mean, log_variance = self.posterior(h).float().chunk(2, dim=1)
        return Posterior(mean, log_variance.clamp(*LOG_VARIANCE))

    def decode(self, z: Tensor, y: Tensor) -> Tensor:
        """Logits float32 [N, C, S, S] of pictures for z [N, latent]."""
        if self.told_decoder is not None:
            z = torch.cat([z, self.told_decoder(y)], dim=1)
        return self.decoder(z).float()


def build_vae(config: VaeConfig, channels: int, classes: int) -> Vae:
    """Both networks on the CPU, their weights drawn from config.seed."""
    classes = classes if config.conditional else 0
    inputs = config.latent + (TOLD if classes else 0)
    build = _mlp if config.architecture == "mlp" else _convolutions
    with torch.device("meta"):  # otherwise each layer would draw weights from the global RNG
        net = Vae(*build(config, inputs, channels), config.latent, classes)
    return _initialise(net, config.seed)


def _mlp(config: VaeConfig, inputs: int, channels: int) -> tuple[nn.Module, nn.Module, int]:
    """Two hidden layers each; also the encoder's number of features."""
    pixels, wide, narrow = channels * config.size**2, config.features * 16, config.features * 8
    encoder: list[nn.Module] = [nn.Flatten()]
    for before, after in itertools.pairwise((pixels, wide, narrow)):
        encoder += [nn.Linear(before, after), nn.ReLU(inplace=True)]
    decoder: list[nn.Module] = []
    for before, after in itertools.pairwise((inputs, narrow, wide)):
        decoder += [nn.Linear(before, after), nn.ReLU(inplace=True)]
    shape = (channels, config.size, config.size)
    decoder += [nn.Linear(wide, pixels), nn.Unflatten(1, shape)]
    return nn.Sequential(*encoder), nn.Sequential(*decoder), narrow


def _convolutions(config: VaeConfig, inputs: int, channels: int) -> tuple[nn.Module, nn.Module, int]:
    """28 -> 14 -> 7 px, or 64 -> 32 -> 16 -> 8 -> 4, and back; also the encoder's number of features."""
    start = 7 if config.size == 28 else 4
    halvings = (config.size // start).bit_length() - 1
    widths = [config.features * 2**i for i in range(halvings)]
    encoder: list[nn.Module] = []
    for before, after in itertools.pairwise([channels, *widths]):
        layer = FromPicture(before, after, bias=True) if not encoder else nn.Conv2d(before, after, 4, 2, 1)
        encoder += [layer, nn.ReLU(inplace=True)]
    decoder: list[nn.Module] = [Project(inputs, widths[-1], start)]
    for before, after in itertools.pairwise(reversed(widths)):
        decoder += [nn.ReLU(inplace=True), nn.ConvTranspose2d(before, after, 4, 2, 1)]
    decoder += [nn.ReLU(inplace=True), ToPicture(widths[0], channels)]
    return nn.Sequential(*encoder, nn.Flatten()), nn.Sequential(*decoder), widths[-1] * start**2


def _initialise(net: Vae, seed: int) -> Vae:
    """Gives a network built on the meta device memory and weights, after He et al. 2015.

    q(z|x) begins near N(0, 1), whatever the picture, so that the first KL divergence is near 0.
    """
    rng = torch.Generator().manual_seed(seed)
    net = net.to_empty(device="cpu")
    for module in net.modules():
        if isinstance(module, nn.Embedding):
            nn.init.normal_(module.weight, 0.0, 1.0, generator=rng)
        elif hasattr(module, "weight"):
            nn.init.kaiming_normal_(module.weight, generator=rng)
            if isinstance(module, nn.ConvTranspose2d):  # each output has a quarter of the kernel, of other inputs
                fan_in = module.in_channels * module.weight[0, 0].numel() / 4
                nn.init.normal_(module.weight, 0.0, (2 / fan_in) ** 0.5, generator=rng)
        if getattr(module, "bias", None) is not None:
            nn.init.zeros_(module.bias)
    with torch.no_grad():
        net.posterior.weight.mul_(0.1)
        net.variance.fill_(0.1)
    return net


def latents(count: int, size: int, seed: int) -> np.ndarray:
    """Noise float32 [count, size] ~ N(0, 1), the same for a seed on every device."""
    return torch.randn(count, size, generator=torch.Generator().manual_seed(seed)).numpy()


@torch.inference_mode()
def decode(net: Vae, z: np.ndarray, labels: np.ndarray, chunk: int = 256) -> np.ndarray:
    """Pictures uint8 [N, S, S, C] for z [N, latent] and labels [N]: the mean of p(x|z), without its noise."""
    device = next(net.parameters()).device
    pictures = []
    for i in range(0, len(z), chunk):
        part = torch.as_tensor(z[i : i + chunk], dtype=torch.float32, device=device)
        y = torch.as_tensor(labels[i : i + chunk], dtype=torch.int64, device=device)
        pictures.append(to_pictures(net.decode(part, y)))
    return torch.cat(pictures).numpy()


def to_pictures(logits: Tensor) -> Tensor:
    """Logits [N, C, S, S] as pictures uint8 [N, S, S, C] on the CPU."""
    return (logits.sigmoid() * 255).round().byte().permute(0, 2, 3, 1).cpu()


def from_pictures(images: Tensor) -> Tensor:
    """Pictures uint8 [N, S, S, C] as float [N, C, S, S] in [0, 1], on their device."""
    return images.permute(0, 3, 1, 2).float().div_(255)


def nats(x: Tensor, logits: Tensor, variance: Tensor | None) -> Tensor:
    """-log p(x|z) of each picture [N], in nats, for pictures x [N, C, S, S] in [0, 1].

    Bernoulli without a `variance`; else Gaussian, as the probability of a grey level of 256: the density times 1/255.
    """
    if variance is None:
        return F.binary_cross_entropy_with_logits(logits, x, reduction="none").flatten(1).sum(1)
    error = (x - logits.sigmoid()).square().flatten(1).sum(1)
    pixel = 0.5 * (2 * torch.pi * variance).log() + float(np.log(255))
    return 0.5 * error / variance + pixel * x[0].numel()
