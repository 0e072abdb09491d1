"""Trains the example run, a narrow one with seed 1: python -m assets.example_melodies.make [steps]

Its weights are kept as float16, so that it stays small.
"""

from __future__ import annotations

import sys

from assets.examples import halved, make_example
from engines.music.melody_vae.config import ENGINE, MelodyConfig
from engines.music.melody_vae.engine import train
from tabs.page.runs.actions import example_file

WIDTH, STEPS = 32, 3000

if __name__ == "__main__":
    config = MelodyConfig(steps=int(sys.argv[1]) if len(sys.argv) > 1 else STEPS, width=WIDTH, seed=1)
    make_example(ENGINE, config, halved(train(config)), example_file(ENGINE))
