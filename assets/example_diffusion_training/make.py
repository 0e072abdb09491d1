"""Trains the example run, the defaults with seed 1: python -m assets.example_diffusion_training.make [steps]

The one that ships has few steps, since it was made on a crowded machine; without a number it takes all of them.
"""

from __future__ import annotations

import sys

from assets.examples import halved, make_example
from engines.data.cards import ASSETS
from engines.diffusion_training.config import ENGINE, DiffusionConfig
from engines.diffusion_training.engine import train

if __name__ == "__main__":
    steps = int(sys.argv[1]) if len(sys.argv) > 1 else DiffusionConfig().steps
    config = DiffusionConfig(steps=steps, seed=1)
    make_example(ENGINE, config, halved(train(config)), ASSETS / "example_diffusion_training" / "run.zip")
