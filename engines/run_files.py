"""A run as one ZIP file, and back: config, seed, metrics, grids and weights; enough to replay it all.

run.json               config, state, verdict, counts
<group>.csv            one series each, as drawn: step and the named columns
curves.png             the losses, drawn for a report
real.png               real pictures
grids/00001234.png     the history of samples, named by step
model.safetensors      weights, with their facts in run.json
"""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from engines.board import ENDED_STATES, MAX_FRAMES, MAX_POINTS, Board, Frame, Series
from engines.events import Progress, Shares, Verdict, Weights
from engines.grids import Picture
from engines.messages import EngineError, Message, PlaygroundError

FORMAT = 1
MAX_FILE_BYTES = 200 * 2**20
MAX_MEMBER_BYTES = 100 * 2**20
MAX_GRID_SIDE = 4096
MIMES = {"PNG": "image/png", "JPEG": "image/jpeg"}
SUFFIXES = tuple(Picture(b"", mime).suffix for mime in MIMES.values())


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
    archive.writestr("run.json", json.dumps(_describe(board), indent=1, ensure_ascii=False))
    for group, series in board.series.items():
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(["step", *series.names])
        writer.writerows(series.rows)
        archive.writestr(f"{group}.csv", text.getvalue())
    if "losses" in board.series and board.series["losses"].rows:
        archive.writestr("curves.png", draw_curves(board.series["losses"]))
    if board.reference:
        archive.writestr(f"real{board.reference.suffix}", board.reference.data)
    for frame in board.frames():
        archive.writestr(f"grids/{frame.step:08d}{frame.picture.suffix}", frame.picture.data)
    if board.weights:
        archive.writestr("model.safetensors", weights_to_bytes(board.weights))


def _describe(board: Board) -> dict[str, Any]:
    progress, verdict, shares = board.progress, board.verdict, board.shares
    return {
        "format": FORMAT,
        "engine": board.engine,
        "config": board.config,
        "state": board.state if board.ended else "stopped",
        "started": board.started,
        "active_seconds": round(board.active_seconds, 2),
        "progress": progress and {"step": progress.step, "total": progress.total, "counts": dict(progress.counts)},
        "verdict": verdict
        and {
            "state": verdict.state,
            **{part: getattr(verdict, part).to_json() for part in ("title", "reason", "advice")},
        },
        "shares": shares and {"name": shares.name, "labels": shares.labels, "values": shares.values},
        "note": board.note and board.note.to_json(),
        "error": board.error and board.error.to_json(),
        "captions": {group: caption.to_json() for group, caption in board.captions.items()},
        "widths": {group: series.width for group, series in board.series.items()},
        "weights": board.weights and {"step": board.weights.step, "facts": dict(board.weights.facts)},
    }


def weights_to_bytes(weights: Weights) -> bytes:
    """The tensors in the safetensors format."""
    from safetensors.numpy import save

    return save({name: np.ascontiguousarray(tensor) for name, tensor in weights.tensors.items()})


def weights_from_bytes(data: bytes) -> dict[str, np.ndarray]:
    """The inverse of weights_to_bytes; ValueError if `data` is something else."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        return load(data)
    except SafetensorError as problem:
        raise ValueError("not safetensors") from problem


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
    if path.stat().st_size > MAX_FILE_BYTES:
        raise EngineError("The run file is larger than {limit} MB.", limit=MAX_FILE_BYTES // 2**20)
    with reading("a run file"), zipfile.ZipFile(path) as archive:
        return _read(archive)


def _read(archive: zipfile.ZipFile) -> Board:
    about = json.loads(read_member(archive, "run.json"))
    if about["format"] != FORMAT or about["state"] not in ENDED_STATES or not isinstance(about["config"], dict):
        raise ValueError("unknown format")
    board = Board(str(about["engine"]), dict(about["config"]), state=about["state"])
    board.started = float(about["started"])
    board.active_seconds = float(about["active_seconds"])
    if about["progress"]:
        step, total, counts = (about["progress"][key] for key in ("step", "total", "counts"))
        board.progress = Progress(int(step), int(total), {str(name): int(n) for name, n in counts.items()})
    if about["verdict"]:
        parts = {part: Message.from_json(about["verdict"][part]) for part in ("title", "reason", "advice")}
        board.verdict = Verdict(str(about["verdict"]["state"]), **parts)
    if about["shares"]:
        shares = about["shares"]
        values = tuple(float(value) for value in shares["values"])
        board.shares = Shares(str(shares["name"]), tuple(map(str, shares["labels"])), values)
    for name in ("note", "error"):
        if about[name]:
            setattr(board, name, Message.from_json(about[name]))
    board.captions = {str(group): Message.from_json(text) for group, text in about["captions"].items()}
    for group, width in list(about["widths"].items())[:10]:
        board.series[group] = _read_series(read_member(archive, f"{group}.csv").decode(), int(width))
    _read_pictures(archive, board)
    if about["weights"]:
        tensors = weights_from_bytes(read_member(archive, "model.safetensors"))
        board.weights = Weights(int(about["weights"]["step"]), tensors, dict(about["weights"]["facts"]))
    return board


def read_member(archive: zipfile.ZipFile, name: str) -> bytes:
    """One member, read with a cap, since the size it declares may lie."""
    with archive.open(name) as file:
        data = file.read(MAX_MEMBER_BYTES + 1)
    if len(data) > MAX_MEMBER_BYTES:
        raise ValueError("too large")
    return data


def _read_series(text: str, width: int) -> Series:
    rows = csv.reader(io.StringIO(text))
    names = tuple(next(rows)[1:])
    series = Series(names)
    series.width = max(1, width)
    for row in islice(rows, MAX_POINTS):
        if len(row) != len(names) + 1:
            raise ValueError("ragged rows")
        series.rows.append(tuple(map(float, row)))
    return series


def _read_pictures(archive: zipfile.ZipFile, board: Board) -> None:
    grids = sorted(n for n in archive.namelist() if n.startswith("grids/") and n.endswith(SUFFIXES))
    for name in grids[: MAX_FRAMES + 1]:
        frame = Frame(int(Path(name).stem), _checked_picture(read_member(archive, name)))
        board.history.append(frame)
        board.latest = frame
    for suffix in SUFFIXES:
        if f"real{suffix}" in archive.namelist():
            board.reference = _checked_picture(read_member(archive, f"real{suffix}"))


def _checked_picture(data: bytes) -> Picture:
    with Image.open(io.BytesIO(data), formats=list(MIMES)) as image:
        if max(image.size) > MAX_GRID_SIDE:
            raise ValueError("grid too large")
        image.load()
        return Picture(data, MIMES[image.format])
