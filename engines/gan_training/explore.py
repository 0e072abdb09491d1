"""What one can do with a trained generator. Other engines come to the GAN's through this and its config alone."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from engines.gan_training.config import GanConfig
from engines.gan_training.family import FAMILY
from engines.live_training import explore
from engines.running.events import Weights

if TYPE_CHECKING:
    from engines.gan_training.networks import Generator

sample = partial(explore.sample, FAMILY)
walk = partial(explore.walk, FAMILY)
export = partial(explore.export, FAMILY)
load_export = partial(explore.load_export, FAMILY)


def load_generator(config: GanConfig, weights: Weights) -> Generator:
    """The generator network in evaluation mode; EngineError if the weights do not fit the config."""
    return FAMILY.load(config, weights).network
