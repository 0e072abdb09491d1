"""A network for pictures on its way to a trained classifier."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from engines.finetuning.config import FinetuningConfig
from engines.finetuning.data.sources import PictureSource
from engines.finetuning.learning.learner import Learner, Steps
from engines.finetuning.learning.torchvision_weights import load_pretrained
from engines.finetuning.learning.training import Worker
from engines.finetuning.nets.pictures import PictureHead, PictureNet, load_picture_net
from engines.messages import Message
from engines.running.events import Caption


class PictureLearner(Learner):
    """A small CNN, or one of torchvision's networks."""

    def load(self, base: Path | None) -> Steps:
        """See Learner."""
        self.source = self.inputs = PictureSource(self.examples.inputs, self.device)
        if base is not None:
            net = load_picture_net(base)
            net.grow(self.examples.label_names, self.config.seed)
        else:
            net = self._fresh_net()
            if self.config.model != "small_cnn":
                found = yield from load_pretrained(self.config.model)
                yield Caption("training", self._describe(found is not None))
                if found is not None:
                    net.load_body(found)
        self.net = net.to(self.device, memory_format=torch.channels_last)

    def _fresh_net(self) -> PictureNet:
        """Random weights that the seed fixes."""
        size, channels = self.examples.inputs.shape[2:]
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.config.seed)
            return PictureNet(self.config.model, size, channels, self.examples.label_names)

    def _describe(self, pretrained: bool) -> Message:
        title = FinetuningConfig.knobs()["model"].choices[self.config.model]
        if pretrained:
            return Message("{model} starts from weights that were trained on ImageNet.", model=title)
        return Message(
            "{model}'s weights, trained on ImageNet, are out of reach from here, so it starts from random ones: expect"
            " less of it.",
            model=title,
        )

    def guess(self) -> Steps:
        """How common each class is among the training pictures."""
        sentence = "Before: an untrained network knows nothing, so this always guesses the commonest class."
        yield Caption("before", Message(sentence))
        counts = np.bincount(self.examples.labels[self.examples.parts.train], minlength=len(self.examples.label_names))
        return np.tile((counts / counts.sum()).astype(np.float32), (len(self.examples.parts.test), 1))

    def prepare(self) -> Steps:
        """See Learner."""
        if self.config.method == "frozen":
            yield from self._freeze(PictureHead(self.net))

    def worker(self) -> Worker:
        """See Learner."""
        return Worker(self.net, self.source, self.lanes, self.device)

    def saved_worker(self, folder: Path) -> Worker:
        """See Learner."""
        net = load_picture_net(folder).to(self.device, memory_format=torch.channels_last)
        return Worker(net, self.source, self.lanes, self.device)
