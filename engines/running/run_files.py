"""A run as one ZIP file, and back: config, seed, metrics, grids and weights; enough to replay it all.

It holds the members that board_files names, and curves.png, the losses drawn for a report.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from PIL import Image

from engines.data.grids import Picture
from engines.data.uploads import size_of
from engines.messages import EngineError, Message, PlaygroundError
from engines.running.board import Board, Series
from engines.running.board_files import read_board, write_members

MAX_FILE_BYTES = 200 * 2**20
MAX_MEMBER_BYTES = 100 * 2**20
MAX_GRID_SIDE = 4096
MIMES = {"PNG": "image/png", "JPEG": "image/jpeg"}
STATES = ("finished", "stopped", "failed")  # of a run that is replayed


def save_run(board: Board, path: Path) -> None:
    """Write the run file; EngineError if the disk refuses. The board stays as it is either way."""
    with saving(path), zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        _write(board, archive)


@contextmanager
def saving(path: Path) -> Iterator[None]:
    """Turn a disk's refusal into one clear sentence, and leave no half-written file."""
    try:
        yield
    except OSError as problem:
        path.unlink(missing_ok=True)
        reason = problem.strerror or type(problem).__name__
        raise EngineError("The file could not be saved: {reason}. The run is kept.", reason=reason) from problem


@contextmanager
def reading(kind: str) -> Iterator[None]:
    """Turn whatever a damaged or hostile ZIP raises into one clear sentence that names its `kind`."""
    try:
        yield
    except PlaygroundError:
        raise
    except Exception as problem:  # any parser may raise anything at a made-up file
        what = Message(kind)
        raise EngineError("This file is not {what} of the playground, or it is damaged.", what=what) from problem


def _write(board: Board, archive: zipfile.ZipFile) -> None:
    if "losses" in board.series and board.series["losses"].rows:
        archive.writestr("curves.png", draw_curves(board.series["losses"]))
    for name, make in write_members(board, board.state if board.state in STATES else "stopped"):
        archive.writestr(name, make())


def draw_curves(series: Series) -> bytes:
    """The series as a PNG figure: one panel for losses, one for the rest."""
    from matplotlib.figure import Figure  # not pyplot: no global state, safe in threads

    figure = Figure(figsize=(8, 6), layout="constrained")
    panels = figure.subplots(2, 1, sharex=True)
    columns = list(zip(*series.rows, strict=True))
    for name, column in zip(series.names, columns[1:], strict=True):
        panels[0 if name.startswith("Loss") else 1].plot(columns[0], column, label=name, linewidth=1)
    for panel in panels:
        panel.grid(alpha=0.3)
        if panel.lines:
            panel.legend(loc="upper right")
    panels[1].set_xlabel("step")
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=120)
    return buffer.getvalue()


def load_run(path: Path) -> Board:
    """Read a run file, which a visitor may have made up; EngineError in one sentence if it is none.

    The config is returned as a plain dict in the board: the caller checks it with the engine's Config.
    """
    if size_of(path) > MAX_FILE_BYTES:
        raise EngineError("The run file is larger than {limit} MB.", limit=MAX_FILE_BYTES // 2**20)
    with reading("a run file"), zipfile.ZipFile(path) as archive:
        return read_board(_Archive(archive), STATES)


class _Archive:
    """A ZIP as the source of a board, believed in nothing."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive

    def names(self) -> Sequence[str]:
        return self._archive.namelist()

    def read(self, name: str) -> bytes:
        return read_member(self._archive, name)

    def later(self, name: str) -> bytes:
        return self.read(name)

    def picture(self, name: str) -> Picture:
        data = self.read(name)
        with Image.open(io.BytesIO(data), formats=list(MIMES)) as image:
            if max(image.size) > MAX_GRID_SIDE:
                raise ValueError("grid too large")
            image.load()
            return Picture(data, MIMES[image.format])


def read_member(archive: zipfile.ZipFile, name: str) -> bytes:
    """One member, read with a cap, since the size it declares may lie."""
    with archive.open(name) as file:
        data = file.read(MAX_MEMBER_BYTES + 1)
    if len(data) > MAX_MEMBER_BYTES:
        raise ValueError("too large")
    return data
