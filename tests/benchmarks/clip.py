"""Speed and quality where words and pictures come together: `python -m tests.benchmarks.clip` prints one JSON line.

Learning is measured with the default settings of the live training, from its first event, so that loading and trying
out how to compute count; search with the example's model.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time

import numpy as np
import torch

from engines.clip_training.config import ENGINE, SIZE, ClipConfig
from engines.clip_training.engine import train
from engines.clip_training.use import search
from engines.device.tuning import processor
from engines.running.events import Metrics
from engines.running.run_files import load_run
from tabs.page.runs.actions import example_file

AT, QUICK_AT = (60.0, 180.0), (40.0,)  # seconds after Start
HALF = 0.5


def measure_learning(quick: bool) -> dict[str, float]:
    """What is found so many seconds after Start, by the newest look; and when half of the names learnt from were."""
    left, found, newest = list(QUICK_AT if quick else AT), {}, {}
    training, start, cpu = train(ClipConfig(seed=0)), time.perf_counter(), time.process_time()
    for event in training:
        seconds = time.perf_counter() - start
        if isinstance(event, Metrics):
            newest |= {f"{event.group} {name}": value for name, value in event.values.items()}
            known = newest.get("known Picture to name", 0.0)
            if known >= HALF and "half_of_known_s" not in found:
                found |= {"half_of_known_s": seconds, "half_of_known_cpu_s": time.process_time() - cpu}
            if left and seconds >= left[0]:
                second = round(left.pop(0))
                found |= {f"step_{second}s": event.step, f"cpu_seconds_{second}s": time.process_time() - cpu}
                found |= {f"{name}, {second}s": value for name, value in shares(newest).items()}
        if not left:
            break
    training.close()
    return found | ({f"{name}, end": value for name, value in shares(newest).items()} if left else {})


def shares(newest: dict[str, float]) -> dict[str, float]:
    """Of the newest figures those that are shares of what is found."""
    return {name: value for name, value in newest.items() if name.startswith(("known", "held_out"))}


def measure_search(quick: bool) -> dict[str, float]:
    """`search_s`: seconds to search all emoji by a word, after a first time."""
    board = load_run(example_file(ENGINE))
    config, nothing, times = ClipConfig.from_dict(board.config), np.zeros((0, SIZE, SIZE, 3), np.uint8), []
    for _ in range(3 if quick else 8):
        start = time.perf_counter()
        search(config, board.weights, "dog", 12, nothing)
        times.append(time.perf_counter() - start)
    return {"search_s": statistics.median(times[1:])}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="end within 60 seconds")
    quick = parser.parse_args().quick
    load = os.getloadavg()[0]
    result: dict[str, object] = {"processor": processor(), "load": load, "quick": quick}
    for measure in (measure_learning, measure_search):
        result |= {k: round(v, 4) if isinstance(v, float) else v for k, v in measure(quick).items()}
    print(json.dumps(result | {"threads": torch.get_num_threads()}))


if __name__ == "__main__":
    main()
