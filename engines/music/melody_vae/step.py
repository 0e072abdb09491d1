"""One training step of a melody VAE: the loss as a melody's nats, no waiting for numbers."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from engines.device.tuning import Choice
from engines.live_training.one_net import OneNetTrainer
from engines.music.melody_vae.bars import ROWS
from engines.music.melody_vae.config import GRU, MelodyConfig
from engines.music.melody_vae.corpus import FIRST, OVER, TOKENS, Corpus, to_tokens
from engines.music.melody_vae.networks import Posterior, build

PARTS = ("Reconstruction", "KL", "spread")
ALIKE = 1  # seed of the noise with which held-out melodies are measured


@dataclass(frozen=True)
class Held:
    """What was measured on the held-out melodies; nats a melody."""

    reconstruction: float
    kl: float
    notes: float  # share of the notes that come back where they began, with their pitch
    cells: float  # share of the sixteenths that come back


class Trainer(OneNetTrainer):
    """Both networks as one, their optimiser and the melodies on one device. Not for use by two threads at once."""

    rise, lowest = 30, 0.02

    def __init__(
        self, config: MelodyConfig, corpus: Corpus, device: str | torch.device = "cpu", choice: Choice | None = None
    ) -> None:
        """`choice` is how to compute; else it is the usual way."""
        super().__init__(config, device, choice=choice)
        self.train = torch.tensor(to_tokens(corpus.train.cells), device=self.device)
        self.held = torch.tensor(to_tokens(corpus.held.cells), device=self.device)
        self._parts = torch.zeros(len(PARTS) + 1, device=self.device)  # the last one counts
        self.begin(build(config))

    def signals(self) -> dict[str, float]:
        """Means since the last call: Training, the negative ELBO; its parts; the mean square of a latent number."""
        found = super().signals()
        if found:
            *sums, count = self._parts.tolist()
            found |= {name: value / count for name, value in zip(PARTS, sums, strict=True)}
            self._parts.zero_()
        return found

    def begin_anew(self) -> None:
        """As OneNetTrainer's."""
        super().begin_anew()
        self._parts.zero_()

    @torch.no_grad()
    def held_out(self) -> Held:
        """Measures the held-out melodies, each time with the same noise; notes as they are written from the mean."""
        rng = torch.Generator().manual_seed(ALIKE)
        noise = torch.randn(len(self.held), self.config.latent, generator=rng).to(self.device)
        with self.resting() as net:
            nats, q = net(self.held, noise)
            written = net.decoder.write(q.mean)
        return Held(float(nats.mean()), float(q.kl().mean()), *came_back(self.held, written))

    @torch.no_grad()
    def redrawn(self, tokens: Tensor) -> Tensor:
        """What is written from the means of q(z|x) of melodies, tokens int64 [N, ROWS]."""
        with self.resting() as net:
            return net.decoder.write(net.encode(tokens).mean)

    @torch.no_grad()
    def drawn(self, count: int, seed: int) -> Tensor:
        """New melodies from the prior, tokens int64 [count, ROWS], the same for a seed on every device."""
        z = torch.randn(count, self.config.latent, generator=torch.Generator().manual_seed(seed))
        with self.resting() as net:
            return net.decoder.write(z.to(self.device))

    def _update(self) -> None:
        """Down reconstruction + beta x KL of a melody, in nats.

        KL up to the free nats costs nothing (Kingma et al. 2016, arXiv:1606.04934).
        """
        config, rng = self.config, self.rng
        tokens = self.train[torch.randint(len(self.train), (self.batch,), generator=rng, device=self.device)]
        noise = torch.randn(self.batch, config.latent, generator=rng, device=self.device)
        hidden = None
        if config.decoder == GRU and config.forget:
            hidden = torch.rand(self.batch, ROWS, generator=rng, device=self.device) < config.forget
        self.optimiser.zero_grad()
        with self._autocast():
            nats, q = self.net(tokens, noise, hidden)
        reconstruction, kl = nats.mean(), q.kl().mean()
        loss = reconstruction + config.beta * (kl - config.free).clamp(min=0)
        self._remember(reconstruction, kl, q)
        self.learn(loss, (reconstruction + kl).detach())

    @torch.no_grad()
    def _remember(self, reconstruction: Tensor, kl: Tensor, q: Posterior) -> None:
        spread = (q.mean.square() + q.log_variance.exp()).mean()
        self._parts += torch.stack([reconstruction, kl, spread, torch.ones_like(kl)])


def came_back(tokens: Tensor, written: Tensor) -> tuple[float, float]:
    """The shares of notes, and of sixteenths within the two bars, that are the same in both, int64 [N, ROWS]."""
    same, notes, inside = tokens == written, tokens >= FIRST, tokens != OVER
    return float((same & notes).sum() / notes.sum()), float((same & inside).sum() / inside.sum())


def by_place(train: Tensor, held: Tensor) -> tuple[float, float]:
    """The same shares, if at each place the commonest note, or the commonest token, of `train` is written.

    What reconstructions are worth is seen beside these: most sixteenths of any melody hold a note.
    """
    counts = torch.stack([(train == token).sum(0) for token in range(TOKENS)])
    token, note = counts.argmax(0), counts[FIRST:].argmax(0) + FIRST
    return came_back(held, note.expand_as(held))[0], came_back(held, token.expand_as(held))[1]
