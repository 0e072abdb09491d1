"""Trains the example run, the defaults with seed 1: python -m assets.example_clip_training.make [steps]"""

from __future__ import annotations

import sys

from assets.examples import halved, make_example
from engines.clip_training.config import ENGINE, ClipConfig
from engines.clip_training.engine import train
from tabs.page.runs.actions import example_file

if __name__ == "__main__":
    steps = int(sys.argv[1]) if len(sys.argv) > 1 else ClipConfig().steps
    config = ClipConfig(steps=steps, seed=1)
    make_example(ENGINE, config, halved(train(config)), example_file(ENGINE))
