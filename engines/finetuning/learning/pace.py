"""How a fine-tuning computes: tried out with the network at hand before its first step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from engines.device.cores import Neighbours
from engines.device.tuning import Choice, choose, ways
from engines.finetuning.learning.learner import Learner
from engines.finetuning.learning.training import Trainer
from engines.messages import Message
from engines.running.events import COMPUTED, Caption, Events, Note
from engines.weights import in_background


def choose_how(learner: Learner, neighbours: Neighbours, before: dict[str, Any] | None) -> Events:
    """Let the learner's lanes compute as the checkpoint's `before` says, else as is fastest here; tells which way."""
    lanes = learner.lanes
    if before:
        lanes.use(Choice.from_dict(before))
    elif learner.device.type == "cpu":
        note = Note(Message("Trying out how to compute fastest here"))
        lanes.use((yield from in_background(lambda: _fastest(learner, neighbours.free()), note)))
    yield Caption(COMPUTED, lanes.choice.describe(learner.device.type))


def _fastest(learner: Learner, free: int) -> Choice:
    return choose("fine-tuning", _shapes(learner), ways(free, learner.lanes.most), _trial(learner), free)


def _shapes(learner: Learner) -> str:
    config, lengths = learner.config, learner.inputs.lengths[learner.examples.parts.train]
    weights = sum(w.numel() for w in learner.net.parameters() if w.requires_grad)
    how = f"{config.model}, {config.method}{', adversarial' if config.adversarial else ''}, {weights} weights"
    return f"{how}, batch {config.batch}, length {-(-int(np.median(lengths)) // 8) * 8}"


def _trial(learner: Learner) -> Callable[[Choice], Callable[[], None]]:
    """Gradients of one batch of the usual length, which are then forgotten: the network stays as it is."""
    rows = learner.examples.parts.train
    rows = rows[np.argsort(learner.inputs.lengths[rows], kind="stable")]
    begin = max(0, (len(rows) - learner.config.batch) // 2)
    rows = rows[begin : begin + learner.config.batch]

    def trial(choice: Choice) -> Callable[[], None]:
        lanes = type(learner.lanes)(learner.device, learner.lanes.most > 1)
        lanes.use(choice)
        net, labels, noise = learner.net, learner.examples.labels, learner.noise
        trainer = Trainer(learner.config, net, learner.inputs, labels, rows, lanes, noise, learner.device)

        def step() -> None:
            for parts in trainer.rounds():
                trainer.accumulate(parts)
            trainer.abandon()

        return step

    return trial
