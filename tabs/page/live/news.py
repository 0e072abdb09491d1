"""What a board has to tell a page: all of it, or what is new to one that saw it before. Ready for JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engines.messages import Message
from engines.running.board import Board, Frame, Series
from engines.running.events import Plane, Written
from engines.running.runs import Run
from engines.running.shown import writings
from engines.running.shown.planes import pack


@dataclass(frozen=True)
class Seen:
    """What a page has that saw a board: small enough to be remembered of many versions."""

    series: Mapping[str, tuple[int, int, int]] = field(default_factory=dict)  # see Series.since
    frame: Frame | None = None
    steps: str = ""  # of the history's grids
    reference: bool = False
    exhibits: Mapping[str, str] = field(default_factory=dict)  # name -> tag
    plane: Plane | None = None
    ground: bool = False
    written: Written | None = None


NOTHING = Seen()


class Snapshot:
    """A run's board as it was at one moment, so that all who ask about it are told the same."""

    def __init__(self, run: Run) -> None:
        board = run.board
        self.version = board.version
        self._series = board.copy_series()
        self._frame = board.latest
        self._steps = ",".join(str(frame.step) for frame in board.frames())
        self._reference = board.reference
        self._exhibits = board.exhibits
        self._ground, self._planes = board.planes.ground, board.planes.latest()
        self._plane_steps = board.planes.steps()
        self._written, self._written_steps = board.writings.newest, board.writings.steps()
        self._config = summary(run)
        self._told = {"run": run.id, "state": board.state, "ended": board.ended, **status(board)}
        self._told["captions"] = {group: to_json(caption) for group, caption in dict(board.captions).items()}

    @property
    def seen(self) -> Seen:
        """What a page has that was told this."""
        series = {group: _mark(series) for group, series in self._series.items()}
        tags = {name: each.tag for name, each in self._exhibits.items()}
        reference, ground = self._reference is not None, self._ground is not None
        plane = self._planes[-1] if self._planes else None
        return Seen(series, self._frame, self._steps, reference, tags, plane, ground, self._written)

    def curves(self, had: Seen = NOTHING) -> dict[str, Any]:
        """As `news`, without what is looked at: of pictures and texts only which steps there are."""
        answer = dict(self._told)
        new = {group: series.since(had.series.get(group, (0, 0, -1))) for group, series in self._series.items()}
        answer["series"] = {group: part for group, part in new.items() if part}
        if had is NOTHING:
            answer["config"] = self._config
        if self._steps != had.steps:
            answer["steps"] = self._steps
        if self._written is not had.written:
            answer["written_steps"] = self._written_steps
        return answer

    def news(self, had: Seen = NOTHING) -> dict[str, Any]:
        """What a page lacks that `had` seen an older snapshot; `config` comes only to one that had seen none."""
        answer = self.curves(had)
        if self._reference and not had.reference:
            answer["reference"] = self._reference.data_uri()
        if self._frame and self._frame is not had.frame:
            answer["frame"] = {"step": self._frame.step, "src": self._frame.picture.data_uri()}
        if self._ground and not had.ground:
            answer["ground"] = pack(self._ground)
        if self._planes and self._planes[-1] is not had.plane:
            seen = next((i + 1 for i, plane in enumerate(self._planes) if plane is had.plane), -1)
            answer["planes"] = [pack(plane) for plane in self._planes[seen:]]
            answer["plane_steps"] = self._plane_steps
        if self._written is not had.written:
            answer["written"] = self._written and writings.pack(self._written)
        answer["exhibits"] = [
            {"name": name, "kind": each.kind, **each.about, "src": each.picture and each.picture.data_uri()}
            for name, each in self._exhibits.items()
            if each.tag != had.exhibits.get(name)
        ]
        return answer


def _mark(series: Series) -> tuple[int, int, int]:
    """(width, count, step of the last point) of what a page has that was told all of a series."""
    last = round(series.rows[-1][0]) if series.rows else -1
    return series.width, len(series.rows), last


def status(board: Board) -> dict[str, Any]:
    """The small things, sent whole each time."""
    progress, verdict, shares, download = board.progress, board.verdict, board.shares, board.download
    return {
        "position": board.position,
        "wait": to_json(words_for_wait(board.wait_seconds)),
        "wait_seconds": board.wait_seconds,
        "note": to_json(board.note),
        "error": to_json(board.error),
        "download": download
        and {"message": to_json(download.message), "step": download.done, "total": download.total},
        "progress": progress
        and {
            "step": progress.step,
            "total": progress.total,
            "counts": dict(progress.counts),
            "rate": round(board.steps_per_second(), 2),
            "left": board.seconds_left(),
        },
        "verdict": verdict
        and {
            "state": verdict.state,
            **{part: to_json(getattr(verdict, part)) for part in ("title", "reason", "advice")},
        },
        "shares": shares
        and {"name": shares.name, "labels": shares.labels, "values": [round(v, 4) for v in shares.values]},
        "evaluations": list(board.evaluations),
    }


def words_for_wait(seconds: float | None) -> Message | None:
    """How long one in line will wait, as a person would say it; None while that is unknown."""
    if seconds is None:
        return None
    if seconds < 55:
        return Message("starts in about {n} s", n=max(5, round(seconds)))
    if seconds < 5400:
        return Message("starts in about {n} min", n=round(seconds / 60))
    return Message("starts in about {n} h", n=f"{seconds / 3600:.1f}")


def to_json(message: Message | None) -> dict[str, Any] | None:
    """A Message for the page, which says it in its own language."""
    return message.to_json() if message else None


def summary(run: Run) -> list[list[Any]]:
    """[label, value or label of the choice] of every setting, for "what is this run?"."""
    rows = []
    for name, knob in run.config.knobs().items():
        value = getattr(run.config, name)
        rows.append([knob.label, knob.choices[value] if knob.choices else value])
    return rows
