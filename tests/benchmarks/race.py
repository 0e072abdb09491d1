"""A race of a GAN, a VAE and a diffusion model: how long it takes, and what is lost by taking turns.

    python -m tests.benchmarks.race --seconds 60
    python -m tests.benchmarks.race --seconds 10 --texts

races them on Fashion-MNIST in their worker processes, as the page does; with --texts a GPT against an LSTM on names.
Prints one JSON line. `lost_by_turns` is the share of the race in which its place stood empty between two entries,
`not_at_work` that in which no entry computed: besides those gaps the start of the workers, and what the page's process
does with pictures and texts.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from engines.diffusion_training.family import FAMILY as DIFFUSION
from engines.gan_training.family import FAMILY as GAN
from engines.limits import Limits
from engines.live_training.race.config import RaceConfig
from engines.running import runs as runs_module
from engines.running.runs import Run, Runs
from engines.running.slots import Moved, Ticket
from engines.running.turns import Turns
from engines.running.workers.pool import Workers
from engines.vae_training.family import FAMILY as VAE
from tabs.comparison.race import RaceActions
from tabs.live_training.actions import FamilyActions
from tabs.page.gate import Gate
from tabs.text_generation.training.actions import GptActions

FINAL = "final"
NAMES = {"data": "names", "layers": 2, "width": 64, "context": 16, "batch": 64}
PICTURES = [(family.engine, {}) for family in (GAN, VAE, DIFFUSION)]
TEXTS = [("gpt_training", NAMES), ("gpt_training", {**NAMES, "model": "lstm", "layers": 1})]


class Timed(Turns):
    """Turns that note how long the place stood empty, in seconds, whenever an entry takes it after another one."""

    def __init__(self, gaps: list[float], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._gaps, self._left = gaps, 0.0

    def acquire(self, ticket: Ticket, moved: Moved, gave_up: Callable[[], bool]) -> bool:
        """See Turns."""
        entered = super().acquire(ticket, moved, gave_up)
        if entered and self._left:
            self._gaps.append(time.monotonic() - self._left)
        return entered

    def release(self, ticket: Ticket) -> None:
        """See Turns."""
        self._left = time.monotonic()
        super().release(ticket)


def measure(seconds: int, entries: list[tuple[str, dict[str, Any]]], workers: Workers) -> dict[str, Any]:
    """Race these for so many seconds each, to the end."""
    gaps: list[float] = []
    runs_module.Turns = partial(Timed, gaps)
    runs, gate = Runs(), Gate(Limits())
    racers = {family.engine: FamilyActions(family, runs, gate, workers).racer for family in (GAN, VAE, DIFFUSION)}
    racers["gpt_training"] = GptActions(runs, gate, workers).racer
    race, began = RaceConfig(seconds=seconds, seed=1), time.monotonic()
    racing = RaceActions(runs, gate, racers).start(race, entries, "benchmark", None)
    while not all(run.board.ended for run in racing):
        time.sleep(0.1)
    total = time.monotonic() - began
    at_work = sum(run.board.active_seconds for run in racing)
    return {
        "seconds_each": seconds,
        "total_s": round(total, 1),
        "at_work_s": round(at_work, 1),
        "lost_by_turns": round(sum(gaps) / total, 4),
        "not_at_work": round(1 - at_work / total, 4),
        "turns": len(gaps) + 1,
        "entries": [told(run) for run in racing],
        "load": round(os.getloadavg()[0], 1),
    }


def told(run: Run) -> dict[str, Any]:
    """How an entry came out."""
    final = run.board.series.get(FINAL)
    columns = enumerate(final.names, 1) if final else ()
    means = {name: round(statistics.mean(row[i] for row in final.rows), 3) for i, name in columns}
    return {
        "engine": run.engine,
        "state": run.board.state,
        "steps": run.board.progress.step if run.board.progress else 0,
        "trained_s": run.board.times.pairs()[-1][1] if run.board.times.pairs() else 0.0,
        "at_work_s": round(run.board.active_seconds, 1),
        **means,
    }


def main() -> None:
    """Parse, race, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=60, help="of computing for each entry")
    parser.add_argument("--texts", action="store_true", help="two language models instead of three of pictures")
    args = parser.parse_args()
    workers = Workers()
    try:
        workers.prepare()
        print(json.dumps(measure(args.seconds, TEXTS if args.texts else PICTURES, workers)))
    finally:
        workers.close()


if __name__ == "__main__":
    main()
