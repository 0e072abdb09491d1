"""Trains the example run, the defaults with seed 1: python -m assets.example_music.make [steps]"""

from __future__ import annotations

import sys

from assets.examples import make_example
from engines.music.config import ENGINE, MusicConfig
from engines.music.engine import train
from tabs.page.runs.actions import example_file

if __name__ == "__main__":
    steps = int(sys.argv[1]) if len(sys.argv) > 1 else MusicConfig().steps
    config = MusicConfig(steps=steps, seed=1)
    make_example(ENGINE, config, train(config), example_file(ENGINE), weights=False)
