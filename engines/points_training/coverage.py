"""How well made points cover the real ones, in numbers that one can see in the picture. NumPy only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engines.points_training.clouds import Cloud

ENOUGH = 0.2  # of its share of the real points: a part that gets less counts as missed
DIRECTIONS = 32  # of the sliced distance


@dataclass(frozen=True)
class Coverage:
    """What is seen of made points at one moment."""

    covered: np.ndarray  # bool [M], of the cloud's parts
    on_data: float  # share of the made points that lie at a part, from 0 to 1
    spread: float  # of those around their centres, as a multiple of that of the real points; 0 without any
    distance: float  # sliced Wasserstein-2 distance to the real points; inf if a made point is no number

    @property
    def count(self) -> int:
        """How many parts are reached."""
        return int(self.covered.sum())


def measure(made: np.ndarray, cloud: Cloud) -> Coverage:
    """The coverage of made points, float [N, 2]."""
    if not np.isfinite(made).all():
        return Coverage(np.zeros(len(cloud.centres), bool), 0.0, 0.0, float("inf"))
    part, apart, here = _assign(made, cloud)
    real_part, real_apart, _ = _assign(cloud.points, cloud)
    spread = 0.0
    if here.any():
        expected = np.bincount(real_part, real_apart**2, len(cloud.centres)) / _counts(real_part, cloud)
        spread = float(np.sqrt((apart[here] ** 2).mean() / max(1e-12, expected[part[here]].mean())))
    return Coverage(reached(made, cloud), float(here.mean()), spread, sliced_distance(made, cloud.points))


def reached(made: np.ndarray, cloud: Cloud) -> np.ndarray:
    """Which parts get at least ENOUGH of their share, bool [M]."""
    part, _, here = _assign(made, cloud)
    real_part, _, _ = _assign(cloud.points, cloud)
    shares = np.bincount(part[here], minlength=len(cloud.centres)) / len(made)
    real = np.bincount(real_part, minlength=len(cloud.centres)) / len(cloud.points)
    return shares >= np.maximum(ENOUGH * real, 1e-9)


def _assign(points: np.ndarray, cloud: Cloud) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of each point: its nearest centre, the distance to that, and whether it is within the radius."""
    distances = np.linalg.norm(points[:, None] - cloud.centres[None], axis=2)
    part = distances.argmin(1)
    apart = distances[np.arange(len(points)), part]
    return part, apart, apart <= cloud.radius


def _counts(part: np.ndarray, cloud: Cloud) -> np.ndarray:
    return np.maximum(1, np.bincount(part, minlength=len(cloud.centres)))


def sliced_distance(a: np.ndarray, b: np.ndarray) -> float:
    """The sliced Wasserstein-2 distance of two sets of points float [N, 2] and [M, 2] (Bonneel et al. 2015).

    The root of the mean over directions of the squared distance of the sorted projections: a set that is the other
    one moved by d is |d| / sqrt(2) away.
    """
    angles = np.arange(DIRECTIONS) * np.pi / DIRECTIONS
    directions = np.stack([np.cos(angles), np.sin(angles)])
    places = (np.arange(200) + 0.5) / 200
    one, other = (np.quantile(points @ directions, places, axis=0) for points in (a, b))
    return float(np.sqrt(((one - other) ** 2).mean()))
