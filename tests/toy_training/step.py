"""The mean picture of each class and the spread of each pixel, learned by gradient descent."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from engines.device import usual
from engines.running.events import Bars, Weights

NOISE = 0.1  # of the spread: all of it is snow


class Model:
    """A mean float32 [classes, S, S, C] and a spread [S, S, C], to draw from."""

    def __init__(self, config, mean, spread):
        self.config, self.mean, self.spread = config, mean, spread

    @classmethod
    def load(cls, config, weights: Weights):
        return cls(config, weights.tensors["mean"], weights.tensors["spread"])

    def noise(self, count, seed):
        generator = torch.Generator().manual_seed(seed)
        return torch.randn(count, *self.spread.shape, generator=generator).numpy()

    def sample(self, noise, labels=None):
        labels = np.arange(len(noise)) % len(self.mean) if labels is None else labels
        return np.clip(127.5 * (self.mean[labels] + NOISE * self.spread * noise + 1), 0, 255).astype(np.uint8)


class Trainer:
    """What engines/live_training/family.py asks of a Trainer."""

    def __init__(self, config, images, labels, classes, device="cpu", team=None, choice=None):
        self.config, self.device, self.team, self.steps = config, torch.device(device), team, 0
        self.use(choice or usual(self.device))
        self.images, self.labels = torch.tensor(images).float().div(127.5).sub(1), torch.tensor(labels)
        self.rng = torch.Generator().manual_seed(config.seed)
        shape = images.shape[1:]
        self.net = nn.ParameterDict({"mean": torch.zeros(max(1, classes), *shape), "spread": torch.zeros(shape)})
        self.optimiser = torch.optim.Adam(self.net.parameters(), config.lr)
        self.losses = []

    def step(self):
        index = torch.randint(len(self.images), (self.config.batch,), generator=self.rng)
        self.optimiser.zero_grad()
        far = (self.images[index] - self.net["mean"][self.labels[index]]).square()
        loss = far.mean() + (far.detach().sqrt() - self.net["spread"]).square().mean()
        loss.backward()
        self.optimiser.step()
        self.losses.append(loss.detach())
        self.steps += 1

    def use(self, choice):
        self.choice = choice
        torch.set_num_threads(choice.threads)

    def signals(self):
        means = {"Loss": torch.stack(self.losses).mean().item()} if self.losses else {}
        self.losses = []
        return means

    def model(self):
        return Model(self.config, **self.weights())

    def noise(self, count, seed):
        return self.model().noise(count, seed)

    def sample(self, noise, labels=None):
        return self.model().sample(noise, labels)

    def weights(self):
        return {name: value.detach().clone().numpy() for name, value in self.net.items()}

    def nets(self):
        return {"net": self.net}

    def optimisers(self):
        return {"optimiser": self.optimiser}

    def begin_anew(self):
        self.losses = []

    def extras(self, class_names=()):
        return [Bars("Spread", ("least", "most"), (self.net["spread"].min().item(), self.net["spread"].max().item()))]
