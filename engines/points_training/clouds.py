"""Where the real points lie: rings and grids of Gaussians, spirals, a drawing. The plane goes from -REACH to REACH."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engines.points_training.config import OWN, PointsConfig
from engines.points_training.drawing import read_strokes

REACH = 3.0
POINTS = 2_000
WITHIN = 3.0  # standard deviations from the middle of a Gaussian that count as being in it
LINE_NOISE = 0.06  # standard deviation around the lines of spirals and drawings
PIECE = 0.5  # length of a piece of a line, of which the coverage is told
MOST_PIECES = 48
DOT = 0.25  # a dot weighs as much as a line of this length


@dataclass(frozen=True)
class Cloud:
    """The real points, and the parts that a model should reach: each point belongs to its nearest centre."""

    points: np.ndarray  # float32 [N, 2]
    centres: np.ndarray  # float32 [M, 2]
    radius: float  # within which of a centre a point counts as being there


def make_cloud(config: PointsConfig) -> Cloud:
    """The config's points; the same in every run, so that runs can be compared."""
    rng = np.random.default_rng(0)
    if config.data == "ring":
        angles = np.arange(8) * np.pi / 4
        return _gaussians(2 * np.stack([np.cos(angles), np.sin(angles)], 1), 0.15, rng)
    if config.data == "grid":
        places = np.arange(-2.0, 3.0)
        return _gaussians(np.stack(np.meshgrid(places, places), -1).reshape(-1, 2), 0.08, rng)
    if config.data == OWN:
        return _lines([REACH * (2 * stroke - 1) for stroke in read_strokes(config.drawing)], 0.5 * LINE_NOISE, rng)
    return _lines([_spiral(turn) for turn in (0.0, np.pi)], LINE_NOISE, rng)


def _gaussians(centres: np.ndarray, std: float, rng: np.random.Generator) -> Cloud:
    """As many points around each centre."""
    which = np.arange(POINTS) % len(centres)
    points = centres[which] + std * rng.standard_normal((POINTS, 2))
    return Cloud(points.astype(np.float32), centres.astype(np.float32), WITHIN * std)


def _spiral(turn: float) -> np.ndarray:
    """One arm as a line of 200 corners."""
    u = np.linspace(0, 1, 200)
    radius, angle = 0.35 + 2.0 * u, 2.2 * np.pi * u + turn
    return radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], 1)


def _lines(strokes: Sequence[np.ndarray], noise: float, rng: np.random.Generator) -> Cloud:
    """Points evenly along the strokes, with Gaussian noise around them; dots are strokes of one corner."""
    lengths = np.array([max(DOT, _length(stroke)) for stroke in strokes])
    piece = max(PIECE, lengths.sum() / MOST_PIECES)
    which = rng.choice(len(strokes), POINTS, p=lengths / lengths.sum())
    places = rng.random(POINTS)
    points = np.concatenate([along(stroke, places[which == i]) for i, stroke in enumerate(strokes)])
    centres = []
    for stroke, length in zip(strokes, lengths, strict=True):
        count = max(1, round(length / piece))
        centres.append(along(stroke, (np.arange(count) + 0.5) / count))
    points = points + noise * rng.standard_normal(points.shape)
    points = np.clip(points, -REACH, REACH).astype(np.float32)
    return Cloud(points, np.concatenate(centres).astype(np.float32), piece / 2 + 2 * noise)


def along(stroke: np.ndarray, places: np.ndarray) -> np.ndarray:
    """The points float [N, 2] at `places` from 0 to 1 of a stroke's length, corners [K, 2]; all one if K is 1."""
    ways = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(stroke, axis=0), axis=1))])
    return np.stack([np.interp(places * ways[-1], ways, stroke[:, axis]) for axis in (0, 1)], 1)


def _length(stroke: np.ndarray) -> float:
    return float(np.linalg.norm(np.diff(stroke, axis=0), axis=1).sum())
