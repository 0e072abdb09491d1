"""Points of a run's history from which one can go on: what its checkpoint was then, a few spread over its steps.

points/00001234.safetensors in a run's folder is what checkpoint/training.safetensors was after 1,234 steps. When the
run has ended, a visitor's own data moves there too. Needs no torch: only the header of such a file is read here.
"""

from __future__ import annotations

import contextlib
import json
import logging
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engines.messages import EngineError
from engines.running.run_store import CHECKPOINT, write_atomically
from engines.running.shown.moments import SPARSE, thinned

log = logging.getLogger(__name__)

ROOM = "points"
TRAINING = "training.safetensors"  # in checkpoint/
MOST = 10  # of a run, the first and the newest among them
MOST_BYTES = 128 * 2**20  # of a run; of a larger training there are fewer, or none
ALL_BYTES = 2**31  # of all runs that have ended; those of the oldest go first
NAME = re.compile(r"\d{8,10}\.safetensors")


@dataclass(frozen=True)
class Point:
    """The training after `step` steps, and the file where it lies."""

    step: int
    path: Path


class Points:
    """The points of one run, for the engine that makes them."""

    def __init__(self, folder: Path) -> None:
        """`folder` is the run's own."""
        self._folder = folder / ROOM
        self._kept = points_of(folder)

    def wanted(self, step: int, last: bool = False) -> bool:
        """Whether it is time for one more; the `last` step is wanted in any case."""
        since = step - (self._kept[-1].step if self._kept else 0)
        return since > 0 and (last or since >= step / SPARSE)

    def keep(self, step: int, data: bytes) -> None:
        """Write one, and thin out what is one too many; a full disk must not end the training."""
        most = min(MOST, MOST_BYTES // max(1, len(data)))
        if most < 1:
            return
        new = Point(step, self._folder / f"{step:08d}.safetensors")
        try:
            self._folder.mkdir(exist_ok=True)
            write_atomically(new.path, data)
        except OSError as problem:
            log.warning("no point to go on from could be written: %s", problem)
            return
        self._leave(thinned([*self._kept, new], most), [*self._kept, new])

    def rewind(self, step: int) -> None:
        """Forget what came after `step`, from which the run goes on."""
        self._leave([point for point in self._kept if point.step <= step], self._kept)

    def _leave(self, some: list[Point], all_of_them: Sequence[Point]) -> None:
        for gone in {*all_of_them} - {*some}:
            with contextlib.suppress(OSError):
                gone.path.unlink(missing_ok=True)
        self._kept = some


def points_of(folder: Path) -> list[Point]:
    """The points that are kept of the run in `folder`, by their steps."""
    with contextlib.suppress(OSError):
        paths = [path for path in (folder / ROOM).iterdir() if NAME.fullmatch(path.name)]
        return sorted((Point(int(path.stem), path) for path in paths), key=lambda point: point.step)
    return []


def take(folder: Path, step: int, into: Path, config: Mapping[str, Any]) -> None:
    """Lay the point of `step` of the run in `folder` into the folder `into` of a new one, as its checkpoint there.

    It is then one of a training with `config`. EngineError if that point is not kept (any more), or the disk refuses.
    """
    point = next((point for point in points_of(folder) if point.step == step), None)
    try:
        if point is None:
            raise FileNotFoundError
        data = with_config(point.path.read_bytes(), config)
    except FileNotFoundError as problem:  # it may have been thinned out just now
        raise EngineError("This point of the run is not kept any more; choose another one.") from problem
    except (ValueError, KeyError) as problem:
        raise EngineError("What was saved of this run is damaged; start a new one.") from problem
    try:
        (into / CHECKPOINT).mkdir(parents=True, exist_ok=True)
        write_atomically(into / CHECKPOINT / TRAINING, data)
        for path in own_data(folder):
            shutil.copyfile(path, into / CHECKPOINT / path.name)
    except OSError as problem:
        reason = problem.strerror or type(problem).__name__
        raise EngineError("The run can't be kept on disk: {reason}.", reason=reason) from problem


def with_config(data: bytes, config: Mapping[str, Any]) -> bytes:
    """A checkpoint under another config; how it was computed is left out, since that may suit another one better.

    The safetensors format: the header's length in 8 bytes, the header as JSON, the numbers.
    """
    end = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:end])
    header["__metadata__"]["config"] = json.dumps(dict(config))
    header["__metadata__"].pop("computed", None)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + data[end:]


def put_data_aside(folder: Path) -> None:
    """Of a run that has ended: a visitor's own data goes from the checkpoint to the points, if there are any."""
    if points_of(folder):
        for path in own_data(folder):
            with contextlib.suppress(OSError):
                path.replace(folder / ROOM / path.name)


def own_data(folder: Path) -> list[Path]:
    """The files of a visitor's own data, wherever they lie."""
    found: list[Path] = []
    for room in (CHECKPOINT, ROOM):
        with contextlib.suppress(OSError):
            found += [path for path in (folder / room).iterdir() if path.suffix in (".npz", ".txt")]
    return found


def drop_oldest_points(folders: Sequence[Path], most: int = ALL_BYTES) -> None:
    """Delete the points of the first of these folders, oldest first, until all together take at most so many bytes."""
    sizes = {folder: _size(folder / ROOM) for folder in folders}
    for folder in folders:
        if sum(sizes.values()) <= most:
            return
        shutil.rmtree(folder / ROOM, ignore_errors=True)
        sizes[folder] = 0


def _size(folder: Path) -> int:
    with contextlib.suppress(OSError):
        return sum(path.stat().st_size for path in folder.iterdir())
    return 0
