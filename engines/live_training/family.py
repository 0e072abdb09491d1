"""What a family of live trainings brings: its config, what learns, its diagnosis, and how to draw from its weights.

The page and this package know a family by its Family alone. Nothing in it loads torch before it is called.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from engines.knobs import Config, Preset
from engines.live_training.diagnosis import Exam
from engines.running.events import Event, Verdict, Weights

if TYPE_CHECKING:
    import torch
    from torch import nn

    from engines.device.tuning import Choice
    from engines.live_training.team import Team

ALL_CLASSES = -1  # a label for which each class takes its turn


class Trainer(Protocol):
    """What learns, on one device. Not for two threads at once. The same config and seed make the same weights.

    It is made from (config, images uint8 [N, S, S, C], labels int64 [N], classes, device, team, choice).
    """

    config: Any
    device: torch.device
    choice: Choice
    team: Team | None
    steps: int  # done
    planned: int  # to be done: those of the config, or what fits in the time of a race; set by race/terms.py
    rng: torch.Generator  # of data and noise

    def step(self) -> None:
        """One step of learning; it waits for no number."""

    def use(self, choice: Choice) -> None:
        """Compute so from the next step on, in the thread that calls this."""

    def signals(self) -> dict[str, float]:
        """Means since the last call, of all that a chart shows and a doctor wants; empty before the first step."""

    def noise(self, count: int, seed: int) -> np.ndarray:
        """What `count` samples start from, float32 [count, …], fixed by the seed."""

    def sample(self, noise: np.ndarray, labels: np.ndarray | None = None) -> np.ndarray:
        """Pictures uint8 [N, S, S, C] by the averaged weights; the labels take turns if left out."""

    def weights(self) -> dict[str, np.ndarray]:
        """Copies of what `Family.load` needs."""

    def nets(self) -> dict[str, nn.Module]:
        """All networks by name, for checkpoints."""

    def optimisers(self) -> dict[str, torch.optim.Optimizer]:
        """All optimisers by name, for checkpoints."""

    def begin_anew(self) -> None:
        """To be called when weights and optimisers were replaced."""

    def extras(self, class_names: tuple[str, ...] = ()) -> Iterable[Event]:
        """What only this family shows, asked for every few seconds; `class_names` are those of the pictures."""


class Doctor(Protocol):
    """Looks at one exam after another. A dataclass of plain numbers, which a checkpoint keeps."""

    def watch(self, signals: Mapping[str, float]) -> None:
        """Between exams: some troubles are short."""

    def examine(self, exam: Exam) -> Verdict:
        """The most serious thing that the signals show."""


class Model(Protocol):
    """Trained weights, to draw from."""

    def noise(self, count: int, seed: int) -> np.ndarray:
        """As Trainer.noise."""

    def sample(self, noise: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """As Trainer.sample."""


@dataclass(frozen=True)
class Family:
    """One family. Its config has the knobs dataset, whole, size, batch, steps, seed and conditional."""

    home: str  # the module that has it as FAMILY: by that name another process finds it
    engine: str  # the name of its runs, and of its package
    title: str
    config: type[Config]
    presets: Mapping[str, Preset]
    shown: tuple[str, ...]  # the signals that become Metrics("losses")
    trainer: Callable[..., Trainer]
    doctor: Callable[..., Doctor]
    load: Callable[[Any, Weights], Model]  # EngineError if the weights do not fit the config
    shapes: Callable[[Any, int, int], str]  # of (config, channels, classes): all that a step's time depends on
    tries: Callable[[Any, int], list[Choice]]  # of (config, free cores): ways to compute worth trying
    judged: int = 1000  # generated pictures behind each Fréchet distance and class share
    piece: int = 1000  # pictures drawn at once; between pieces one may pause and stop
    share: float = 0.05  # of the time that showing may take, that examining may, and what the family adds
    examined_after: float = 0.0  # seconds: the first exam of a family that draws slowly is not to be of noise
    script: Callable[[Any], Mapping[str, bytes]] | None = None  # of a config: the files of a run as a script
    drawn_by: tuple[str, ...] = ()  # modules that `load` and its Model import, for a page of a model by itself
    held_out: Callable[[Any, int], np.ndarray] | None = None  # of (config, pictures): the numbers of those not learnt
    walk: tuple[int, int] = (40, 16)  # pictures of a walk one after the other, and side by side

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled by its name."""
        return _find, (self.home,)


def _find(home: str) -> Family:
    return import_module(home).FAMILY
