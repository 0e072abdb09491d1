"""The map of a VAE: encoded pictures as points of a plane of the latent space, and what is decoded there.

With two latent numbers the plane is all of it; else it goes through the points' middle along their first two principal
axes. The map travels with the weights, as arrays whose names begin with "map.", so that a run file has it too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np

POINTS = 600
PICTURE_BYTES = 300_000  # of the pictures that can be chosen on the map
PREFIX = "map."
LEAST_REACH, REACH = 3.0, 0.995  # of the prior's Gaussian, and the share of the points that the map shows


@dataclass(frozen=True, eq=False)
class Points:
    """Encoded pictures on the plane z = centre + u axes[0] + v axes[1]."""

    centre: np.ndarray  # float32 [latent]
    axes: np.ndarray  # float32 [2, latent], of length 1 and at right angles
    places: np.ndarray  # float32 [N, 2]: u and v of the mean of q(z|x)
    spreads: np.ndarray  # float32 [N, 3]: the variance of q(z|x) along u, the covariance, the variance along v
    labels: np.ndarray  # int64 [N]
    pictures: np.ndarray  # uint8 [n, S, S, C] of the first n <= N

    @property
    def reach(self) -> float:
        """How far the map goes from 0 both ways: where nearly all points are, and the prior's samples."""
        return max(LEAST_REACH, float(1.08 * np.quantile(np.abs(self.places), REACH)))

    def to_arrays(self) -> dict[str, np.ndarray]:
        """To travel with weights."""
        return {PREFIX + field.name: np.ascontiguousarray(getattr(self, field.name)) for field in fields(self)}

    def at(self, places: np.ndarray) -> np.ndarray:
        """z float32 [M, latent] of places [M, 2] on the plane."""
        return (self.centre + places @ self.axes).astype(np.float32)


def survey(means: np.ndarray, variances: np.ndarray, labels: np.ndarray, images: np.ndarray) -> Points:
    """The map of pictures uint8 [N, S, S, C] whose q(z|x) have these means and variances, float [N, latent]."""
    latent = means.shape[1]
    centre, axes = np.zeros(latent), np.eye(2, latent)
    if latent > 2:
        centre = means.mean(0)
        # As axes of fewer points than numbers may not be told, those of the numbers themselves follow.
        _, vectors = np.linalg.eigh(np.cov(means - centre, rowvar=False, bias=True).astype(np.float64))
        axes = vectors[:, :-3:-1].T
        axes *= np.sign(axes[np.arange(2), np.abs(axes).argmax(1)])[:, None]  # else it may turn over at any time
    across = np.stack([axes[0] ** 2, axes[0] * axes[1], axes[1] ** 2])  # [3, latent]
    chosen = max(1, PICTURE_BYTES // images[0].size)
    return Points(
        centre.astype(np.float32),
        axes.astype(np.float32),
        ((means - centre) @ axes.T).astype(np.float32),
        (variances @ across.T).astype(np.float32),
        labels.astype(np.int64),
        images[:chosen],
    )


def positions(tensors: Mapping[str, np.ndarray]) -> Points:
    """The map that travels with these weights; KeyError if there is none."""
    return Points(**{field.name: np.asarray(tensors[PREFIX + field.name]) for field in fields(Points)})


def without_map(tensors: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The networks' weights alone."""
    return {name: tensor for name, tensor in tensors.items() if not name.startswith(PREFIX)}


def lattice(reach: float, cells: int) -> np.ndarray:
    """Places [cells * cells, 2] in the middle of the cells of the map, row by row from above, v falling."""
    steps = (np.arange(cells) + 0.5) / cells * 2 - 1
    u, v = np.meshgrid(steps * reach, -steps * reach)
    return np.stack([u.ravel(), v.ravel()], axis=1)
