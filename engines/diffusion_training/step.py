"""One training step, fast: data on the device, two lanes where there are two cores, no waiting for numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch
from torch import Tensor
from torch.optim.swa_utils import AveragedModel

from engines.device.tuning import Choice
from engines.diffusion_training.config import DiffusionConfig
from engines.diffusion_training.drawing import Drawing, as_input
from engines.diffusion_training.muon import Muon, split
from engines.diffusion_training.networks import build_network
from engines.diffusion_training.objectives import OBJECTIVES, spread_out
from engines.diffusion_training.probes import LEVELS, Probes
from engines.live_training.team import Team, part
from engines.live_training.trainer import BaseTrainer, check_images
from engines.running.events import Event

EMA_EVERY = 4  # steps
NO_CLASS = 0.1  # share of the pictures that are learned from without their class (Ho and Salimans 2022)
COOLING = 0.3  # the last share of the steps, in which the learning rate goes down to nothing
HELD_OUT = 256  # pictures that are not learned from, at most
ASKED_NOISE = 3  # seed of the noise for questions
FEW = 20  # pictures, of which none are held out


class Trainer(BaseTrainer):
    """The network, its optimiser and the data on one device. Not for use by two threads at once.

    images: uint8 [N, S, S, C] with S = config.size; labels: int64 [N] in [0, classes).
    Two trainers with the same config, seed included, make the same weights, also side by side. In a team
    each takes its part of the data and of every batch.
    """

    def __init__(
        self,
        config: DiffusionConfig,
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
        self.classes = classes if config.conditional else 0
        self.objective = OBJECTIVES[config.objective]
        learned, held_out = divide(len(images), config.pictures)
        self.images = torch.tensor(part(images[learned], team), device=self.device)
        self.labels = torch.tensor(part(labels[learned], team), dtype=torch.int64, device=self.device)
        network = build_network(config, images.shape[3], classes)
        self.net = network.to(self.device, memory_format=self.choice.memory_format)
        self.adam, self.muon = self._optimisers()
        self.ema = AveragedModel(self.net, multi_avg_fn=self._average) if config.ema else None
        self.use(self.choice)
        self._call = team.wrap(self.net) if self._together else self.net
        self._sums = torch.zeros(2, LEVELS, device=self.device)  # of losses by noise level, and how many
        self.probes = Probes(self, images[held_out], labels[held_out])

    def step(self) -> None:
        """One update of the network."""
        rate = self.config.lr * cooled(self.done)
        for optimiser in (self.adam, self.muon):
            self._set_rate(optimiser, rate)
        if self.device.type == "cuda":
            self._step_cuda()
        else:
            self._update()
        if self.ema is not None and self.steps % EMA_EVERY == 0:
            self.ema.update_parameters(self.net)
        self.steps += 1

    def signals(self) -> dict[str, float]:
        """Means since the last call, and what the probes found last; waits for the device. Empty before a first step.

        Loss: the mean squared error of what the network predicts, whose parts have a variance of about 1 to 2.
        """
        losses, counts = self._sums.tolist()
        if not sum(counts):
            return {}
        self._sums.zero_()
        self.probes.told(losses, counts)
        guidance = self.config.guidance if self.config.conditional else 1.0
        return {"Loss": sum(losses) / sum(counts), "guidance": guidance, **self.probes.signals}

    def extras(self, class_names: Sequence[str] = ()) -> Iterator[Event]:
        """Every few seconds: the loss by noise level, a picture on its way, and what fewer and more steps give."""
        return self.probes.events()

    def noise(self, count: int, seed: int) -> np.ndarray:
        """What samples start from, float32 [count, C, S, S] ~ N(0, 1), the same for a seed on every device."""
        return self.drawing().noise(count, seed)

    def sample(self, noise: np.ndarray, labels: np.ndarray | None = None) -> np.ndarray:
        """Pictures uint8 [N, S, S, C] of the averaged network; the labels take turns if left out."""
        return self.drawing().sample(noise, labels)

    @torch.inference_mode()
    def ask(self, images: Tensor, labels: Tensor, net: Callable[..., Tensor] | None = None) -> float:
        """Mean loss of the averaged network, or of `net`, on pictures uint8 [N, S, S, C], always in the same noise."""
        x, rng = as_input(images), torch.Generator().manual_seed(ASKED_NOISE)
        e = torch.randn(x.shape, generator=rng).to(self.device)
        s = self.objective.levels(torch.randn(len(x), generator=rng)).to(self.device)
        return self._errors(x, labels, e, s, net or self.best()).mean().item()

    def drawing(self) -> Drawing:
        """The averaged network, to draw with."""
        return Drawing(self.config, self.best(), self.images.shape[3], self.classes, self._second_lane, self.dtype)

    def weights(self) -> dict[str, np.ndarray]:
        """Copies of the averaged network's parameters."""
        return {k: v.to("cpu", copy=True).contiguous().numpy() for k, v in self.best().state_dict().items()}

    def nets(self) -> dict[str, torch.nn.Module]:
        """All networks by name; "ema" only where there is an average."""
        return {"net": self.net} if self.ema is None else {"net": self.net, "ema": self.ema}

    def optimisers(self) -> dict[str, torch.optim.Optimizer]:
        """All optimisers by name."""
        return {"adam": self.adam, "muon": self.muon}

    def begin_anew(self) -> None:
        """To be called when weights and optimiser were replaced: sums and a captured graph are of the old ones."""
        super().begin_anew()
        self._sums.zero_()

    def best(self) -> torch.nn.Module:
        """The averaged network, or the network itself where there is none."""
        return self.net if self.ema is None else self.ema.module

    def _optimisers(self) -> tuple[torch.optim.Adam, Muon]:
        """Muon for the convolutions, which are matrices; Adam for the rest."""
        (matrices, rest), cuda = split(self.net), self.device.type == "cuda"
        fused = self.device.type in ("cpu", "cuda")
        adam = torch.optim.Adam(rest, lr=self.config.lr, betas=(0.9, 0.99), fused=fused, capturable=cuda)
        return self._with_changing_rate(adam), self._with_changing_rate(Muon(matrices, self.config.lr))

    @torch.no_grad()
    def _average(self, averaged: tuple[Tensor, ...], current: tuple[Tensor, ...], count: Tensor) -> None:
        """EMA that starts short, so that the average does not lag in the first seconds."""
        n = int(count)  # kept on the CPU, so this waits for nothing
        decay = min(self.config.ema**EMA_EVERY, (1 + n) / (10 + n))
        torch._foreach_lerp_(averaged, current, 1 - decay)

    def _batch(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Pictures float32 [N, C, S, S] in [-1, 1], labels [N], noise alike, noise levels [N]."""
        n, rng = self.batch, self.rng
        index = torch.randint(len(self.images), (n,), generator=rng, device=self.device)
        x = as_input(self.images[index])
        forgotten = torch.rand(n, generator=rng, device=self.device) < NO_CLASS
        y = self.labels[index].masked_fill(forgotten, self.classes)
        e = torch.randn(x.shape, generator=rng, device=self.device)
        s = self.objective.levels(torch.randn(n, generator=rng, device=self.device))
        return x, y, e, s

    def _update(self) -> None:
        """The mean squared error of the prediction, one step of the optimisers."""
        x, y, e, s = self._batch()
        self.net.zero_grad()
        if self._second_lane:
            errors = self._backward_in_two_lanes(x, y, e, s)
        else:
            errors = self._errors(x, y, e, s)
            errors.mean().backward()
            errors = errors.detach()
        self.adam.step()
        self.muon.step()
        level = (s * LEVELS).long().clamp(max=LEVELS - 1)
        self._sums[0].index_add_(0, level, errors)
        self._sums[1].index_add_(0, level, torch.ones_like(errors))

    def _backward_in_two_lanes(self, *batch: Tensor) -> Tensor:
        """Half of the batch in a second thread: lanes that meet once bear a busy machine, threads do not."""
        mine, other = zip(*(each.chunk(2) for each in batch), strict=True)
        weights = list(self.net.parameters())
        lane = self._second_lane.submit(self._gradients, weights, other)
        gradients, errors = self._gradients(weights, mine)
        for weight, a, b in zip(weights, gradients, lane.result()[0], strict=True):
            weight.grad = a.add_(b).div_(2)
        return torch.cat([errors, lane.result()[1]])

    def _gradients(self, weights: list[Tensor], batch: tuple[Tensor, ...]) -> tuple[list[Tensor], Tensor]:
        errors = self._errors(*batch)
        return list(torch.autograd.grad(errors.mean(), weights)), errors.detach()

    def _errors(self, x: Tensor, y: Tensor, e: Tensor, s: Tensor, net: Callable[..., Tensor] | None = None) -> Tensor:
        """The mean squared error of each picture [N]."""
        alpha, sigma = (spread_out(each, x) for each in self.objective.path(s))
        z = alpha * x + sigma * e
        with self._autocast():  # a setting of the thread that is in it
            given = (net or self._call)(z, s, y if self.classes else None).float()
        wrong = self.objective.said(z, given, alpha, sigma) - self.objective.target(x, e, alpha, sigma)
        return wrong.square().flatten(1).mean(1)


def cooled(done: float) -> float:
    """What is left of the learning rate when this share of the steps is done: all of it until the last part."""
    return min(1.0, max(0.0, 1 - done) / COOLING)


def divide(count: int, wanted: int) -> tuple[np.ndarray, np.ndarray]:
    """Which of so many pictures are learned from, at most `wanted` unless that is 0, and which are held out."""
    order = np.random.default_rng(0).permutation(count)
    apart = 0 if count < FEW else min(HELD_OUT, count // 10)
    return np.sort(order[apart:][: wanted or None]), order[:apart]
