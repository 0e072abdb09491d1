"""What one can do with a trained VAE besides drawing samples: look at its map, and let it redraw a picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engines.live_training.explore import class_numbers
from engines.messages import EngineError
from engines.running.events import Weights
from engines.vae_training.atlas import Points, lattice, positions
from engines.vae_training.config import VaeConfig
from engines.vae_training.family import load

CELLS, MAP_SIDE = 48, 1344  # of the decoded grid on a side, at most; its pixels on a side, at most


@dataclass(frozen=True, eq=False)
class Map:
    """Encoded pictures, and what is decoded in the middle of each of cells x cells squares of their plane."""

    step: int
    points: Points
    class_names: tuple[str, ...]
    cells: int
    grid: np.ndarray  # uint8 [cells * cells, S, S, C], row by row from above
    redrawn: np.ndarray  # uint8 [n, S, S, C]: the reconstructions of points.pictures


def latent_map(config: VaeConfig, weights: Weights, label: int = 0) -> Map:
    """The map of a run; of a class-conditional one as its decoder draws class `label`.

    ConfigError if there is no such class, EngineError if the weights have no map.
    """
    try:
        points = positions(weights.tensors)
    except KeyError as problem:
        raise EngineError("This run has no map; train it anew.") from problem
    model, cells = load(config, weights), max(8, min(CELLS, MAP_SIDE // config.size))
    labels = class_numbers(weights.facts, cells * cells, label)
    grid = model.sample(points.at(lattice(points.reach, cells)), labels)
    shown = points.labels[: len(points.pictures)]
    redrawn = model.sample(model.encode(points.pictures, shown).mean.numpy(), shown)
    return Map(weights.step, points, tuple(weights.facts["class_names"]), cells, grid, redrawn)


def redraw(config: VaeConfig, weights: Weights, images: np.ndarray, label: int = 0) -> np.ndarray:
    """Reconstructions of pictures, both uint8 [N, S, S, C]; the networks are told `label` if they want to know."""
    labels, model = class_numbers(weights.facts, len(images), label), load(config, weights)
    return model.sample(model.encode(images, labels).mean.numpy(), labels)
