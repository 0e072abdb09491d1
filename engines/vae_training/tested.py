"""Pictures that are not trained on, and what the averaged networks make of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager

import numpy as np
import torch
from torch import Tensor

from engines.vae_training.atlas import POINTS, Points, survey
from engines.vae_training.config import VaeConfig
from engines.vae_training.networks import Posterior, Vae, from_pictures, nats, to_pictures

HELD_OUT, AT_MOST = 10, 1000  # one picture in so many is not trained on; and no more than that
TESTED = 500  # held-out pictures behind each ELBO
CHUNK = 100


def held_out(count: int) -> np.ndarray:
    """Which of so many pictures are not trained on, bool [count]; always the same ones, and none of fewer than ten."""
    chosen = np.zeros(count, bool)
    chosen[np.random.default_rng(0).permutation(count)[: min(AT_MOST, count // HELD_OUT)]] = True
    return chosen


class Tested:
    """Held-out pictures with the networks that look at them; where there are too few, all of them are looked at."""

    def __init__(self, config: VaeConfig, net: Vae, images: Tensor, labels: Tensor, holds_out: bool) -> None:
        """`net` is looked at as it is at each call. images: uint8 [N, S, S, C] on its device, labels int64 [N]."""
        self.config, self.net, self.images, self.labels, self.holds_out = config, net, images, labels, holds_out
        self.device, self.dtype = images.device, torch.float32

    def autocast(self) -> AbstractContextManager:
        """Multiplies in `dtype`, in the thread that is in it."""
        return torch.autocast(self.device.type, self.dtype, enabled=self.dtype != torch.float32, cache_enabled=False)

    @torch.inference_mode()
    def elbo(self, count: int = TESTED, draws: int = 1) -> tuple[float, float]:
        """Nats of reconstruction and of KL, the means over `count` pictures; their sum is the negative ELBO.

        z is drawn `draws` times for each picture, and so are black-and-white pixels, always in the same way.
        """
        sums, seen = torch.zeros(2, device=self.device), 0
        for _, q, reconstruction in self._draw(count, draws):
            sums += torch.stack([reconstruction.sum(), q.kl().sum()])
            seen += len(reconstruction)
        reconstruction, kl = (sums / seen).tolist()
        return reconstruction, kl

    @torch.inference_mode()
    def likelihood(self, count: int, draws: int) -> float:
        """-log p(x) in nats, the mean over `count` pictures, from `draws` importance samples of each.

        Burda, Grosse and Salakhutdinov 2016 (arXiv:1509.00519), equation 8: a bound that is tighter with each sample.
        Of black-and-white pixels one drawing is kept.
        """
        if self.config.binarise and draws > 1:
            raise ValueError("fix the pixels first")
        weights: dict[int, list[Tensor]] = {}
        for number, (z, q, reconstruction) in enumerate(self._draw(count, draws)):
            chunk = number % -(-min(count, len(self.images)) // CHUNK)
            noise = (z - q.mean) * (-0.5 * q.log_variance).exp()
            ratio = 0.5 * (noise.square() + q.log_variance - z.square()).sum(1)  # log p(z) - log q(z|x)
            weights.setdefault(chunk, []).append(ratio - reconstruction)
        likelihoods = [torch.stack(each).logsumexp(0) - float(np.log(draws)) for each in weights.values()]
        return -torch.cat(likelihoods).mean().item()

    def _draw(self, count: int, draws: int) -> Iterator[tuple[Tensor, Posterior, Tensor]]:
        """z, q(z|x) and -log p(x|z) of the pictures in chunks, `draws` times through all of them."""
        rng = torch.Generator(self.device).manual_seed(0)
        variance = self.net.variance if self.config.likelihood == "gaussian" else None
        for _ in range(draws):
            for images, y in zip(self.images[:count].split(CHUNK), self.labels[:count].split(CHUNK), strict=True):
                x = from_pictures(images)
                if self.config.binarise:
                    x = torch.bernoulli(x, generator=rng)
                noise = torch.randn(len(x), self.config.latent, generator=rng, device=self.device)
                with self.autocast():
                    q = self.net.encode(x, y)
                    z = q.sample(noise)
                    logits = self.net.decode(z, y)
                yield z, q, nats(x, logits, variance)

    @torch.inference_mode()
    def redrawn(self, count: int) -> tuple[np.ndarray, np.ndarray]:
        """At most `count` pictures uint8 [n, S, S, C], and what is decoded from the means of their q(z|x)."""
        images, y = self.images[:count], self.labels[:count]
        with self.autocast():
            made = self.net.decode(self.net.encode(from_pictures(images), y).mean, y)
        return images.cpu().numpy(), to_pictures(made).numpy()

    @torch.inference_mode()
    def survey(self) -> Points:
        """The map of these pictures."""
        images, y = self.images[:POINTS], self.labels[:POINTS]
        with self.autocast():
            q = self.net.encode(from_pictures(images), y)
        return survey(*(part.cpu().numpy() for part in (q.mean, q.log_variance.exp(), y, images)))
