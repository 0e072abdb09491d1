"""A variational autoencoder of points: Kingma and Welling 2014, arXiv:1312.6114; beta by Higgins et al. 2017."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor, nn

from engines.points_training.networks import mlp
from engines.points_training.trainer import Trainer, adam, place

LINES, ALONG = 9, 33  # of the net of codes: lines each way, and points on each
OUT = 2.0  # standard deviations of the codes to which the net goes
PAIRS = 60  # points beside their reconstructions


class VaeTrainer(Trainer):
    """An encoder gives a point a cloud of codes, and a decoder gives a code a place."""

    names = ("Loss", "Reconstruction", "KL")

    def build(self) -> dict[str, nn.Module]:
        """See Trainer."""
        self.encoder = mlp(2, self.config.width, 2 * self.config.noise)
        self.decoder = mlp(self.config.noise, self.config.width, 2)
        self._net = _net_of_codes(self.config.noise)
        self._blur = torch.randn(4096, 2, generator=torch.Generator().manual_seed(2))
        return {"encoder": self.encoder, "decoder": self.decoder}

    def make_optimisers(self) -> dict[str, torch.optim.Optimizer]:
        """See Trainer."""
        return {"both": adam(list(self._nets.values()), self.config.lr)}

    def update(self) -> None:
        """One step up the evidence lower bound, weighted by beta."""
        x = self.batch()
        mean, log_variance = self.encode(x)
        code = mean + (log_variance / 2).exp() * self.draw(*mean.shape)
        missed = reconstruction(x, self.decoder(code), self.config.sigma).mean()
        divergence = kl(mean, log_variance).mean()
        loss = missed + self.config.beta * divergence
        self._optimisers["both"].zero_grad()
        loss.backward()
        self._optimisers["both"].step()
        self.note({"Loss": loss, "Reconstruction": missed, "KL": divergence})

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log variance of the codes of points, each [N, noise]."""
        mean, log_variance = self.encoder(x).chunk(2, 1)
        return mean, log_variance.clamp(-20, 20)

    @torch.no_grad()
    def make(self, noise: Tensor) -> Tensor:
        """See Trainer: decoded, and blurred as the model says that points are."""
        blur = self._blur.repeat(-(-len(noise) // len(self._blur)), 1)[: len(noise)]
        return self.decoder(noise) + self.config.sigma * blur

    @torch.no_grad()
    def look(self) -> dict[str, np.ndarray]:
        """The net of codes on the plane; and from some real points to what becomes of them."""
        lines = self.decoder(self._net.flatten(0, 1)).unflatten(0, self._net.shape[:2])
        x = self.points[:PAIRS]
        pairs = torch.stack([x, self.decoder(self.encode(x)[0])], 1)
        return {"paths": place(lines), "arrows": place(pairs)[None]}


def kl(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL(N(mean, variance) || N(0, 1)) in nats, summed over the dimensions: [N] from [N, K]."""
    return 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(1)


def reconstruction(x: Tensor, decoded: Tensor, sigma: float) -> Tensor:
    """-log N(x; decoded, sigma^2) in nats: [N] from [N, D]."""
    constant = x.shape[1] * (math.log(sigma) + 0.5 * math.log(2 * math.pi))
    return (x - decoded).square().sum(1) / (2 * sigma**2) + constant


def _net_of_codes(size: int) -> Tensor:
    """Codes [lines, ALONG, size] on a straight net in the first two dimensions; one line if there is one."""
    along = torch.linspace(-OUT, OUT, ALONG if size > 1 else 8 * ALONG - 7)
    if size == 1:
        return along.reshape(1, -1, 1)
    across = torch.linspace(-OUT, OUT, LINES)
    one = torch.stack([along.expand(LINES, -1), across[:, None].expand(-1, ALONG)], -1)
    both = torch.cat([one, one.flip(-1)])
    return torch.cat([both, torch.zeros(*both.shape[:2], size - 2)], -1)
