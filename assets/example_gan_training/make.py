"""Trains the example run, the defaults with seed 1: python -m assets.example_gan_training.make [steps]"""

from __future__ import annotations

import sys

from assets.examples import halved, make_example
from engines.gan_training.config import ENGINE, GanConfig
from engines.gan_training.engine import train
from tabs.page.runs.actions import example_file

if __name__ == "__main__":
    steps = int(sys.argv[1]) if len(sys.argv) > 1 else GanConfig().steps
    config = GanConfig(steps=steps, seed=1)
    make_example(ENGINE, config, halved(train(config)), example_file(ENGINE), grids=40)
