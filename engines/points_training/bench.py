"""A training by hand: from any state of one, update by update, each of which is seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from engines.messages import ConfigError, EngineError
from engines.points_training.clouds import make_cloud
from engines.points_training.config import PointsConfig
from engines.points_training.coverage import measure
from engines.points_training.engine import EXAMINED, ground, tensors_of
from engines.running.events import Ground, Plane, Weights

PARTS = ("both", "d", "g")
MOST = 200  # updates at once


@dataclass(frozen=True)
class Bench:
    """A state of a training and its picture."""

    config: PointsConfig
    weights: Weights
    ground: Ground
    plane: Plane
    numbers: Mapping[str, float] = field(default_factory=dict)  # losses of the last updates, and what is covered
    alone: Mapping[str, int] = field(default_factory=dict)  # part -> updates made of it alone


def advance(
    config: PointsConfig,
    weights: Weights | None = None,
    part: str = "both",
    count: int = 1,
    alone: Mapping[str, int] | None = None,
) -> Bench:
    """`count` updates of a part, from the weights of a run or from the very beginning; 0 only looks.

    Raises ConfigError for a part that the family has not, EngineError if the weights are of other settings.
    """
    from engines.points_training.families import make_trainer

    cloud = make_cloud(config)
    trainer = make_trainer(config, cloud)
    if part not in trainer.parts:
        raise ConfigError("Only a GAN has two networks that can be updated one without the other.")
    if weights is not None:
        _restore(trainer, weights)
    for _ in range(count):
        trainer.advance(part)
    seen = measure(trainer.sample(EXAMINED, seed=trainer.steps), cloud)
    losses = {name: value for name, value in trainer.signals().items() if name != "pair_accuracy"}
    numbers = {**losses, "Reached": seen.count, "Parts": len(seen.covered), "On the data": seen.on_data}
    alone = dict(alone or {})
    if part != "both":
        alone[part] = alone.get(part, 0) + count
    kept = Weights(trainer.steps, tensors_of(trainer))
    return Bench(config, kept, ground(cloud), trainer.plane(), numbers, alone)


def _restore(trainer: object, weights: Weights) -> None:
    import torch

    from engines.live_training.checkpoint import restore

    try:
        state = {name: torch.tensor(value) for name, value in weights.tensors.items()}
        # a file has no numbers but in lists of one
        restore(trainer, {name: v.reshape(()) if name.endswith(".step") else v for name, v in state.items()})
    except (KeyError, TypeError, ValueError, RuntimeError) as problem:
        raise EngineError("These weights do not belong to a model with these settings.") from problem
