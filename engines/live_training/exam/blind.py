"""A blind test: a picture of the dataset beside one that a model makes."""

from __future__ import annotations

import numpy as np

from engines.data.cards import DATASETS
from engines.data.pictures import PictureSet
from engines.knobs import Config
from engines.live_training.data import load_pictures
from engines.live_training.explore import sample
from engines.live_training.family import ALL_CLASSES, Family
from engines.messages import EngineError, Message
from engines.running.events import Events, Weights
from engines.running.votes.pair import Pair


def pair(family: Family, config: Config, weights: Weights, seed: int) -> Pair:
    """Two pictures uint8 [S, S, C], of one class where the model is told the class; fixed by the seed.

    The real one is held out where the family holds some out. EngineError of a run on a visitor's own pictures, which
    those who watch it are not to see.
    """
    if config.dataset == "own":
        raise EngineError("This run learns from pictures of somebody's own, which are not shown to others.")
    rng, pictures = np.random.default_rng(seed), _returned(load_pictures(config, ()))
    held = family.held_out(config, len(pictures)) if family.held_out else np.zeros(0, int)
    chosen = int(rng.choice(held if len(held) else len(pictures)))
    label = int(pictures.labels[chosen]) if config.conditional else ALL_CLASSES
    made = sample(family, config, weights, seed, 1, label)[0]
    return Pair(pictures.images[chosen], made, bool(rng.random() < 0.5), _source(config, len(held) > 0))


def _source(config: Config, held_out: bool) -> Message:
    dataset = Message(DATASETS[config.dataset].title)
    if held_out:
        return Message("The real one is of {dataset}; the model has not learnt from it.", dataset=dataset)
    return Message("The real one is of {dataset}; the model learns from all of them, so from it too.", dataset=dataset)


def _returned(events: Events) -> PictureSet:
    """What is loaded, without what is told meanwhile."""
    found: list[PictureSet] = []

    def driven() -> Events:
        found.append((yield from events))

    for _ in driven():
        pass
    return found[0]
