"""One training step, fast: data on the device, one pass of G for both updates, no waiting for numbers."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor
from torch.optim.swa_utils import AveragedModel

from engines.device.tuning import Choice
from engines.gan_training.config import GanConfig
from engines.gan_training.networks import build_discriminator, build_generator, generate, latents
from engines.gan_training.objectives import OBJECTIVES
from engines.live_training.team import Team, part
from engines.live_training.trainer import BaseTrainer, check_images
from engines.running.events import Event

LOWEST = 0.01  # of a learning rate, at the end of a run
WHOLE_FALL = 20_000  # steps; a shorter run ends on its way down: with all of the fall in it, it would learn less
EMA_EVERY = 4  # steps; averaging each of them took 6 % of the time
SIGNALS = ("Loss_D", "Loss_G", "D(x)", "D(G(z))", "pair_accuracy")


def may_part(config: GanConfig) -> bool:
    """Whether D's step can have real and fake pictures in two lanes: a gradient penalty needs both halves at once."""
    return OBJECTIVES[config.objective].penalty is None


def falling(done: float) -> float:
    """What is left of the learning rates when this share of the steps is done: half a cosine, down to LOWEST
    (Loshchilov & Hutter 2017, arXiv:1608.03983, equation 5). With constant ones late pictures get no better.
    """
    return max(LOWEST, 0.5 + 0.5 * math.cos(math.pi * min(1.0, done)))


class Trainer(BaseTrainer):
    """G, D, their optimisers and the data on one device. Not for use by two threads at once.

    images: uint8 [N, S, S, C] with S = config.size; labels: int64 [N] in [0, classes).
    Two trainers with the same config, seed included, make the same weights, also side by side. In a team
    each takes its part of the data and of every batch; BatchNorm sees that part only, and rank 0's is kept.
    """

    def __init__(
        self,
        config: GanConfig,
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
        self.objective = OBJECTIVES[config.objective]
        self.images = torch.tensor(part(images, team), device=self.device)
        self.labels = torch.tensor(part(labels, team), dtype=torch.int64, device=self.device)
        channels = images.shape[3]
        layout = self.choice.memory_format
        self.g = build_generator(config, channels, classes).to(self.device, memory_format=layout)
        self.d = build_discriminator(config, channels, classes).to(self.device, memory_format=layout)
        self.opt_g = self._adam(self.g, config.lr_g)
        self.opt_d = self._adam(self.d, config.lr_d)
        self.ema = AveragedModel(self.g, multi_avg_fn=self._average, use_buffers=True) if config.ema else None
        self.use(self.choice)
        self._call_g, self._call_d = (team.wrap(self.g), team.wrap(self.d)) if self._together else (self.g, self.d)
        self._sums = torch.zeros(len(SIGNALS) + 1, device=self.device)  # the last one counts

    def step(self) -> None:
        """config.d_steps updates of D and one of G."""
        left = falling(self.done * min(1.0, self.planned / WHOLE_FALL))
        self._set_rate(self.opt_g, left * self.config.lr_g)
        self._set_rate(self.opt_d, left * self.config.lr_d)
        if self.device.type == "cuda":
            self._step_cuda()
        else:
            self._update()
        if self.ema is not None and self.steps % EMA_EVERY == 0:
            self.ema.update_parameters(self.g)
        self.steps += 1

    def signals(self) -> dict[str, float]:
        """Means since the last call, and the norm of G's last gradient; waits for the device.

        Loss_D and Loss_G, D(x) and D(G(z)) as the objective shows them, pair_accuracy: the share of pairs
        in which the real picture scores above the fake. Empty before the first step.
        """
        *sums, count = self._sums.tolist()
        if not count:
            return {}
        self._sums.zero_()
        norms = [p.grad.norm() for p in self.g.parameters() if p.grad is not None]
        values = {name: value / count for name, value in zip(SIGNALS, sums, strict=True)}
        return values | {"grad_norm_g": torch.stack(norms).norm().item()}

    def noise(self, count: int, seed: int) -> np.ndarray:
        """Noise float32 [count, latent], fixed by the seed."""
        return latents(count, self.config.latent, seed)

    def sample(self, z: np.ndarray, labels: np.ndarray | None = None) -> np.ndarray:
        """Pictures uint8 [N, S, S, C] of the averaged G for z [N, latent]; the labels take turns if left out."""
        labels = np.arange(len(z)) % max(1, self.classes) if labels is None else labels
        with self._autocast():
            pictures = generate(self._best(), z, labels)
        self.g.train()  # the average may be G itself
        return pictures

    def weights(self) -> dict[str, np.ndarray]:
        """Copies of the averaged G's parameters and buffers."""
        return {k: v.to("cpu", copy=True).contiguous().numpy() for k, v in self._best().state_dict().items()}

    def nets(self) -> dict[str, torch.nn.Module]:
        """All networks by name; "ema" only where G is averaged."""
        nets: dict[str, torch.nn.Module] = {"g": self.g, "d": self.d}
        return nets if self.ema is None else {**nets, "ema": self.ema}

    def optimisers(self) -> dict[str, torch.optim.Optimizer]:
        """Both optimisers by name."""
        return {"opt_g": self.opt_g, "opt_d": self.opt_d}

    def extras(self, class_names: tuple[str, ...] = ()) -> list[Event]:
        """Nothing but what every family shows."""
        return []

    def begin_anew(self) -> None:
        """To be called when weights and optimisers were replaced: sums and a captured graph are of the old ones."""
        super().begin_anew()
        self._sums.zero_()

    def _may_part(self) -> bool:
        return may_part(self.config)

    def _best(self) -> torch.nn.Module:
        return self.g if self.ema is None else self.ema.module

    def _adam(self, net: torch.nn.Module, lr: float) -> torch.optim.Adam:
        adam = torch.optim.Adam(
            net.parameters(),
            lr=lr,
            betas=(self.config.beta1, 0.999),
            fused=self.device.type in ("cpu", "cuda"),
            capturable=self.device.type == "cuda",
        )
        return self._with_changing_rate(adam)

    @torch.no_grad()
    def _average(self, averaged: tuple[Tensor, ...], current: tuple[Tensor, ...], count: Tensor) -> None:
        """EMA that starts short, so that the average does not lag in the first seconds."""
        n = int(count)  # kept on the CPU, so this waits for nothing
        decay = min(self.config.ema**EMA_EVERY, (1 + n) / (10 + n))
        if averaged[0].is_floating_point():
            torch._foreach_lerp_(averaged, current, 1 - decay)
        else:
            torch._foreach_copy_(averaged, current)

    def _batch(self) -> tuple[Tensor, Tensor, Tensor]:
        """Real pictures float32 [N, C, S, S] in [-1, 1], their labels, and noise [N, latent]."""
        n, rng = self.batch, self.rng
        index = torch.randint(len(self.images), (n,), generator=rng, device=self.device)
        real = self.images[index].permute(0, 3, 1, 2).float().div_(127.5).sub_(1)
        z = torch.randn(n, self.config.latent, generator=rng, device=self.device)
        return real, self.labels[index], z

    def _update(self) -> None:
        """Algorithm 1 of Goodfellow et al. 2014; G's step reuses the pictures of D's last one."""
        for _ in range(self.config.d_steps):
            real, y, z = self._batch()
            if self._second_lane:
                fake, loss_d, real_score, fake_score = self._update_d_in_two_lanes(real, y, z)
            else:
                with self._autocast():
                    fake = self._call_g(z, y)
                loss_d, real_score, fake_score = self._update_d(real, fake.detach(), y)
        loss_g = self._update_g(real, fake, y)
        with torch.no_grad():
            output = self.objective.output
            now = [loss_d, loss_g, output(real_score).mean(), output(fake_score).mean()]
            now += [(real_score > fake_score).float().mean(), torch.ones_like(loss_d)]
            self._sums += torch.stack(now)

    def _update_d(self, real: Tensor, fake: Tensor, y: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """One step of D; returns its loss and the scores of real and fake pictures, all detached."""
        self.opt_d.zero_grad()
        with self._autocast():
            real_score, fake_score = self._call_d(real, y).float(), self._call_d(fake, y).float()
            loss = self.objective.d_loss(real_score, fake_score)
            if self.objective.penalty is not None and self.config.gamma:
                loss = loss + self.config.gamma * self._penalty(real, fake.float(), y)
        loss.backward()
        self.opt_d.step()
        return loss.detach(), real_score.detach(), fake_score.detach()

    def _update_d_in_two_lanes(self, real: Tensor, y: Tensor, z: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """The same on a CPU, the real pictures' half of it in a second thread; also returns the fake pictures.

        Two lanes that meet twice bear a busy machine, where threads that meet after every operation do not.
        """
        weights = list(self.d.parameters())
        lane = self._second_lane.submit(self._score, real, y)
        with self._autocast():
            fake = self.g(z, y)
        fake_score, real_score = self._score(fake.detach(), y), lane.result()
        heads = [score.detach().requires_grad_() for score in (real_score, fake_score)]
        loss = self.objective.d_loss(*heads)
        on_real, on_fake = torch.autograd.grad(loss, heads)
        lane = self._second_lane.submit(torch.autograd.grad, real_score, weights, on_real)
        gradients = torch.autograd.grad(fake_score, weights, on_fake)
        for weight, from_fake, from_real in zip(weights, gradients, lane.result(), strict=True):
            weight.grad = from_fake.add_(from_real)
        self.opt_d.step()
        return fake, loss.detach(), heads[0].detach(), heads[1].detach()

    def _score(self, x: Tensor, y: Tensor) -> Tensor:
        with self._autocast():  # a setting of the thread that is in it
            return self.d(x, y).float()

    def _penalty(self, real: Tensor, fake: Tensor, y: Tensor) -> Tensor:
        def critic(x: Tensor) -> Tensor:
            return self._call_d(x, y.repeat(len(x) // len(y)))

        return self.objective.penalty(critic, real, fake, self.rng)

    def _update_g(self, real: Tensor, fake: Tensor, y: Tensor) -> Tensor:
        """One step of G; returns its loss, detached. D's weights need no gradients here."""
        self.opt_g.zero_grad()
        self.d.requires_grad_(False)
        with self._autocast():
            fake_score = self._call_d(fake, y).float()
            real_score = self._call_d(real, y).float() if self.objective.paired else fake_score
            loss = self.objective.g_loss(real_score, fake_score)
        loss.backward()
        self.d.requires_grad_(True)
        self.opt_g.step()
        return loss.detach()
