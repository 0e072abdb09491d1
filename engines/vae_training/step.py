"""One training step: data on the device, the loss as a picture's nats, no waiting for numbers."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import torch
from torch import Tensor
from torch.optim.swa_utils import AveragedModel

from engines.device.tuning import Choice
from engines.live_training.team import Team, part
from engines.live_training.trainer import BaseTrainer, check_images
from engines.running.events import Event
from engines.vae_training.config import VaeConfig
from engines.vae_training.diagnosis import DEAD
from engines.vae_training.networks import build_vae, decode, from_pictures, latents, nats
from engines.vae_training.shown import extras
from engines.vae_training.tested import AT_MOST, Tested, held_out

AVERAGE, EVERY = 0.98, 4  # of the weights that are shown; every so many steps
FLAT = 1e-3  # the summed variance of the pixels, white being 1, below which pictures are all the same
GREY = (1 / 255) ** 2  # the Gaussian's least variance: a grey level
Notes = tuple[Tensor, Tensor, Tensor]  # nats and error, of the latent numbers, the Gaussian's variance


class Trainer(BaseTrainer):
    """Both networks, their optimiser and the data on one device. Not for use by two threads at once.

    images: uint8 [N, S, S, C] with S = config.size; labels: int64 [N] in [0, classes).
    Two trainers with the same config, seed included, make the same weights, also side by side. In a team
    each takes its part of the data and of every batch.
    """

    def __init__(
        self,
        config: VaeConfig,
        images: np.ndarray,
        labels: np.ndarray,
        classes: int,
        device: str | torch.device = "cpu",
        team: Team | None = None,
        choice: Choice | None = None,
    ) -> None:
        """`choice` is how to compute; else it is the usual way."""
        check_images(images, config.size)
        super().__init__(config, device, team, choice)
        self.classes = classes
        held = self._place(images, labels)
        net = build_vae(config, images.shape[3], classes)
        self.net = net.to(self.device, memory_format=self.choice.memory_format)
        self.optimiser = torch.optim.Adam(
            self.net.parameters(), lr=config.lr, fused=self.device.type in ("cpu", "cuda")
        )
        self.ema = AveragedModel(self.net, multi_avg_fn=_average, use_buffers=True)
        self.tested = Tested(config, self.ema.module, *held)
        self.use(self.choice)
        self._call = team.wrap(self.net) if self._together else self.net
        self._sums = torch.zeros(4, device=self.device)  # nats of reconstruction and KL, squared error, steps
        self._codes = torch.zeros(2, config.latent, device=self.device)  # KL and square of each latent number
        self.kl_by_number: list[float] = []  # nats, the means behind the last signals

    def _place(self, images: np.ndarray, labels: np.ndarray) -> tuple[Tensor, Tensor, bool]:
        """The data on the device; returns what is held out, and whether that is not trained on: of few it is."""
        out = held_out(len(images))
        tested = np.flatnonzero(out) if out.any() else np.arange(min(AT_MOST, len(images)))
        trained = np.flatnonzero(~out)
        flat = images[trained].reshape(len(trained), -1)
        self._variation = float(np.var(flat, axis=0, dtype=np.float64).sum()) / 255**2  # of a picture
        mine = part(trained, self.team)
        self.images, test_images = (torch.tensor(images[index], device=self.device) for index in (mine, tested))
        self.labels, test_labels = (
            torch.tensor(labels[index], dtype=torch.int64, device=self.device) for index in (mine, tested)
        )
        return test_images, test_labels, bool(out.any())

    def use(self, choice: Choice) -> None:
        """Compute so from the next step on, in the thread that calls this."""
        super().use(choice)
        self.tested.dtype = choice.type

    def step(self) -> None:
        """One update of both networks."""
        x, y, noise = self._batch()
        if self._second_lane:
            notes = self._gradients_in_two_lanes(x, y, noise)
        else:
            self.optimiser.zero_grad()
            loss, notes = self._loss(x, y, noise)
            loss.backward()
        self._remember(notes)
        self.optimiser.step()
        if self.steps % EVERY == 0:
            self.ema.update_parameters(self.net)
        self.steps += 1

    def signals(self) -> dict[str, float]:
        """Means since the last call; waits for the device. Empty before the first step.

        "Reconstruction" and "KL" in nats a picture, and "−ELBO", their sum. "explained": the share of the pictures'
        variation that reconstructions keep, at most 1. "active": the share of the latent numbers that are not dead.
        "spread": the mean square of a latent number over all pictures, of which the prior has 1. "beta" as set.
        """
        *sums, count = self._sums.tolist()
        if not count:
            return {}
        reconstruction, kl, error = (value / count for value in sums)
        of_number, square = self._codes / count
        self.kl_by_number = of_number.tolist()
        self._sums.zero_()
        self._codes.zero_()
        return {
            "Reconstruction": reconstruction,
            "KL": kl,
            "−ELBO": reconstruction + kl,
            "explained": 1 - error / self._variation if self._variation > FLAT else 1.0,
            "active": sum(kl >= DEAD for kl in self.kl_by_number) / len(self.kl_by_number),
            "spread": square.mean().item(),
            "beta": self.config.beta,
        }

    def noise(self, count: int, seed: int) -> np.ndarray:
        """z float32 [count, latent] from the prior, fixed by the seed."""
        return latents(count, self.config.latent, seed)

    def sample(self, noise: np.ndarray, labels: np.ndarray | None = None) -> np.ndarray:
        """Pictures uint8 [N, S, S, C] of the averaged decoder for z [N, latent]; labels take turns if left out."""
        labels = np.arange(len(noise)) % max(1, self.classes) if labels is None else labels
        with self.tested.autocast():
            return decode(self.tested.net, noise, labels)

    def weights(self) -> dict[str, np.ndarray]:
        """Copies of the averaged networks' parameters, and the map of held-out pictures."""
        state = self.tested.net.state_dict()
        weights = {k: v.to("cpu", copy=True).contiguous().numpy() for k, v in state.items()}
        return weights | self.tested.survey().to_arrays()

    def extras(self, class_names: tuple[str, ...] = ()) -> Iterable[Event]:
        """What only a VAE shows; see shown.py."""
        return extras(self.tested, self.steps, self.kl_by_number, class_names)

    def nets(self) -> dict[str, torch.nn.Module]:
        """All networks by name."""
        return {"net": self.net, "ema": self.ema}

    def optimisers(self) -> dict[str, torch.optim.Optimizer]:
        """All optimisers by name."""
        return {"optimiser": self.optimiser}

    def begin_anew(self) -> None:
        """To be called when weights and optimisers were replaced: sums are of the old ones."""
        super().begin_anew()
        self._sums.zero_()
        self._codes.zero_()

    def _batch(self) -> tuple[Tensor, Tensor, Tensor]:
        """Pictures float32 [N, C, S, S] in [0, 1], their labels, and noise [N, latent]."""
        n, rng = self.batch, self.rng
        index = torch.randint(len(self.images), (n,), generator=rng, device=self.device)
        x = from_pictures(self.images[index])
        if self.config.binarise:
            x = torch.bernoulli(x, generator=rng)
        return x, self.labels[index], torch.randn(n, self.config.latent, generator=rng, device=self.device)

    def _loss(self, x: Tensor, y: Tensor, noise: Tensor) -> tuple[Tensor, Notes]:
        """Reconstruction + beta x KL of a picture, in nats, the mean over the batch; and what the signals tell of it.

        With a sigma of 0 the Gaussian's variance is the best for this batch, its mean squared error (Rybkin,
        Daniilidis and Levine 2021, arXiv:2006.13202).
        """
        with self.tested.autocast():
            logits, q = self._call(x, y, noise)
        error = (x - logits.detach().sigmoid()).square().sum() / len(x)
        sigma, gaussian = self.config.sigma, self.config.likelihood == "gaussian"
        variance = torch.full_like(error, sigma**2) if sigma else (error / x[0].numel()).clamp(min=GREY)
        reconstruction, kl = nats(x, logits, variance if gaussian else None).mean(), q.kl().mean(0)
        with torch.no_grad():
            sums = torch.stack([reconstruction, kl.sum(), error, torch.ones_like(error)])
            codes = torch.stack([kl, (q.mean.square() + q.log_variance.exp()).mean(0)])
        return reconstruction + self.config.beta * kl.sum(), (sums, codes, variance)

    def _gradients_in_two_lanes(self, x: Tensor, y: Tensor, noise: Tensor) -> Notes:
        """The same on a CPU, half of the batch in a second thread.

        Two lanes that meet once bear a busy machine, where threads that meet after every operation do not.
        """
        (x1, x2), (y1, y2), (n1, n2) = (tensor.chunk(2) for tensor in (x, y, noise))
        lane = self._second_lane.submit(self._gradients, x2, y2, n2)
        (mine, notes), (others, more) = self._gradients(x1, y1, n1), lane.result()
        for weight, one, other in zip(self.net.parameters(), mine, others, strict=True):
            weight.grad = one.add_(other).mul_(0.5)
        return tuple((one + other) / 2 for one, other in zip(notes, more, strict=True))

    def _gradients(self, x: Tensor, y: Tensor, noise: Tensor) -> tuple[tuple[Tensor, ...], Notes]:
        loss, notes = self._loss(x, y, noise)
        return torch.autograd.grad(loss, list(self.net.parameters())), notes

    @torch.no_grad()
    def _remember(self, notes: Notes) -> None:
        sums, codes, variance = notes
        self._sums += sums
        self._codes += codes
        self.net.variance.lerp_(variance, 0.05 if self.steps else 1.0)


@torch.no_grad()
def _average(averaged: tuple[Tensor, ...], current: tuple[Tensor, ...], count: Tensor) -> None:
    """EMA that starts short, so that the average does not lag in the first seconds."""
    n = int(count)  # kept on the CPU, so this waits for nothing
    decay = min(AVERAGE**EVERY, (1 + n) / (10 + n))
    if averaged[0].is_floating_point():
        torch._foreach_lerp_(averaged, current, 1 - decay)
    else:
        torch._foreach_copy_(averaged, current)
