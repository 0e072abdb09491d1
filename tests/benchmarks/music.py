"""Speed and quality of the chorale networks: `python -m tests.benchmarks.music` prints one JSON line.

Learning is measured with the default settings of the live training on the held-out chorales, beside what counting
reaches; making music with the bundled model.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict

import numpy as np
import torch

from engines.device.tuning import processor
from engines.music.chorales import load
from engines.music.composing import ComposeConfig, Composer, bundled
from engines.music.config import MusicConfig
from engines.music.engine import train
from engines.music.grid import FREE, VOICES, Chorale, tidy
from engines.music.measures.rules import score
from engines.music.score.melodies import melody
from engines.music.sound.organ import RATE, render
from engines.running.events import Metrics

AT = (60, 180)  # seconds after Start
QUICK_AT = (20,)


def measure_learning(quick: bool) -> dict[str, float | None]:
    """Nats a note so many seconds after Start, by the newest look at the held-out pieces; and the lines."""
    left, found, losses = list(QUICK_AT if quick else AT), {}, {}
    training, start, cpu = train(MusicConfig(seed=0)), time.perf_counter(), time.process_time()
    for event in training:
        if isinstance(event, Metrics) and event.group == "losses":
            losses, step = dict(event.values), event.step
            if left and time.perf_counter() - start >= left[0]:
                second = left.pop(0)
                found |= {f"held_out_{second}s": losses["Held-out"], f"pitch_alone_{second}s": losses["Pitch alone"]}
                found |= {f"steps_{second}s": step, f"cpu_seconds_{second}s": time.process_time() - cpu}
        if not left:
            break
    training.close()
    over = {"held_out_end": losses.get("Held-out")} if left else {}  # it may end before the last mark
    return found | over | {name: value for name, value in losses.items() if name.endswith(("gram", "note"))}


def measure_making(quick: bool) -> dict[str, float]:
    """Seconds to compose and to harmonise eight bars and to repair one, after a first time."""
    config, weights = bundled()
    composer, tune = Composer(config, weights.tensors), melody("Ode to Joy (Beethoven)")
    empty = Chorale(np.full((128, len(VOICES)), FREE, np.int8))
    whole = composer.fill(tune, ComposeConfig(seed=0)).chorale
    grid = whole.grid.copy()
    grid[48:64] = FREE
    holed = Chorale(tidy(grid), whole.bar, whole.pickup)
    found = {}
    for name, piece in (("compose_8_bars_s", empty), ("harmonise_8_bars_s", tune), ("repair_1_bar_s", holed)):
        times = [composer.fill(piece, ComposeConfig(seed=seed)).seconds for seed in range(2 if quick else 7)]
        found[name] = statistics.median(times)
    return found


def measure_sound(quick: bool) -> dict[str, float]:
    """`wav_30_s`: seconds for 30 seconds of four voices."""
    piece = load().held[0].to_piece()
    start = time.perf_counter()
    sound = render(piece)
    return {"wav_30_s": (time.perf_counter() - start) * 30 / (len(sound) / RATE)}


def measure_rules(quick: bool) -> dict[str, float]:
    """What the bundled model writes, and what Bach wrote in the test's pieces."""
    config, weights = bundled()
    composer = Composer(config, weights.tensors)
    empty = Chorale(np.full((128, len(VOICES)), FREE, np.int8))
    made = [composer.fill(empty, ComposeConfig(seed=seed)).chorale for seed in range(4 if quick else 32)]
    sides = {"made": score(made), "bach": score(load().test)}
    return {f"{name}_{side}": value for side, figures in sides.items() for name, value in asdict(figures).items()}


MEASUREMENTS: tuple[Callable[[bool], dict], ...] = (measure_learning, measure_making, measure_sound, measure_rules)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="end within 60 seconds")
    quick = parser.parse_args().quick
    result: dict[str, object] = {
        "processor": processor(),
        "load": os.getloadavg()[0],
        "threads": torch.get_num_threads(),
        "quick": quick,
    }
    for measure in MEASUREMENTS:
        figures = measure(quick)
        result |= {k: round(v, 4) if isinstance(v, float) else v for k, v in figures.items()}
    print(json.dumps(result))


if __name__ == "__main__":
    main()
