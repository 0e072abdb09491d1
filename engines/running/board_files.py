"""A board as named members, and back: what a run file (a ZIP) and a run's own folder have in common.

run.json                 config, state, verdict, counts
<group>.csv              one series each, as drawn: step and the named columns
real.png                 real pictures
grids/00001234.png       the history of samples, named by step
sheets/<content>.png     the sheets of pictures, which run.json names
planes.safetensors       real points of the plane, and the history of what a model made of it
written.json             the history of what a language model wrote
evaluations.json         rows and label names of what a classifier made of rows whose class is known
evaluations.safetensors  their classes and probabilities
moments/00001234.safetensors  earlier weights in float16, named by step
model.safetensors        weights, with their facts in run.json
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

import numpy as np

from engines.data.grids import Picture
from engines.messages import Message
from engines.running.board import MAX_FRAMES, MAX_POINTS, Board, Frame, Series
from engines.running.events import Evaluation, Progress, Shares, Verdict, Weights
from engines.running.shown.exhibits import describe, read_exhibits
from engines.running.shown.moments import MOST, MOST_BYTES, ROOM, Moment, Moments
from engines.running.shown.planes import Planes
from engines.running.shown.times import Times
from engines.running.shown.writings import Writings
from engines.running.tensors import tensors_from_bytes, tensors_to_bytes

FORMAT = 1
MAX_GROUPS = 10
SUFFIXES = (".png", ".jpg")
ABOUT, MODEL, PLANES, WRITTEN = "run.json", "model.safetensors", "planes.safetensors", "written.json"
SENTENCES = ("title", "reason", "advice", "afterwards")  # of a verdict
EVALUATIONS = ("evaluations.json", "evaluations.safetensors")

Members = Iterator[tuple[str, Callable[[], bytes]]]


class Source(Protocol):
    """Where the members of a board are read from."""

    def names(self) -> Sequence[str]:
        """All members, each with its folder and a slash."""

    def read(self, name: str) -> bytes:
        """One member."""

    def picture(self, name: str) -> Picture:
        """One member that is a picture."""

    def later(self, name: str) -> bytes | Path:
        """One member, or the file where it can be read when it is wanted."""


def write_members(board: Board, state: str) -> Members:
    """Yields each member's name and a function that makes its bytes; run.json, which tells of the others, last."""
    series = board.copy_series()  # a live run's go on growing
    for group, each in series.items():
        yield f"{group}.csv", partial(_series_to_csv, each)
    if board.reference:
        yield f"real{board.reference.suffix}", partial(bytes, board.reference.data)
    for frame in board.frames():
        yield f"grids/{frame.step:08d}{frame.picture.suffix}", partial(bytes, frame.picture.data)
    for each in board.exhibits.values():
        if each.picture:
            yield each.member, partial(bytes, each.picture.data)
    if board.planes:
        yield PLANES, lambda: tensors_to_bytes(board.planes.to_tensors())
    if board.writings:
        yield WRITTEN, lambda: json.dumps(board.writings.to_json(), ensure_ascii=False).encode()
    if board.evaluations:
        yield EVALUATIONS[0], partial(_evaluation_texts, board.evaluations)
        yield EVALUATIONS[1], partial(_evaluation_numbers, board.evaluations)
    for moment in board.moments:
        yield moment.member, moment.read
    if board.weights:
        yield MODEL, partial(tensors_to_bytes, board.weights.tensors)
    yield ABOUT, lambda: json.dumps(_describe(board, series, state), indent=1, ensure_ascii=False).encode()


def read_board(source: Source, states: Sequence[str]) -> Board:
    """The inverse of write_members; any exception if `source` holds something else, or a state not in `states`."""
    about = json.loads(source.read(ABOUT))
    if about["format"] != FORMAT or about["state"] not in states or not isinstance(about["config"], dict):
        raise ValueError("unknown format")
    board = Board(str(about["engine"]), dict(about["config"]), state=about["state"])
    board.started = float(about["started"])
    board.active_seconds = float(about["active_seconds"])
    board.stride = max(1, int(about.get("stride", 1)))
    _read_small_parts(about, board)
    for group, width in list(about["widths"].items())[:MAX_GROUPS]:
        board.series[group] = _read_series(source.read(f"{group}.csv").decode("utf-8-sig"), int(width))
    _read_pictures(source, board)
    board.exhibits = read_exhibits(about.get("exhibits", []), source.picture)
    if about.get("planes"):
        board.planes = Planes.from_tensors(tensors_from_bytes(source.read(PLANES)), int(about["planes"]))
    if about.get("written"):
        board.writings = Writings.from_json(json.loads(source.read(WRITTEN)))
    if about.get("evaluations"):
        board.evaluations = _read_evaluations(*map(source.read, EVALUATIONS))
    if about["weights"]:
        tensors = tensors_from_bytes(source.read(MODEL))
        board.weights = Weights(int(about["weights"]["step"]), tensors, dict(about["weights"]["facts"]))
        board.moments = _read_moments(source)
    return board


def _describe(board: Board, series: Mapping[str, Series], state: str) -> dict[str, Any]:
    progress, verdict, shares = board.progress, board.verdict, board.shares
    return {
        "format": FORMAT,
        "engine": board.engine,
        "config": board.config,
        "state": state,
        "started": board.started,
        "active_seconds": round(board.active_seconds, 2),
        "stride": board.stride,
        "progress": progress and {"step": progress.step, "total": progress.total, "counts": dict(progress.counts)},
        "verdict": verdict
        and {
            "state": verdict.state,
            **{part: said.to_json() for part in SENTENCES if (said := getattr(verdict, part))},
        },
        "shares": shares and {"name": shares.name, "labels": shares.labels, "values": shares.values},
        "exhibits": describe(board.exhibits),
        "planes": board.planes.stride if board.planes else 0,
        "written": bool(board.writings),
        "times": board.times.to_json(),
        "note": board.note and board.note.to_json(),
        "error": board.error and board.error.to_json(),
        "captions": {group: caption.to_json() for group, caption in board.captions.items()},
        "widths": {group: each.width for group, each in series.items()},
        "evaluations": list(board.evaluations),
        "weights": board.weights and {"step": board.weights.step, "facts": dict(board.weights.facts)},
    }


def _read_small_parts(about: dict[str, Any], board: Board) -> None:
    if about["progress"]:
        step, total, counts = (about["progress"][key] for key in ("step", "total", "counts"))
        board.progress = Progress(int(step), int(total), {str(name): int(n) for name, n in counts.items()})
    if about["verdict"]:
        parts = {part: Message.from_json(about["verdict"][part]) for part in SENTENCES if about["verdict"].get(part)}
        board.verdict = Verdict(str(about["verdict"]["state"]), **parts)
        if board.ended:  # one of an older program may still say what to wait for
            board.verdict = board.verdict.ended()
    if about["shares"]:
        shares = about["shares"]
        values = tuple(float(value) for value in shares["values"])
        board.shares = Shares(str(shares["name"]), tuple(map(str, shares["labels"])), values)
    for name in ("note", "error"):
        if about[name]:
            setattr(board, name, Message.from_json(about[name]))
    board.times = Times.from_json(about.get("times", []))
    board.captions = {str(group): Message.from_json(text) for group, text in about["captions"].items()}


def _series_to_csv(series: Series) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["step", *series.names])
    writer.writerows(series.rows)
    return text.getvalue().encode("utf-8-sig")  # by the mark, spreadsheets see that it is UTF-8


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


def _read_pictures(source: Source, board: Board) -> None:
    names = source.names()
    grids = sorted(name for name in names if name.startswith("grids/") and name.endswith(SUFFIXES))
    for name in grids[: MAX_FRAMES + 1]:
        with contextlib.suppress(FileNotFoundError):  # in a folder one may be thinned out meanwhile
            board.history.append(Frame(int(PurePosixPath(name).stem), source.picture(name)))
    board.latest = board.history[-1] if board.history else None
    board.frames_seen = len(board.history) * board.stride
    for suffix in SUFFIXES:
        if f"real{suffix}" in names:
            board.reference = source.picture(f"real{suffix}")


def _read_moments(source: Source) -> Moments:
    """The earlier states of the model; those that do not fit into what may be kept are left out."""
    kept, room = [], MOST_BYTES
    names = sorted(name for name in source.names() if re.fullmatch(rf"{ROOM}/\d{{8,10}}\.safetensors", name))
    for name in names[:MOST]:
        moment = Moment(int(PurePosixPath(name).stem), source.later(name))
        room -= moment.size
        if room >= 0:
            kept.append(moment)
    return Moments(tuple(kept))


def _evaluation_texts(evaluations: dict[str, Evaluation]) -> bytes:
    texts = {name: {"label_names": each.label_names, "rows": each.rows} for name, each in evaluations.items()}
    return json.dumps(texts, ensure_ascii=False).encode()


def _evaluation_numbers(evaluations: dict[str, Evaluation]) -> bytes:
    tensors = {f"{name}.truth": each.truth for name, each in evaluations.items()}
    return tensors_to_bytes(tensors | {f"{name}.probabilities": e.probabilities for name, e in evaluations.items()})


def _read_evaluations(texts: bytes, numbers: bytes) -> dict[str, Evaluation]:
    tensors = tensors_from_bytes(numbers)
    evaluations = {}
    for name, text in json.loads(texts).items():
        labels, rows = tuple(map(str, text["label_names"])), tuple(map(str, text["rows"]))
        truth, probabilities = tensors[f"{name}.truth"], tensors[f"{name}.probabilities"]
        if truth.shape != (len(rows),) or probabilities.shape != (len(rows), len(labels)):
            raise ValueError("an evaluation's shapes differ")
        if truth.dtype != np.int64 or (len(rows) and not 0 <= truth.min() <= truth.max() < len(labels)):
            raise ValueError("not classes")
        evaluations[name] = Evaluation(name, labels, rows, truth, probabilities)
    return evaluations
