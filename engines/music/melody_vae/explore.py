"""What one can do with a trained melody VAE: look at its map, and go from one melody to another.

Plain functions, so that a worker can be told to call them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engines.knobs import MAX_SEED, Knob
from engines.messages import EngineError
from engines.music.melody_vae.bars import to_line
from engines.music.melody_vae.config import MelodyConfig
from engines.music.melody_vae.corpus import DENSITIES, METRES, MODES, densities, load, metres, to_cells, to_tokens
from engines.running.events import Weights
from engines.vae_training.atlas import Points, lattice, survey

CELLS = 24  # of the decoded grid on a side
POINTS = 400  # held-out melodies on the map, the first ones
STOPS = 21  # melodies on the way from one to another, both ends among them
STRAIGHT, ROUND = "straight", "round"
WAY = Knob(ROUND, "Way", choices={ROUND: "On a sphere", STRAIGHT: "On a straight line"})
COLOURS = ("Metre", "Mode", "How busy")  # what the points of the map may be coloured by
COUNT = Knob(4, "Melodies", low=1, high=64)
SEED = Knob(1, "Seed", low=0, high=MAX_SEED)
MELODY = Knob(0, "Melody", low=0, high=POINTS - 1)


@dataclass(frozen=True, eq=False)
class Map:
    """Encoded held-out melodies, and what is decoded in the middle of each of CELLS x CELLS squares of their plane."""

    step: int
    points: Points
    colours: dict[str, tuple[tuple[str, ...], np.ndarray]]  # what can be heard -> its names, and each melody's
    grid: list[str]  # lines, row by row from above
    melodies: list[str]  # the held-out ones
    redrawn: list[str]  # what comes back of them


@dataclass(frozen=True)
class Path:
    """The way from one melody to another."""

    first: str  # the melody itself, as a line
    last: str
    stops: list[str]  # what is decoded on the way, STOPS lines; the first and the last are what comes back of both


class Model:
    """A trained VAE, on the CPU."""

    def __init__(self, config: MelodyConfig, weights: Weights) -> None:
        """EngineError if the weights are not of this config."""
        import torch

        from engines.music.melody_vae.networks import build

        self.net = build(config).eval()
        try:
            self.net.load_state_dict({name: torch.tensor(array).float() for name, array in weights.tensors.items()})
        except (RuntimeError, TypeError) as problem:
            raise EngineError("These weights are of another model than their settings say.") from problem

    def encode(self, cells: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Means and variances float32 [N, latent] of q(z|x) of melodies int8 [N, ROWS]."""
        import torch

        with torch.inference_mode():
            q = self.net.encode(torch.tensor(to_tokens(cells)))
            return q.mean.numpy(), q.log_variance.exp().numpy()

    def decode(self, z: np.ndarray) -> list[str]:
        """Melodies as lines for z [N, latent]."""
        import torch

        with torch.inference_mode():
            tokens = self.net.decoder.write(torch.tensor(z, dtype=torch.float32)).numpy()
        return [to_line(melody) for melody in to_cells(tokens)]


def latent_map(config: MelodyConfig, weights: Weights) -> Map:
    """The map of a run; with more than two latent numbers the plane of the melodies' first two principal axes."""
    model, held = Model(config, weights), load(config.metre).held.first(POINTS)
    means, variances = model.encode(held.cells)
    points = survey(means, variances, held.modes, held.cells)
    named = (METRES, metres(held.cells)), (MODES, held.modes.astype(np.int64)), (DENSITIES, densities(held.cells))
    colours = dict(zip(COLOURS, named, strict=True))
    grid = model.decode(points.at(lattice(points.reach, CELLS)))
    return Map(weights.step, points, colours, grid, [to_line(one) for one in held.cells], model.decode(means))


def morph(config: MelodyConfig, weights: Weights, first: int, last: int, way: str = ROUND) -> Path:
    """The way from one of the map's melodies to another, counted from 0. ConfigError for another number or way."""
    first, last, way = MELODY.check(first), MELODY.check(last), WAY.check(way)
    model, held = Model(config, weights), load(config.metre).held.first(POINTS)
    cells = held.cells[[first, last]]
    one, other = model.encode(cells)[0]
    return Path(*(to_line(melody) for melody in cells), model.decode(between(one, other, STOPS, way)))


def between(one: np.ndarray, other: np.ndarray, stops: int, way: str) -> np.ndarray:
    """z [stops, latent] from `one` to `other`, each [latent], both among them.

    Straight, or spherically, as most of a Gaussian of many numbers lies near a sphere (White 2016, arXiv:1609.04468).
    """
    share = np.linspace(0, 1, stops)[:, None]
    lengths = np.linalg.norm(one), np.linalg.norm(other)
    cosine = float(one @ other / max(1e-9, lengths[0] * lengths[1]))
    angle = np.arccos(np.clip(cosine, -1, 1))
    if way == STRAIGHT or np.sin(angle) < 1e-3:  # along one line there is no arc
        return ((1 - share) * one + share * other).astype(np.float32)
    return ((np.sin((1 - share) * angle) * one + np.sin(share * angle) * other) / np.sin(angle)).astype(np.float32)


def drawn(config: MelodyConfig, weights: Weights, count: int, seed: int) -> list[str]:
    """New melodies from the prior, as lines. ConfigError for another count or seed than there may be."""
    count, seed = COUNT.check(count), SEED.check(seed)
    z = np.random.default_rng(seed).standard_normal((count, config.latent))
    return Model(config, weights).decode(z)
