"""Trains the example run, the defaults with 5,000 steps and seed 1: python -m assets.example_vae_training.make"""

from __future__ import annotations

import sys

from assets.examples import make_example
from engines.vae_training.config import ENGINE, VaeConfig
from engines.vae_training.engine import train
from tabs.page.runs.actions import example_file

if __name__ == "__main__":
    steps = int(sys.argv[1]) if len(sys.argv) > 1 else 5000
    config = VaeConfig(steps=steps, seed=1)
    make_example(ENGINE, config, train(config), example_file(ENGINE), grids=20)
