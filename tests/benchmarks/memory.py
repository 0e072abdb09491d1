"""Memory over a long run: python -m tests.benchmarks.memory [steps] prints one JSON line.

A small MLP makes the steps short; what grows with their number, such as series, history and events, is the same.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

from engines.gan_training.config import GanConfig
from engines.gan_training.engine import train
from engines.running.board import MAX_FRAMES, MAX_POINTS
from engines.running.runs import Runs


def resident_mb() -> float:
    """Memory of this process that is in RAM."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def main(steps: int) -> None:
    """Run, and compare the memory at a tenth of the steps with that at the end."""
    config = GanConfig(dataset="mnist", architecture="mlp", features=8, batch=16, steps=steps, seed=0)
    runs = Runs()
    run = runs.start("gan_training", config, lambda folder: train(config), "benchmark")
    early = 0.0
    while not run.board.ended:
        time.sleep(0.2)
        if not early and run.board.progress and run.board.progress.step >= steps / 10:
            early = resident_mb()
        last = resident_mb()
    board = run.board
    assert board.state == "finished", board.error
    assert len(board.frames()) <= MAX_FRAMES + 1
    assert all(len(series.rows) <= MAX_POINTS for series in board.series.values())
    print(
        json.dumps({"steps": steps, "early_mb": round(early), "late_mb": round(last), "ratio": round(last / early, 3)})
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000)
