"""What a run asks of texts and of pictures alike: text_learner.py and picture_learner.py say how."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import torch
from torch import nn

from engines.finetuning.config import FinetuningConfig
from engines.finetuning.data.examples import Examples
from engines.finetuning.data.sources import FeatureSource
from engines.finetuning.learning.lanes import Lanes, Noise
from engines.finetuning.learning.training import Trainer, Worker
from engines.messages import Message
from engines.running.events import Event, Note
from engines.weights import Stopped

Steps = Generator[Event, bool, Any]


def finish(job: Iterator[Any], event: Event) -> Steps:
    """Yields `event` while an iterator yields None, and returns the value it yields last; Stopped if told to stop."""
    result = None
    for result in job:
        if result is None and (yield event):
            raise Stopped
    return result


class Learner:
    """A network on its way from files to a trained model: `load`, then `prepare`, then `trainer`."""

    def __init__(self, config: FinetuningConfig, examples: Examples, lanes: Lanes, device: torch.device) -> None:
        self.config, self.examples, self.lanes, self.device = config, examples, lanes, device
        self.noise = Noise(config.seed, device)
        self.source: Any = None  # of the examples
        self.inputs: Any = None  # of the net that learns: the source, or features of a frozen backbone
        self.net: Any = None

    def load(self, base: Path | None) -> Steps:
        """Yields what is happening until the model, from `base` if that is given, and the inputs are in memory."""
        raise NotImplementedError

    def guess(self) -> Steps:
        """Yields, and returns probabilities float32 [N, K] of the test rows without any training."""
        raise NotImplementedError

    def masked_trainer(self) -> Trainer:
        """For the masked-word warm-up of texts."""
        raise NotImplementedError

    def prepare(self) -> Steps:
        """Make the network ready to learn; a frozen backbone reads every example once."""
        raise NotImplementedError

    def worker(self) -> Worker:
        """The model as it was loaded, to predict with."""
        raise NotImplementedError

    def saved_worker(self, folder: Path) -> Worker:
        """A saved model, to predict with."""
        raise NotImplementedError

    def trainer(self) -> Trainer:
        """Trains the network on the training rows."""
        labels, rows = self.examples.labels, self.examples.parts.train
        return Trainer(self.config, self.net, self.inputs, labels, rows, self.lanes, self.noise, self.device)

    def save(self, folder: Path) -> None:
        """Write the model with everything that is needed to use it."""
        self.net.save(folder)

    def _freeze(self, head: nn.Module) -> Steps:
        """Puts a head in the place of the net, and features in that of its inputs."""
        worker = Worker(_Features(self.net), self.source, self.lanes, self.device)
        note = Note(Message("The frozen backbone reads every example once"))
        rows = self.examples.rows()
        features = yield from finish(worker.logits(rows), note)
        inputs = FeatureSource(features, rows, len(self.examples.labels), self.device)
        self.net, self.inputs = head.to(self.device), inputs


class _Features(nn.Module):
    """A network whose output is its features."""

    def __init__(self, net: Any) -> None:
        super().__init__()
        self.net, self.work = net, net.work

    def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
        """Features [N, D]."""
        return self.net.features(*inputs)
