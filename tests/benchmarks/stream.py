"""What showing a run costs: python -m tests.benchmarks.stream [seconds] prints one JSON line.

A process of its own serves a default run to three viewers (in a second process) at two updates a second.
The training's thread is charged for folding and encoding, every other thread of the server for serving.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import threading
import time
from pathlib import Path

from tests.benchmarks.people import Person

VIEWERS, PACE = 3, 0.5


def view(url: str, run: str, seconds: float) -> None:
    """Look like tabs/page/live/view.js does, at most twice a second; prints how many updates came."""
    cursor, updates, end = "", 0, time.monotonic() + seconds
    viewer = Person(url)
    while (asked := time.monotonic()) < end:
        before = cursor
        cursor, again = viewer.watch(run, before)
        updates += cursor != before
        time.sleep(max(again, asked + PACE - time.monotonic()))
    print(updates)


def cpu_seconds(thread: int) -> float:
    """User and system time of a thread of this process by its native id; 0 once it is gone."""
    try:
        fields = Path(f"/proc/self/task/{thread}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def serving_seconds(training: int | None) -> float:
    """CPU time of all Python threads but the training's."""
    return sum(cpu_seconds(t.native_id) for t in threading.enumerate() if t.native_id and t.native_id != training)


def measure(seconds: float) -> dict[str, float]:
    """Serve, watch, and account for the CPU time."""
    import app as playground
    from engines.gan_training.config import GanConfig
    from engines.gan_training.engine import train
    from engines.running.board import Board
    from engines.running.runs import Runs

    folding = 0.0
    fold = Board.fold

    def timed_fold(board: Board, event: object) -> None:
        nonlocal folding
        start = time.thread_time()
        fold(board, event)
        folding += time.thread_time() - start

    Board.fold = timed_fold
    runs = Runs()
    demo = playground.create_app(runs)
    options = {**playground.look(), **playground.safe(), **playground.reach(runs)}
    _, url, _ = demo.launch(prevent_thread_lock=True, quiet=True, **options)
    config = GanConfig(seed=0)
    run = runs.start("gan_training", config, lambda folder: train(config), "benchmark")
    while run.board.progress is None:
        time.sleep(0.05)
    alone = max(3.0, seconds / 6)
    before = serving_seconds(run.thread.native_id)
    time.sleep(alone)
    idle = (serving_seconds(run.thread.native_id) - before) / alone  # Gradio's queue polls even if nobody looks
    command = [sys.executable, "-m", "tests.benchmarks.stream", "view", url, run.id, str(seconds)]
    viewers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(VIEWERS)]
    time.sleep(0.5)  # their own start is no cost of ours
    steps, folding = run.board.progress.step, 0.0
    wall, served = time.monotonic(), serving_seconds(run.thread.native_id)
    used = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
    answers = [int(viewer.communicate()[0]) for viewer in viewers]
    wall = time.monotonic() - wall
    used = sum(resource.getrusage(resource.RUSAGE_SELF)[:2]) - used
    served = serving_seconds(run.thread.native_id) - served - idle * wall
    steps = run.board.progress.step - steps
    runs.stop_all()
    demo.close(verbose=False)
    return {
        "stream_cpu_share": (folding + max(0.0, served)) / used,
        "stream_fold_share": folding / used,
        "idle_server_cores": idle,
        "stream_updates_per_second": sum(answers) / len(answers) / wall,
        "stream_steps_per_second": steps / wall,
    }


if __name__ == "__main__":
    if sys.argv[1:2] == ["view"]:
        view(sys.argv[2], sys.argv[3], float(sys.argv[4]))
    else:
        print(json.dumps(measure(float(sys.argv[1]) if len(sys.argv) > 1 else 60.0)))
