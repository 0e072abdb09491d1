"""The GAN as a family of live trainings. It loads no torch before something of it is called."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np

from engines.gan_training.config import ENGINE, PRESETS, GanConfig
from engines.gan_training.diagnosis import Doctor
from engines.live_training.family import Family
from engines.messages import EngineError
from engines.running.events import Weights

if TYPE_CHECKING:
    from engines.device.tuning import Choice
    from engines.gan_training.networks import Generator
    from engines.gan_training.step import Trainer


def make_trainer(*args: Any, **kwargs: Any) -> Trainer:
    """See step.Trainer."""
    from engines.gan_training.step import Trainer

    return Trainer(*args, **kwargs)


def script_files(config: GanConfig) -> dict[str, bytes]:
    """See script.script_files."""
    from engines.gan_training import script

    return script.script_files(config)


class Model:
    """A trained generator."""

    def __init__(self, config: GanConfig, network: Generator) -> None:
        self.config, self.network = config, network

    def noise(self, count: int, seed: int) -> np.ndarray:
        """Noise float32 [count, latent]."""
        from engines.gan_training.networks import latents

        return latents(count, self.config.latent, seed)

    def sample(self, noise: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """Pictures uint8 [N, S, S, C]."""
        from engines.gan_training.networks import generate

        return generate(self.network, noise, labels)


def load(config: GanConfig, weights: Weights) -> Model:
    """The generator in evaluation mode; EngineError if the weights do not fit the config."""
    import torch

    from engines.gan_training.networks import build_generator

    facts = weights.facts
    try:
        network = build_generator(config, int(facts["channels"]), len(facts["class_names"]))
        network.load_state_dict({k: torch.tensor(v) for k, v in weights.tensors.items()})
    except (KeyError, TypeError, ValueError, RuntimeError) as problem:
        raise EngineError("These weights do not belong to a generator with these settings.") from problem
    return Model(config, network.eval())


def tries(config: GanConfig, free: int) -> list[Choice]:
    """Ways to compute on a CPU: two lanes where D's step may part, both layouts where there are convolutions."""
    from engines.device.tuning import ways
    from engines.gan_training.step import may_part

    layouts = ("channels_last", "contiguous") if config.architecture == "dcgan" else ("channels_last",)
    return ways(free, 2 if may_part(config) and (os.cpu_count() or 1) > 1 else 1, layouts)


def shapes(config: GanConfig, channels: int, classes: int) -> str:
    """All that a step's time depends on."""
    from engines.gan_training.step import may_part

    told = f", {classes} classes" if config.conditional else ""
    penalty = "" if may_part(config) else f", {config.objective}"
    return (
        f"{config.architecture}{penalty}, {config.size} px x {channels}, features {config.features},"
        f" latent {config.latent}, batch {config.batch}, {config.d_steps} D steps{told}"
    )


FAMILY = Family(
    home=__name__,
    engine=ENGINE,
    title="GAN",
    config=GanConfig,
    presets=PRESETS,
    shown=("Loss_D", "Loss_G", "D(x)", "D(G(z))"),
    trainer=make_trainer,
    doctor=Doctor,
    load=load,
    shapes=shapes,
    tries=tries,
    script=script_files,
    drawn_by=("engines.gan_training.networks",),
)
