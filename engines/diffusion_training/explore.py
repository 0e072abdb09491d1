"""What one can do with a trained diffusion model: choose anew how it draws, without a new training."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from engines.diffusion_training.config import DiffusionConfig
from engines.diffusion_training.family import FAMILY
from engines.live_training import explore
from engines.live_training.family import ALL_CLASSES
from engines.running.events import Weights

CHOSEN_LATER = ("sampler", "sampling_steps", "guidance")  # settings that only drawing asks for


def redrawn(config: DiffusionConfig, **chosen: Any) -> DiffusionConfig:
    """The config with another sampler, sampling_steps or guidance; ConfigError if one is not allowed."""
    return replace(config, **{name: chosen[name] for name in CHOSEN_LATER if chosen.get(name) is not None})


def sample(
    config: DiffusionConfig,
    weights: Weights,
    seed: int,
    count: int = 64,
    label: int = ALL_CLASSES,
    **chosen: Any,
) -> np.ndarray:
    """`count` pictures uint8 [N, H, W, C] from noise that `seed` fixes, of class `label` or of all; see `redrawn`."""
    return explore.sample(FAMILY, redrawn(config, **chosen), weights, seed, count, label)
