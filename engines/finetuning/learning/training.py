"""One step of fine-tuning, fast: no padding to speak of, bfloat16 where it pays, two lanes, no waiting for numbers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engines.device import keep_freed_memory
from engines.finetuning.config import FinetuningConfig
from engines.finetuning.data.sources import Source, bucketed
from engines.finetuning.learning.adversarial import adversarial_gradients
from engines.finetuning.learning.graphs import GraphedGradients
from engines.finetuning.learning.lanes import Lanes, Noise

WORK = 1.5e11  # multiplications of a part on a CPU: about half a second, within which a stop is heard
MAX_NORM = 1.0  # of the gradient, as in BERT's fine-tuning
PREDICTED = 64  # examples at once
RECENT = 1000  # examples behind what `signals` says

Part = tuple[int, np.ndarray, int]  # number of the part, its rows, rows of the whole batch


class Worker:
    """A network, its inputs and the device they are on; what training and prediction share."""

    def __init__(self, net: nn.Module, source: Source, lanes: Lanes, device: torch.device) -> None:
        self.net, self.source, self.lanes, self.device = net, source, lanes, device
        self.dtype = lanes.choice.type
        if device.type == "cpu":
            keep_freed_memory()

    def autocast(self) -> torch.autocast:
        """bfloat16 where it pays; nothing is cached, as lanes would share it."""
        low = self.dtype != torch.float32
        return torch.autocast(self.device.type, self.dtype, enabled=low, cache_enabled=False)

    def parts(self, rows: np.ndarray) -> list[np.ndarray]:
        """A batch's rows in equal parts: one a lane, or several where that would take too long."""
        most = len(rows)
        if self.device.type == "cpu":
            most = max(1, int(WORK / (self.net.work * self.source.lengths[rows].max())))
        count = min(len(rows), self.lanes.count * max(1, math.ceil(len(rows) / (most * self.lanes.count))))
        return [rows[i::count] for i in range(count)]  # a batch is sorted by length: each part gets some of all

    def logits(self, rows: np.ndarray) -> Iterator[np.ndarray | None]:
        """Yields None while at work, and last the logits, float32 [N, K]."""
        order = rows[np.argsort(self.source.lengths[rows], kind="stable")]
        batches = [order[i : i + PREDICTED] for i in range(0, len(order), PREDICTED)]
        found: list[np.ndarray] = []
        self.net.eval()
        for start in range(0, len(batches), self.lanes.count):
            found += self.lanes.map(self._predict, batches[start : start + self.lanes.count])
            yield None
        logits = np.concatenate(found) if found else np.zeros((0, 1), np.float32)
        where = np.empty(len(rows), np.int64)
        where[np.argsort(self.source.lengths[rows], kind="stable")] = np.arange(len(rows))
        yield logits[where]

    @torch.inference_mode()
    def _predict(self, rows: np.ndarray) -> np.ndarray:
        with self.autocast():
            return self.net(*self.source.inputs(rows)).float().cpu().numpy()


class Trainer(Worker):
    """Trains a network with cross-entropy on some rows. Not for use by two threads at once.

    Two trainers with the same config, data and number of lanes do the same, also when one is stopped between
    steps and another goes on from its state.
    """

    def __init__(
        self,
        config: FinetuningConfig,
        net: nn.Module,
        source: Source,
        labels: np.ndarray,
        rows: np.ndarray,
        lanes: Lanes,
        noise: Noise,
        device: torch.device,
    ) -> None:
        super().__init__(net, source, lanes, device)
        self.config, self.rows, self.noise = config, rows, noise
        self.labels = torch.tensor(labels, device=device)
        self.weights = [weight for weight in net.parameters() if weight.requires_grad]
        self.optimizer = make_optimizer(self.weights, config.lr, config.weight_decay)
        self.steps_per_epoch = math.ceil(len(rows) / config.batch)
        self.total = config.epochs * self.steps_per_epoch
        self.steps = 0
        self._epoch: tuple[int, list[np.ndarray]] = (-1, [])
        self._gradients: list[Tensor] = []
        self._buffers: dict[str, Tensor] = {}
        self._graphed = GraphedGradients(self._gradients_of) if device.type == "cuda" else None
        self._sums = torch.zeros(3, device=device)  # loss, right, examples since the last signals
        self._recent = torch.zeros(3)  # the same over about the last RECENT examples

    def rounds(self) -> Iterator[list[Part]]:
        """The next step's batch in parts, as many at a time as there are lanes."""
        self._buffers = {name: buffer.clone() for name, buffer in self.net.named_buffers()}
        epoch, place = divmod(self.steps, self.steps_per_epoch)
        if self._epoch[0] != epoch:
            mixed = np.random.default_rng([self.config.seed, epoch])
            self._epoch = (epoch, bucketed(self.rows, self.source.lengths, self.config.batch, mixed))
        batch = self._epoch[1][place]
        parts = [(number, rows, len(batch)) for number, rows in enumerate(self.parts(batch))]
        for start in range(0, len(parts), self.lanes.count):
            yield parts[start : start + self.lanes.count]

    def accumulate(self, parts: Sequence[Part]) -> None:
        """Add the gradients of some parts of the batch."""
        self.net.train()
        for gradients, sums in self.lanes.map(self._work_on, parts):
            if self._gradients:  # a graph overwrites what it gave, but gives only one part of a batch
                torch._foreach_add_(self._gradients, gradients)
            else:
                self._gradients = list(gradients)
            self._sums += sums

    def abandon(self) -> None:
        """Forget a step that was begun: its gradients, and what batch norms saw of it."""
        self._gradients = []
        self.net.load_state_dict(self._buffers, strict=False)

    def apply(self) -> None:
        """Move the weights: AdamW, with a rate that rises and then falls in straight lines."""
        for weight, gradient in zip(self.weights, self._gradients, strict=True):
            weight.grad = gradient
        take_step(self.optimizer, self.weights, self.config.lr * self._rate())
        self._gradients = []
        self.steps += 1

    def _rate(self) -> float:
        """The learning rate of this step, as a share from 0 to 1 of the config's."""
        return warmed(self.steps, self.total, self.config.warmup)

    def _work_on(self, part: Part) -> tuple[list[Tensor], Tensor]:
        """(gradients, [loss, right, examples]) of one part, in a lane."""
        number, rows, whole = part
        generator = self.noise.begin(self.steps, number)
        truth = self.labels[torch.tensor(rows, device=self.device)]
        inputs = [truth, torch.tensor(float(whole), device=self.device), *self.source.inputs(rows)]
        return self._graphed(inputs, generator) if self._graphed else self._gradients_of(inputs)

    def _gradients_of(self, given: Sequence[Tensor]) -> tuple[list[Tensor], Tensor]:
        """The same of (classes int64 [B], rows of the whole batch, the network's inputs …); it waits for no number."""
        truth, whole, *inputs = given

        def loss_of(logits: Tensor) -> Tensor:
            return F.cross_entropy(logits.float(), truth, reduction="sum") / whole

        with self.autocast():
            if self.config.adversarial:
                epsilon = self.config.epsilon
                gradients, logits = adversarial_gradients(self.net, inputs, loss_of, self.weights, epsilon)
            else:
                logits = self.net(*inputs)
                gradients = torch.autograd.grad(loss_of(logits), self.weights, materialize_grads=True)
        with torch.no_grad():
            loss, right = loss_of(logits) * whole, (logits.argmax(1) == truth).sum()
            count = torch.full_like(loss, float(len(truth)))
            return list(gradients), torch.stack([loss, right.float(), count])

    @property
    def seen(self) -> int:
        """Examples so far, those of several epochs counted again."""
        epoch, place = divmod(self.steps, self.steps_per_epoch)
        return epoch * len(self.rows) + min(place * self.config.batch, len(self.rows))

    def signals(self) -> dict[str, float]:
        """Loss and Accuracy (0 to 1) over about the last thousand examples; waits for the device. Empty before any."""
        sums = self._sums.to("cpu", copy=True)
        self._sums.zero_()
        kept = max(0.0, 1 - sums[2].item() / min(RECENT, len(self.rows)))
        self._recent.mul_(kept).add_(sums)
        loss, right, count = self._recent.tolist()
        return {"Loss": loss / count, "Accuracy": right / count} if count else {}

    def snapshot(self) -> dict[str, Tensor]:
        """Copies of all that training changes in the network."""
        changing = dict(self.net.named_buffers())
        changing |= {name: weight for name, weight in self.net.named_parameters() if weight.requires_grad}
        return {name: tensor.detach().clone() for name, tensor in changing.items()}

    def restore(self, snapshot: dict[str, Tensor]) -> None:
        """Put a snapshot back into the network."""
        self.net.load_state_dict(snapshot, strict=False)

    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """(tensors, plain values) from which a trainer with the same config and data goes on; shares memory."""
        tensors = {f"net.{name}": tensor for name, tensor in self.net.state_dict().items()}
        for i, values in self.optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer.{i}.{name}": tensor for name, tensor in values.items()}
        return tensors, {"steps": self.steps}

    def load_state(self, tensors: dict[str, Tensor], values: dict[str, Any]) -> None:
        """Go on from what `state` gave."""
        net = {name[4:]: tensor for name, tensor in tensors.items() if name.startswith("net.")}
        self.net.load_state_dict(net)
        weights = [weight.detach() for group in self.optimizer.param_groups for weight in group["params"]]
        state: dict[int, dict[str, Tensor]] = {}
        for name, tensor in tensors.items():
            if name.startswith("optimizer."):
                _, number, key = name.split(".", 2)
                weight = weights[int(number)]
                if tensor.shape == weight.shape:  # fused AdamW takes it that both lie alike in memory
                    tensor = torch.empty_like(weight).copy_(tensor)
                state.setdefault(int(number), {})[key] = tensor
        self.optimizer.load_state_dict({**self.optimizer.state_dict(), "state": state})
        self.steps = int(values["steps"])


def make_optimizer(weights: Sequence[Tensor], lr: float, decay: float) -> torch.optim.AdamW:
    """AdamW (Loshchilov & Hutter 2019) that leaves biases and norms without decay."""
    groups = [
        {"params": [w for w in weights if w.ndim > 1], "weight_decay": decay},
        {"params": [w for w in weights if w.ndim <= 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=lr, fused=weights[0].device.type in ("cpu", "cuda"))


def take_step(optimizer: torch.optim.Optimizer, weights: Sequence[Tensor], lr: float) -> None:
    """Clip the gradients to norm 1 together, step at this rate, and forget them."""
    nn.utils.clip_grad_norm_(weights, MAX_NORM, foreach=True)
    for group in optimizer.param_groups:
        group["lr"] = lr
    optimizer.step()
    optimizer.zero_grad()


def warmed(step: int, total: int, warmup: float) -> float:
    """A share from 0 to 1 that rises in a line over the first `warmup` of the steps and then falls to 0."""
    rising = max(1, round(warmup * total))
    if step < rising:
        return (step + 1) / rising if warmup else 1.0
    return max(0.0, (total - step) / max(1, total - rising))


def softmax(logits: np.ndarray) -> np.ndarray:
    """Probabilities float32 [N, K] of logits [N, K]."""
    powers = np.exp(logits - logits.max(1, keepdims=True, initial=-np.inf))
    return (powers / powers.sum(1, keepdims=True)).astype(np.float32)


def cross_entropy(logits: np.ndarray, truth: np.ndarray) -> float:
    """The mean negative log-likelihood of the true classes; logits [N, K], truth int64 [N]."""
    shifted = logits - logits.max(1, keepdims=True)
    return float(np.mean(np.log(np.exp(shifted).sum(1)) - shifted[np.arange(len(truth)), truth]))
