"""Encoder and decoders of the melody VAE: Roberts et al. 2018, arXiv:1803.05428, made small.

The encoder maps tokens int64 [N, ROWS] to q(z|x), by convolutions over time. A decoder maps z to logits of all
sixteenths: convolutions at once, or a GRU (Cho et al. 2014, arXiv:1406.1078) one by one, told what came before.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engines.music.melody_vae.bars import ROWS
from engines.music.melody_vae.config import GRU, LOG_VARIANCE, TOLD, MelodyConfig
from engines.music.melody_vae.corpus import TOKENS

BEGIN = TOKENS  # what the GRU sees before the first sixteenth, and of a forgotten one


class Posterior(NamedTuple):
    """q(z|x): Gaussians, each latent number by itself."""

    mean: Tensor  # float32 [N, latent]
    log_variance: Tensor  # float32 [N, latent]

    def sample(self, noise: Tensor) -> Tensor:
        """z for noise [N, latent] ~ N(0, 1): the reparametrisation trick."""
        return self.mean + (0.5 * self.log_variance).exp() * noise

    def kl(self) -> Tensor:
        """KL(q(z|x) || N(0, 1)) of each melody, in nats [N]."""
        return 0.5 * (self.mean.square() + self.log_variance.exp() - 1 - self.log_variance).sum(1)


class Convolutions(nn.Module):
    """z [N, latent] -> logits [N, ROWS, TOKENS], all at once: from four places to eight, sixteen, ROWS."""

    def __init__(self, latent: int, width: int, dropout: float) -> None:
        super().__init__()
        self.width, self.first, self.drop = width, nn.Linear(latent, 4 * 2 * width), nn.Dropout(dropout)
        self.layers = nn.ModuleList(
            nn.ConvTranspose1d(2 * width if i == 0 else width, width, 4, 2, 1) for i in range(3)
        )
        self.head = nn.Linear(width, TOKENS)

    def forward(self, z: Tensor, tokens: Tensor) -> Tensor:
        """`tokens` are those of the melody, which it does not look at."""
        x = self.drop(F.gelu(self.first(z))).view(len(z), 2 * self.width, 4)
        for layer in self.layers:
            x = self.drop(F.gelu(layer(x)))
        return self.head(x.transpose(1, 2))

    def write(self, z: Tensor) -> Tensor:
        """The likeliest tokens int64 [N, ROWS]."""
        return self(z, z).argmax(-1)


class NoteByNote(nn.Module):
    """z [N, latent] and the tokens before each sixteenth -> logits [N, ROWS, TOKENS]."""

    def __init__(self, latent: int, width: int, dropout: float) -> None:
        super().__init__()
        self.told, self.places = nn.Embedding(TOKENS + 1, TOLD), nn.Embedding(ROWS, TOLD)
        self.begin, self.drop = nn.Linear(latent, width), nn.Dropout(dropout)
        self.net, self.head = nn.GRU(TOLD + latent, width, batch_first=True), nn.Linear(width, TOKENS)

    def forward(self, z: Tensor, tokens: Tensor) -> Tensor:
        """`tokens` int64 [N, ROWS] are those before each sixteenth, BEGIN where none is told."""
        x = self.told(tokens) + self.places.weight
        x = torch.cat([self.drop(x), z[:, None].expand(-1, tokens.shape[1], -1)], -1)
        found, _ = self.net(x, torch.tanh(self.begin(z))[None])
        return self.head(self.drop(found))

    def write(self, z: Tensor) -> Tensor:
        """The tokens int64 [N, ROWS] that it writes, each time the likeliest after those before."""
        state, now = torch.tanh(self.begin(z))[None], torch.full((len(z),), BEGIN, device=z.device)
        written = []
        for place in self.places.weight:
            found, state = self.net(torch.cat([self.told(now) + place, z], -1)[:, None], state)
            written.append(now := self.head(found[:, 0]).argmax(-1))
        return torch.stack(written, 1)


class MelodyVae(nn.Module):
    """Both networks."""

    def __init__(self, config: MelodyConfig) -> None:
        super().__init__()
        width, latent = config.width, config.latent
        self.told, self.drop = nn.Embedding(TOKENS, TOLD), nn.Dropout(config.dropout)
        self.layers = nn.ModuleList(nn.Conv1d(TOLD if i == 0 else width, width, 4, 2, 1) for i in range(3))
        self.posterior = nn.Linear(4 * width, 2 * latent)
        decoder = NoteByNote if config.decoder == GRU else Convolutions
        self.decoder = decoder(latent, width, config.dropout)
        with torch.no_grad():  # q(z|x) begins near N(0, 1), so that the first KL divergence is near 0
            self.posterior.weight.mul_(0.1)

    def encode(self, tokens: Tensor) -> Posterior:
        """q(z|x) of tokens int64 [N, ROWS]."""
        x = self.told(tokens).transpose(1, 2)
        for layer in self.layers:
            x = self.drop(F.gelu(layer(x)))
        mean, log_variance = self.posterior(x.flatten(1)).float().chunk(2, 1)
        return Posterior(mean, log_variance.clamp(*LOG_VARIANCE))

    def forward(self, tokens: Tensor, noise: Tensor, hidden: Tensor | None = None) -> tuple[Tensor, Posterior]:
        """-log p(x|z) of each melody in nats [N], z drawn by `noise` [N, latent], and q(z|x).

        `hidden` bool [N, ROWS] says which sixteenths before are not told to a decoder that asks for them.
        """
        q = self.encode(tokens)
        before = F.pad(tokens, (1, 0), value=BEGIN)[:, :-1]
        before = before if hidden is None else before.masked_fill(hidden, BEGIN)
        logits = self.decoder(q.sample(noise), before)
        return F.cross_entropy(logits.float().transpose(1, 2), tokens, reduction="none").sum(1), q


def build(config: MelodyConfig) -> MelodyVae:
    """The config's networks with fresh weights, the same for the same seed."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        return MelodyVae(config)
