"""Which runs can go on after their end: an engine's checkpoint, and for how long it is kept."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from engines.running.forks.points import put_data_aside
from engines.running.run_store import CHECKPOINT

MOST_STOPPED = 10  # runs that were stopped and keep their checkpoint, which may be of hundreds of megabytes


def can_go_on(folder: Path, state: str) -> bool:
    """Whether a run that ended in this state can be gone on with: it was cut off, or stopped with a checkpoint."""
    return state == "interrupted" or (state == "stopped" and (folder / CHECKPOINT).exists())


def drop_checkpoint(folder: Path) -> None:
    """Delete what a run would need to go on; one can still go on from points of its history, see forks/points.py."""
    put_data_aside(folder)
    shutil.rmtree(folder / CHECKPOINT, ignore_errors=True)


def drop_oldest(stopped: Sequence[Path]) -> None:
    """Leave room for one more among the folders of stopped runs, oldest first."""
    for folder in stopped[: max(0, len(stopped) + 1 - MOST_STOPPED)]:
        drop_checkpoint(folder)
