"""What a training needs to go on as if it had never stopped, kept in its run's folder.

checkpoint/training.safetensors holds the networks, the optimisers' moments and the random state, and in its
metadata, as JSON, the config and what the engine remembers.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from engines.device.tuning import Choice
from engines.live_training.family import Trainer
from engines.live_training.team import MEET_EVERY, stream_seed
from engines.messages import EngineError
from engines.running.clock import Clock
from engines.running.forks.points import TRAINING, Points
from engines.running.run_store import CHECKPOINT, write_atomically

log = logging.getLogger(__name__)

SECONDS = 20.0
POINT_SECONDS = 1.0  # between two points of the history
SHARE = 0.03  # of the time that saving may take, and keeping points
Memory = dict[str, Any]


class Checkpoints:
    """Saves a training on a clock, and restores it. In a team rank 0 reads and writes, and all meet for it."""

    def __init__(self, trainer: Trainer, folder: Path | None, memory: Callable[[], Memory]) -> None:
        """Without a `folder` nothing is saved. `memory()` is what the engine wants back, ready for JSON."""
        self._trainer, self._memory, self._team = trainer, memory, trainer.team
        self._path = folder / CHECKPOINT / TRAINING if folder else None
        self._points = Points(folder) if folder and not self._team else None
        self._clock, self._point_clock = Clock(SECONDS, SHARE), Clock(POINT_SECONDS, SHARE)

    def resume(self) -> Memory | None:
        """Restores the trainer from the last checkpoint and returns its memory; None if there is none.

        Raises EngineError if it is damaged or of another run.
        """
        data = self._path.read_bytes() if self._path and self._path.exists() else b""
        data = self._team.share(data) if self._team else data
        if not data:
            return None
        try:
            from safetensors.torch import load

            about = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])["__metadata__"]
            if json.loads(about["config"]) != self._trainer.config.to_dict():
                raise ValueError("other settings")
            if "computed" in about and not self._team and self._trainer.device.type == "cpu":
                self._trainer.use(Choice.from_dict(json.loads(about["computed"])))  # else it would end elsewhere
            restore(self._trainer, load(data))
            if self._points:
                self._points.rewind(self._trainer.steps)
            return json.loads(about["memory"])
        except Exception as problem:  # a damaged file may raise anything
            log.warning("the checkpoint %s can't be used: %s", self._path, problem)
            raise EngineError("What was saved of this run is damaged; start a new one.") from problem

    def meet(self, stop: bool) -> bool:
        """To be called after every step: saves when it is time, or when stopping. Returns whether to stop.

        A team only meets every few steps, and rank 0's wish is everyone's.
        """
        due = stop or (self._path is not None and self._clock.due())
        if self._team:
            if self._trainer.steps % MEET_EVERY:
                return False
            stop, due = self._team.agree(stop, due)
        if due:
            self._save()
            self._clock.done()
        if self._points and self._point_clock.due():
            self.mark()
            self._point_clock.done()
        return stop

    def mark(self, last: bool = False) -> None:
        """Keep this step as a point to go on from with other settings, if it is time; the `last` one in any case."""
        if self._points and self._points.wanted(self._trainer.steps, last) and self._is_finite():
            self._points.keep(self._trainer.steps, self._packed(state_of(self._trainer)))

    def _is_finite(self) -> bool:
        """Whether one could go on from here at all."""
        weights = (weight for net in self._trainer.nets().values() for weight in net.parameters())
        return all(bool(torch.isfinite(weight).all()) for weight in weights)

    def _save(self) -> None:
        if self._path is None:
            return
        state = state_of(self._trainer)
        if self._team and self._team.rank:
            return
        try:
            self._path.parent.mkdir(exist_ok=True)
            write_atomically(self._path, self._packed(state), sync=True)
        except OSError as problem:  # a full disk must not end the training
            log.warning("no checkpoint could be written: %s", problem)

    def _packed(self, state: Mapping[str, Tensor]) -> bytes:
        """A checkpoint as bytes."""
        from safetensors.torch import save

        about = {"config": json.dumps(self._trainer.config.to_dict()), "memory": json.dumps(self._memory())}
        if self._trainer.device.type == "cpu":
            about["computed"] = json.dumps(self._trainer.choice.to_dict())
        return save(dict(state), about)


def state_of(trainer: Trainer) -> dict[str, Tensor]:
    """All that a training consists of, by name, on the CPU; may share memory with the trainer.

    In a team all must call it, and it holds everyone's random state.
    """
    rng = trainer.rng.get_state()
    states = trainer.team.gather(rng) if trainer.team else [rng]
    state = {"steps": torch.tensor(trainer.steps), **{f"rng.{rank}": each for rank, each in enumerate(states)}}
    for name, net in trainer.nets().items():
        state |= {f"{name}.{key}": value for key, value in net.state_dict().items()}
    for name, optimiser in trainer.optimisers().items():
        for i, moments in optimiser.state_dict()["state"].items():
            state |= {f"{name}.{i}.{key}": value for key, value in moments.items()}
    return {key: value.detach().cpu().contiguous() for key, value in state.items()}


def restore(trainer: Trainer, state: Mapping[str, Tensor]) -> None:
    """Lets a trainer go on from `state_of` another one with the same config and data.

    Raises KeyError or RuntimeError if it is of another. Where a team has grown, the new mates draw anew.
    """
    for name, net in trainer.nets().items():
        net.load_state_dict(_under(state, name))
    for name, optimiser in trainer.optimisers().items():
        _restore_moments(optimiser, _under(state, name))
    trainer.steps = int(state["steps"])
    own = f"rng.{trainer.team.rank if trainer.team else 0}"
    if own in state:
        trainer.rng.set_state(state[own])
    else:
        trainer.rng.manual_seed(stream_seed(trainer.config.seed, trainer.team, trainer.steps))
    trainer.begin_anew()


def _restore_moments(optimiser: torch.optim.Optimizer, state: Mapping[str, Tensor]) -> None:
    """Adam's moments, laid out in memory as the weights are, which its fused kernels take for granted."""
    moments: dict[int, dict[str, Tensor]] = {}
    weights = [weight for group in optimiser.param_groups for weight in group["params"]]
    for i, weight in enumerate(weights):
        if own := _under(state, str(i)):
            moments[i] = {k: torch.empty_like(weight).copy_(v) if v.dim() else v for k, v in own.items()}
    optimiser.load_state_dict({"state": moments, "param_groups": optimiser.state_dict()["param_groups"]})


def _under(state: Mapping[str, Tensor], name: str) -> dict[str, Tensor]:
    """The entries called `name` and a dot, without that."""
    return {key[len(name) + 1 :]: value for key, value in state.items() if key.startswith(f"{name}.")}
