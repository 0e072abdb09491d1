"""Few melodies and small networks, so that a test takes moments."""

from dataclasses import replace

from engines.music.melody_vae.config import MelodyConfig
from engines.music.melody_vae.corpus import Corpus, load
from engines.music.melody_vae.step import Trainer

TINY = {"latent": 4, "width": 16, "batch": 8, "steps": 200, "seed": 1}


def few(*_: object) -> Corpus:
    """The first melodies of each part."""
    corpus = load()
    return replace(corpus, train=corpus.train.first(64), held=corpus.held.first(32))


def trainer(steps: int = 0, **more) -> Trainer:
    """A trainer after so many steps."""
    one = Trainer(MelodyConfig(**TINY | more), few())
    for _ in range(steps):
        one.step()
    return one
