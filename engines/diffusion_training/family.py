"""Diffusion as a family of live trainings. It loads no torch before something of it is called."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np

from engines.diffusion_training.config import ENGINE, PRESETS, DiffusionConfig
from engines.diffusion_training.diagnosis import Doctor
from engines.live_training.family import Family
from engines.messages import EngineError
from engines.running.events import Weights

if TYPE_CHECKING:
    from engines.device.tuning import Choice
    from engines.diffusion_training.drawing import Drawing
    from engines.diffusion_training.step import Trainer


def make_trainer(*args: Any, **kwargs: Any) -> Trainer:
    """See step.Trainer."""
    from engines.diffusion_training.step import Trainer

    return Trainer(*args, **kwargs)


def script_files(config: DiffusionConfig) -> dict[str, bytes]:
    """See script.script_files."""
    from engines.diffusion_training import script

    return script.script_files(config)


def held_out(config: DiffusionConfig, count: int) -> np.ndarray:
    """Which of so many pictures are not learnt from, int64."""
    from engines.diffusion_training.step import divide

    return divide(count, config.pictures)[1]


def load(config: DiffusionConfig, weights: Weights) -> Drawing:
    """The averaged network, to draw with; EngineError if the weights do not fit the config."""
    import torch

    from engines.diffusion_training.drawing import Drawing
    from engines.diffusion_training.networks import build_network

    facts = weights.facts
    try:
        channels, classes = int(facts["channels"]), len(facts["class_names"])
        network = build_network(config, channels, classes)
        network.load_state_dict({k: torch.tensor(v) for k, v in weights.tensors.items()})
    except (KeyError, TypeError, ValueError, RuntimeError) as problem:
        raise EngineError("These weights do not belong to a generator with these settings.") from problem
    network = network.eval().to(memory_format=torch.channels_last)
    return Drawing(config, network, channels, classes if config.conditional else 0)


def tries(config: DiffusionConfig, free: int) -> list[Choice]:
    """Ways to compute on this CPU: the two halves of a batch may have a lane each."""
    from engines.device.tuning import ways

    return ways(free, 2 if (os.cpu_count() or 1) > 1 else 1, ("channels_last", "contiguous"))


def shapes(config: DiffusionConfig, channels: int, classes: int) -> str:
    """All that a step's time depends on."""
    told = f", {classes} classes" if config.conditional else ""
    return f"{config.size} px x {channels}, features {config.features}, batch {config.batch}{told}"


FAMILY = Family(
    home=__name__,
    engine=ENGINE,
    title="Diffusion",
    config=DiffusionConfig,
    presets=PRESETS,
    shown=("Loss",),
    trainer=make_trainer,
    doctor=Doctor,
    load=load,
    shapes=shapes,
    tries=tries,
    script=script_files,
    held_out=held_out,
    drawn_by=("engines.diffusion_training.networks", "engines.diffusion_training.drawing"),
    piece=64,
    share=0.1,
    examined_after=30.0,
    walk=(24, 16),
)
