"""A network over character n-grams on its way to a trained classifier."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from engines.finetuning.characters.net import CharNet, load_char_net, marked, ngrams, rarity
from engines.finetuning.learning.learner import Learner, Steps
from engines.finetuning.learning.training import Worker
from engines.messages import Message
from engines.running.events import Caption, Note
from engines.weights import in_background


class CharSource:
    """Texts as the buckets of their n-grams."""

    def __init__(
        self, texts: Sequence[str], rows: np.ndarray, count: int, max_length: int, device: torch.device
    ) -> None:
        """`texts` belong to those `rows` of a dataset with `count`; the others are empty."""
        self.ids: list[list[int]] = [[] for _ in range(count)]
        for row, text in zip(rows.tolist(), texts, strict=True):
            self.ids[row] = ngrams(text, max_length)
        self.lengths = np.ones(count, np.int64)
        self.device = device

    def inputs(self, rows: np.ndarray) -> tuple[Tensor, ...]:
        """(marked buckets float32 [B, BUCKETS],)."""
        return (marked([self.ids[row] for row in rows.tolist()]).to(self.device),)


class CharLearner(Learner):
    """A CharNet, from scratch or from the base's."""

    def load(self, base: Path | None) -> Steps:
        """See Learner."""
        rows, count, most = self.examples.rows(), len(self.examples.labels), self.config.max_length
        texts, note = self.examples.titles(rows), Note(Message("Splitting the texts into pieces of characters"))
        self.source = yield from in_background(lambda: CharSource(texts, rows, count, most, self.device), note)
        self.inputs = self.source
        names, seed = self.examples.label_names, self.config.seed
        if base is not None:
            net = load_char_net(base)
            net.grow(names, seed)
        else:
            net = CharNet(names, most)
            net.rarity = rarity([self.source.ids[row] for row in self.examples.parts.train.tolist()])
        self.net = net.to(self.device)

    def guess(self) -> Steps:
        """How common each class is among the training texts."""
        sentence = "Before: an untrained network knows nothing, so this always guesses the commonest class."
        yield Caption("before", Message(sentence))
        counts = np.bincount(self.examples.labels[self.examples.parts.train], minlength=len(self.examples.label_names))
        return np.tile((counts / counts.sum()).astype(np.float32), (len(self.examples.parts.test), 1))

    def prepare(self) -> Steps:
        """See Learner; nothing is to be done."""
        yield from ()

    def worker(self) -> Worker:
        """See Learner."""
        return Worker(self.net, self.source, self.lanes, self.device)

    def saved_worker(self, folder: Path) -> Worker:
        """See Learner."""
        return Worker(load_char_net(folder).to(self.device), self.source, self.lanes, self.device)
