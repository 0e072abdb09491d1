"""Few chorales and small networks, so that a test takes moments."""

from dataclasses import replace

from engines.music.chorales import Corpus, load
from engines.music.config import MusicConfig
from engines.music.step import Trainer

TINY = {"layers": 1, "width": 16, "rows": 16, "batch": 4, "steps": 200, "seed": 1}


def few(**kept: int) -> Corpus:
    """The first pieces of each part."""
    corpus = load()
    count = kept.get("train", 6)
    return replace(corpus, train=corpus.train[:count], held=corpus.held[:2], test=corpus.test[:2])


def trainer(steps: int = 0, **more) -> Trainer:
    """A trainer after so many steps."""
    one = Trainer(MusicConfig(**TINY | more), few())
    for _ in range(steps):
        one.step()
    return one
