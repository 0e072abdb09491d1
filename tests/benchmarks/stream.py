"""What showing a run costs: python -m tests.benchmarks.stream [seconds] prints one JSON line.

A process of its own serves a default run to three viewers (in a second process) at two updates a second.
The training's thread is charged for folding and encoding, every other thread of the server for serving.
"""

from __future__ import annotations

import json
import os
import resource
import secrets
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path
from typing import Any

VIEWERS, PACE = 3, 0.5


def view(url: str, component: int, run: str, seconds: float) -> None:
    """Poll like tabs/page/live/view.js does, at most twice a second; prints how many answers came."""
    cursor: dict[str, Any] = {"run": run, "version": 0}
    session = secrets.token_hex(5)  # one a page, as Gradio's client has it
    answers, end = 0, time.monotonic() + seconds
    while time.monotonic() < end:
        asked = time.monotonic()
        body = {"session_hash": session, "component_id": component, "fn_name": "watch", "data": cursor}
        request = urllib.request.Request(
            f"{url}gradio_api/component_server/", json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        news = json.loads(urllib.request.urlopen(request).read())
        assert news["state"] != "gone", news
        answers += 1
        advance(cursor, news)
        time.sleep(max(0.0, PACE - (time.monotonic() - asked)))
    print(answers)


def advance(cursor: dict[str, Any], news: dict[str, Any]) -> None:
    """Note in the cursor what came, as tabs/page/live/view.js does."""
    cursor |= {"version": news["version"], "reference": True}
    cursor |= {"frame": news["frame"]["step"]} if "frame" in news else {}
    cursor |= {"steps": news["steps"]} if "steps" in news else {}
    series = cursor.setdefault("series", {})
    for group, part in news["series"].items():
        steps = part["steps"].split(",")
        series[group] = [part["width"], part["start"] + len(steps), int(steps[-1] or -1)]


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
    _, url, _ = demo.launch(prevent_thread_lock=True, quiet=True, **playground.look(), **playground.safe())
    component = next(block._id for block in demo.blocks.values() if getattr(block, "elem_id", "") == "gan-live")
    config = GanConfig(seed=0)
    run = runs.start("gan_training", config, lambda folder: train(config), "benchmark")
    while run.board.progress is None:
        time.sleep(0.05)
    alone = max(3.0, seconds / 6)
    before = serving_seconds(run.thread.native_id)
    time.sleep(alone)
    idle = (serving_seconds(run.thread.native_id) - before) / alone  # Gradio's queue polls even if nobody looks
    command = [sys.executable, "-m", "tests.benchmarks.stream", "view", url, str(component), run.id, str(seconds)]
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
        view(sys.argv[2], int(sys.argv[3]), sys.argv[4], float(sys.argv[5]))
    else:
        print(json.dumps(measure(float(sys.argv[1]) if len(sys.argv) > 1 else 60.0)))
