"""A GAN of points: Goodfellow et al. 2014, arXiv:1406.2661, with the objectives of the pictures' GAN."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from engines.gan_training.objectives import OBJECTIVES, Objective
from engines.points_training.networks import Waves, mlp
from engines.points_training.trainer import Trainer, adam, mesh, place

FIELD = 32  # squares a side of the field of D's opinion
ARROWS = 80
LONGEST = 0.5  # arrow, of a gradient without end
PENALTY_EVERY = 2  # steps; lazy as in StyleGAN2 (Karras et al. 2020), since it is the dearest part of a step


class GanTrainer(Trainer):
    """G makes points from noise, and D tells them from real ones."""

    parts = ("both", "d", "g")
    names = ("Loss_D", "Loss_G", "D(x)", "D(G(z))", "pair_accuracy")

    @property
    def objective(self) -> Objective:
        """What D and G compete for."""
        return OBJECTIVES[self.config.objective]

    def build(self) -> dict[str, nn.Module]:
        """See Trainer."""
        self.g = mlp(self.config.noise, self.config.width, 2)
        self.d = nn.Sequential(Waves(), mlp(Waves.size, self.config.width, 1))
        self._weights = list(self.g.parameters()), list(self.d.parameters())
        self._mesh = mesh(FIELD)
        self.gradient = 0.0  # the mean slope that G felt when it was last looked at
        return {"g": self.g, "d": self.d}

    def make_optimisers(self) -> dict[str, torch.optim.Optimizer]:
        """See Trainer."""
        rates = {"g": self.config.lr, "d": self.config.lr_d}
        return {name: adam([net], rates[name], beta1=0.5) for name, net in self._nets.items()}

    def update(self) -> None:
        """Algorithm 1 of the paper: D's updates, then G's, which reuses the last made points."""
        for _ in range(self.config.d_steps):
            made = self._make_some()
            loss_d, real, fake = self._update_d(made.detach())
        loss_g = self._update_g(made)
        output = self.objective.output
        with torch.no_grad():
            right = (real > fake).float().mean()
            values = (loss_d, loss_g, output(real).mean(), output(fake).mean(), right)
            self.note(dict(zip(self.names, values, strict=True)))

    def advance(self, part: str) -> None:
        """See Trainer: "d" and "g" update D and G alone."""
        if part == "d":
            self._update_d(self._make_some().detach(), every=1)
        elif part == "g":
            self._update_g(self._make_some())
        else:
            self.step()

    def _make_some(self) -> Tensor:
        return self.g(self.draw(self.config.batch, self.config.noise))

    def _update_d(self, fake: Tensor, every: int = PENALTY_EVERY) -> tuple[Tensor, Tensor, Tensor]:
        """One update of D, with its penalty in each `every`th step; returns its loss and the scores of both halves."""
        real = self.batch()
        real_score, fake_score = self._score(torch.cat([real, fake])).chunk(2)
        loss = self.objective.d_loss(real_score, fake_score)
        if self.objective.penalty is not None and self.config.gamma and self.steps % every == 0:
            loss = loss + every * self.config.gamma * self._penalty(real, fake)
        self._learn("d", self._weights[1], loss)
        return loss, real_score, fake_score

    def _update_g(self, fake: Tensor) -> Tensor:
        """One update of G; returns its loss. D's weights need no gradients here."""
        score = self._score(fake)
        real = self._score(self.batch()) if self.objective.paired else score
        loss = self.objective.g_loss(real, score)
        self._learn("g", self._weights[0], loss)
        return loss

    def _learn(self, name: str, weights: list[Tensor], loss: Tensor) -> None:
        for weight, gradient in zip(weights, torch.autograd.grad(loss, weights), strict=True):
            weight.grad = gradient
        self._optimisers[name].step()

    def _penalty(self, real: Tensor, fake: Tensor) -> Tensor:
        """To a penalty on pictures a point is one of a single pixel in two channels."""

        def critic(x: Tensor) -> Tensor:
            return self._score(x.flatten(1))

        return self.objective.penalty(critic, real[..., None, None], fake[..., None, None], self.rng)

    def _score(self, x: Tensor) -> Tensor:
        return self.d(x)[:, 0]

    @torch.no_grad()
    def make(self, noise: Tensor) -> Tensor:
        """See Trainer."""
        return self.g(noise)

    def look(self) -> dict[str, np.ndarray]:
        """D's opinion from 0, made, to 255, real; and where each of some made points is told to go."""
        with torch.no_grad():
            opinion = self._opinion(self._score(self._mesh))
            fake = self.g(self.fixed[:ARROWS])
        towards = -self._slope(fake)
        length = towards.norm(dim=1, keepdim=True)
        self.gradient = length.mean().item()
        ends = fake + towards / length.clamp_min(1e-12) * LONGEST * torch.tanh(length)
        field = np.nan_to_num(255 * opinion.reshape(FIELD, FIELD).numpy(), nan=127.0)
        arrows = place(torch.stack([fake, ends], 1))
        return {"field": np.rint(field).astype(np.uint8), "arrows": arrows[None]}

    def _slope(self, fake: Tensor) -> Tensor:
        """The gradient of each point's own part of G's loss, [N, 2]."""
        x = fake.detach().requires_grad_()
        score = self._score(x)
        real = self._score(self.points[: len(x)]).detach() if self.objective.paired else score
        (gradient,) = torch.autograd.grad(self.objective.g_loss(real, score) * len(x), x)
        return gradient

    def _opinion(self, scores: Tensor) -> Tensor:
        """Scores as 0 to 1: probabilities where D gives them, else by where real and made points score now."""
        if self.objective.output is torch.sigmoid:
            return scores.sigmoid()
        real, fake = self._score(self.points[:256]), self._score(self.g(self.fixed[:256]))
        both = torch.cat([real, fake])
        return ((scores - (real.mean() + fake.mean()) / 2) / both.std().clamp_min(1e-6)).sigmoid()
