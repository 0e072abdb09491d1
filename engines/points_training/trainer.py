"""What the trainers of the three families share: the points, a batch of them, random numbers, means of the losses."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from engines.device.tuning import Choice
from engines.points_training.clouds import REACH, Cloud
from engines.points_training.config import PointsConfig
from engines.running.events import Plane

SHOWN = 400  # made points in a picture
FIXED = 1  # seed of the noise that they are made from; the same in every run, so that runs can be compared
EDGE = 65535  # of the whole numbers that places on the plane are kept in


class Trainer(ABC):
    """A model of points, on one thread of the CPU: what it computes is too small to share out.

    Not for use by two threads at once. The same config, seed included, makes the same weights.
    """

    team = None
    parts: ClassVar[tuple[str, ...]] = ("both",)  # what `advance` can do alone
    names: ClassVar[tuple[str, ...]]  # of the losses

    def __init__(self, config: PointsConfig, cloud: Cloud) -> None:
        self.config, self.cloud = config, cloud
        self.device, self.choice = torch.device("cpu"), Choice()
        self.use(self.choice)
        self.rng = torch.Generator().manual_seed(config.seed)
        self.points = torch.tensor(cloud.points)
        self.steps = 0
        self._sums, self._count = torch.zeros(len(self.names)), 0
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.seed)
            self._nets = self.build()
        self._optimisers = self.make_optimisers()
        self.fixed = torch.randn(SHOWN, self.noise_size, generator=torch.Generator().manual_seed(FIXED))

    # --- what a family brings ---------------------------------------------------------------------------------

    @property
    def noise_size(self) -> int:
        """How many random numbers a point is made from."""
        return self.config.noise

    @abstractmethod
    def build(self) -> dict[str, nn.Module]:
        """The networks by name, drawn from PyTorch's own random numbers."""

    @abstractmethod
    def make_optimisers(self) -> dict[str, torch.optim.Optimizer]:
        """The optimisers by the name of what they move."""

    @abstractmethod
    def update(self) -> None:
        """One step of everything; calls `note` with the losses."""

    @abstractmethod
    def make(self, noise: Tensor) -> Tensor:
        """Points [N, 2] from noise [N, noise_size]."""

    @abstractmethod
    def look(self) -> dict[str, np.ndarray]:
        """What a picture shows of this family beside the made points; see Plane."""

    # --- the same for all ---------------------------------------------------------------------------------------

    def use(self, choice: Choice) -> None:
        """Compute in the thread that calls this; there is only one way to."""
        torch.set_num_threads(1)

    def step(self) -> None:
        """One step of everything. The rates shrink to nothing in the second half of a run: it comes to rest."""
        left = 2 * (1 - self.steps / self.config.steps)
        self._set_rates(min(1.0, left) if left > 0 else 1.0)
        self.update()
        self._set_rates(1.0)
        self.steps += 1

    def _set_rates(self, share: float) -> None:
        """Let every optimiser learn at a share of its own rate."""
        for optimiser in self._optimisers.values():
            for group in optimiser.param_groups:
                group["lr"] = share * optimiser.defaults["lr"]

    def advance(self, part: str) -> None:
        """`step`, or with another of `parts` an update of that network alone, which is no step."""
        self.step()

    def signals(self) -> dict[str, float]:
        """Means of the losses since the last call; empty before the first step."""
        if not self._count:
            return {}
        values = dict(zip(self.names, (self._sums / self._count).tolist(), strict=True))
        self._sums.zero_()
        self._count = 0
        return values

    @torch.no_grad()
    def sample(self, count: int, seed: int) -> np.ndarray:
        """Made points float32 [count, 2] from noise that the seed fixes."""
        noise = torch.randn(count, self.noise_size, generator=torch.Generator().manual_seed(seed))
        return self.make(noise).numpy()

    def plane(self) -> Plane:
        """The picture of this moment."""
        from engines.points_training.coverage import reached

        with torch.no_grad():
            samples = self.make(self.fixed).numpy()
        whole = np.isfinite(samples).all()
        covered = reached(samples, self.cloud) if whole else np.zeros(len(self.cloud.centres), bool)
        return Plane(self.steps, place(samples), covered=covered.astype(np.uint8), **self.look())

    def nets(self) -> dict[str, nn.Module]:
        """All networks by name."""
        return self._nets

    def optimisers(self) -> dict[str, torch.optim.Optimizer]:
        """All optimisers by names that no network has."""
        return {f"opt_{name}": optimiser for name, optimiser in self._optimisers.items()}

    def begin_anew(self) -> None:
        """To be called when weights and optimisers were replaced."""
        self._sums.zero_()
        self._count = 0

    def batch(self) -> Tensor:
        """Real points [batch, 2]."""
        return self.points[torch.randint(len(self.points), (self.config.batch,), generator=self.rng)]

    def draw(self, *shape: int) -> Tensor:
        """Gaussian noise of this shape."""
        return torch.randn(*shape, generator=self.rng)

    def note(self, values: Mapping[str, Tensor]) -> None:
        """Take in one step's losses, in the order of `names`."""
        self._sums += torch.stack([value.detach() for value in values.values()])
        self._count += 1


def adam(nets: list[nn.Module], lr: float, beta1: float = 0.9) -> torch.optim.Adam:
    """Adam in one call a step: on nets this small the calls are what takes time."""
    weights = [weight for net in nets for weight in net.parameters()]
    return torch.optim.Adam(weights, lr=lr, betas=(beta1, 0.999), fused=True)


def mesh(side: int) -> Tensor:
    """Places [side * side, 2] on the plane, row by row from below, each in the middle of its square."""
    middles = REACH * ((torch.arange(side) + 0.5) * 2 / side - 1)
    y, x = torch.meshgrid(middles, middles, indexing="ij")
    return torch.stack([x, y], -1).reshape(-1, 2)


def place(points: np.ndarray | Tensor) -> np.ndarray:
    """Places float [..., 2] as uint16 [..., 2], 0 at the left and lower edges; those beyond an edge lie on it."""
    values = np.nan_to_num(np.asarray(points, np.float32), nan=0.0)
    return np.rint(np.clip((values / REACH + 1) / 2, 0, 1) * EDGE).astype(np.uint16)
