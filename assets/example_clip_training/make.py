"""Trains the example run, the defaults with seed 1: python -m assets.example_clip_training.make [steps]"""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np

from assets.examples import make_example
from engines.clip_training.config import ENGINE, ClipConfig
from engines.clip_training.engine import train
from engines.running.events import Events, Weights
from tabs.page.runs.actions import example_file


def with_half_weights(events: Events) -> Events:
    """The same, of weights only half the bytes."""
    for event in events:
        if isinstance(event, Weights):
            halves = {k: v.astype(np.float16) if v.dtype == np.float32 else v for k, v in event.tensors.items()}
            event = replace(event, tensors=halves)
        yield event


if __name__ == "__main__":
    steps = int(sys.argv[1]) if len(sys.argv) > 1 else ClipConfig().steps
    config = ClipConfig(steps=steps, seed=1)
    make_example(ENGINE, config, with_half_weights(train(config)), example_file(ENGINE))
