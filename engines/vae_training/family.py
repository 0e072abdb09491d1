"""The VAE as a family of live trainings. It loads no torch before something of it is called."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np

from engines.live_training.family import Family
from engines.messages import EngineError
from engines.running.events import Weights
from engines.vae_training.config import ENGINE, PRESETS, VaeConfig
from engines.vae_training.diagnosis import Doctor

if TYPE_CHECKING:
    from engines.device.tuning import Choice
    from engines.vae_training.networks import Posterior, Vae
    from engines.vae_training.step import Trainer


def make_trainer(*args: Any, **kwargs: Any) -> Trainer:
    """See step.Trainer."""
    from engines.vae_training.step import Trainer

    return Trainer(*args, **kwargs)


class Model:
    """Trained networks."""

    def __init__(self, config: VaeConfig, network: Vae) -> None:
        self.config, self.network = config, network

    def noise(self, count: int, seed: int) -> np.ndarray:
        """z float32 [count, latent] from the prior."""
        from engines.vae_training.networks import latents

        return latents(count, self.config.latent, seed)

    def sample(self, noise: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """Pictures uint8 [N, S, S, C] for z [N, latent]."""
        from engines.vae_training.networks import decode

        return decode(self.network, noise, labels)

    def encode(self, images: np.ndarray, labels: np.ndarray) -> Posterior:
        """q(z|x) of pictures uint8 [N, S, S, C]."""
        import torch

        from engines.vae_training.networks import from_pictures

        with torch.inference_mode():
            return self.network.encode(from_pictures(torch.tensor(images)), torch.tensor(labels))


def script_files(config: VaeConfig) -> dict[str, bytes]:
    """See script.script_files."""
    from engines.vae_training import script

    return script.script_files(config)


def held_out(config: VaeConfig, count: int) -> np.ndarray:
    """Which of so many pictures are not trained on, int64, ascending."""
    from engines.vae_training.tested import held_out

    return np.flatnonzero(held_out(count))


def load(config: VaeConfig, weights: Weights) -> Model:
    """The networks in evaluation mode; EngineError if the weights do not fit the config."""
    import torch

    from engines.vae_training.atlas import without_map
    from engines.vae_training.networks import build_vae

    facts = weights.facts
    try:
        network = build_vae(config, int(facts["channels"]), len(facts["class_names"]))
        network.load_state_dict({k: torch.tensor(v) for k, v in without_map(weights.tensors).items()})
    except (KeyError, TypeError, ValueError, RuntimeError) as problem:
        raise EngineError("These weights do not belong to a generator with these settings.") from problem
    return Model(config, network.eval())


def tries(config: VaeConfig, free: int) -> list[Choice]:
    """Ways to compute on a CPU: half of a batch in each of two lanes, both layouts where there are convolutions."""
    from engines.device.tuning import ways

    layouts = ("channels_last", "contiguous") if config.architecture == "conv" else ("channels_last",)
    return ways(free, 2 if (os.cpu_count() or 1) > 1 else 1, layouts)


def shapes(config: VaeConfig, channels: int, classes: int) -> str:
    """All that a step's time depends on."""
    told = f", {classes} classes" if config.conditional else ""
    return (
        f"{config.architecture}, {config.likelihood}, {config.size} px x {channels}, features {config.features},"
        f" latent {config.latent}, batch {config.batch}{told}"
    )


FAMILY = Family(
    home=__name__,
    engine=ENGINE,
    title="VAE",
    config=VaeConfig,
    presets=PRESETS,
    shown=("Reconstruction", "KL", "−ELBO"),
    trainer=make_trainer,
    doctor=Doctor,
    load=load,
    shapes=shapes,
    tries=tries,
    script=script_files,
    held_out=held_out,
    drawn_by=("engines.vae_training.networks", "engines.vae_training.atlas"),
)
