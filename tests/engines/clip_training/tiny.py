"""Few emoji and a small network, so that a test takes moments."""

from dataclasses import replace

import numpy as np

from engines.clip_training.config import ClipConfig
from engines.clip_training.pairs import Pairs, load
from engines.clip_training.step import Trainer

TINY = {"width": 4, "space": 8, "batch": 16, "steps": 200, "seed": 1}


def few(part: float = 1.0) -> Pairs:
    """The emoji of the matrix alone, and of each its pictures."""
    pairs = load()
    learnt, held = pairs.shown[:16], pairs.shown[16:]
    mine = np.isin(pairs.emoji, pairs.shown)
    return replace(pairs, images=pairs.images[mine], emoji=pairs.emoji[mine], learnt=learnt, held=held)


def trainer(steps: int = 0, **more) -> Trainer:
    """A trainer after so many steps."""
    one = Trainer(ClipConfig(**TINY | more), load())
    for _ in range(steps):
        one.step()
    return one
