"""The live view: a page follows a run's board by long-polling, and catches up after anything.

The run belongs to no page. The page asks with what it has (a cursor) and gets what it lacks, at the latest
after WAIT_SECONDS. It costs neither a place in Gradio's queue nor a thread.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from engines.messages import EngineError, Message
from engines.running.board import Board, Frame
from engines.running.runs import Run, Runs
from tabs.page.component import component

MOST_ANSWERS = 45  # a second, to all who watch: so many cost an eighth of a core
SLOWEST = 5.0  # seconds between two answers to one of very many
WAIT_SECONDS = 15.0
HERE = Path(__file__).parent


CHART = '<figure class="chart"><figcaption></figcaption><canvas role="img"></canvas></figure>'


@dataclass(frozen=True)
class Line:
    """One curve: a column of a group of Metrics (named as the label if ""), in one of the colours of view.css."""

    label: str
    group: str
    color: str
    column: str = ""
    dots: bool = False  # marks each point


@dataclass(frozen=True)
class Chart:
    """One chart; `percent` writes 0.5 as 50%, an `optional` one hides while it has no points."""

    title: str
    lines: tuple[Line, ...]
    smooth: bool = False
    from_zero: bool = False
    percent: bool = False
    optional: bool = False


def live_view(
    runs: Runs,
    elem_id: str,
    controls: dict[str, str],
    layout: Path | None = None,
    panels: Sequence[str] = (),
    charts: Sequence[Chart] = (),
) -> gr.HTML:
    """A component whose value is the id of the run it follows; its `tick` says that the state changed.

    `controls` gives the element ids of the buttons "start", "pause", "resume" and "stop", for the keyboard
    and for saying why one is disabled. `layout` is the HTML file of what stands below the progress bar,
    `panels` names the scripts <panel>.js beside this that fill it, `charts` is for the panel "charts".
    """

    watching = Watching()

    async def watch(cursor: dict) -> dict:
        """What is new on the board of cursor["run"] since cursor; waits for it."""
        try:
            run = runs.get(cursor.get("run"))
            version = int(cursor.get("version", 0))
        except (EngineError, TypeError, ValueError, AttributeError):
            return {"state": "gone"}
        began = time.monotonic()
        with watching:
            await run.board.changed(version, WAIT_SECONDS)
            if version:  # who has just come sees something at once
                await asyncio.sleep(began + watching.pace() - time.monotonic())
        return news(run, cursor)

    async def frame(request: dict) -> str:
        """One grid of the history as a data address; empty if it is not kept any more."""
        try:
            found = runs.get(request.get("run")).board.frame_at(int(request.get("step", 0)))
        except (EngineError, TypeError, ValueError, AttributeError):
            found = None
        return found.picture.data_uri() if found else ""

    inside = layout.read_text("utf-8").replace("<!-- charts -->", CHART * len(charts)) if layout else ""
    return component(
        elem_id,
        HERE / "view",
        [HERE / f"{panel}.js" for panel in panels],
        "begin();",
        value="",
        html_template=(HERE / "view.html").read_text("utf-8").replace("<!-- panels -->", inside),
        server_functions=[watch, frame],
        controls=controls,
        charts=[asdict(chart) for chart in charts],
    )


class Watching:
    """How many ask for news at this moment. The more, the longer each waits, so that watching costs a bounded share.

    For one event loop: it needs no lock.
    """

    def __init__(self) -> None:
        self._now = 0

    def __enter__(self) -> None:
        self._now += 1

    def __exit__(self, *_: object) -> None:
        self._now -= 1

    def pace(self) -> float:
        """Seconds that an answer takes at least."""
        return min(SLOWEST, self._now / MOST_ANSWERS)


def news(run: Run, cursor: dict[str, Any]) -> dict[str, Any]:
    """What a viewer at `cursor` lacks, ready for JSON. A cursor says what the page has: see view.js."""
    board = run.board
    answer = {"run": run.id, "version": board.version, "state": board.state, "ended": board.ended}
    answer |= status(board)
    answer["series"] = board.series_since(_series_cursor(cursor))
    if not cursor.get("version"):
        answer["config"] = summary(run)
    if board.reference and not cursor.get("reference"):
        answer["reference"] = board.reference.data_uri()
    answer["captions"] = {group: to_json(caption) for group, caption in board.captions.items()}
    latest: Frame | None = board.latest
    if latest and latest.step != cursor.get("frame"):
        answer["frame"] = {"step": latest.step, "src": latest.picture.data_uri()}
    steps = ",".join(str(frame.step) for frame in board.frames())
    if steps != cursor.get("steps", ""):
        answer["steps"] = steps
    return answer


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


def _series_cursor(cursor: dict[str, Any]) -> dict[str, tuple[int, int, int]]:
    """Group -> (width, count, last step) from what the page sent; anything odd counts as having nothing."""
    series = cursor.get("series")
    if not isinstance(series, dict):
        return {}
    return {
        str(group): tuple(has)
        for group, has in series.items()
        if isinstance(has, list) and len(has) == 3 and all(isinstance(n, int) for n in has)
    }
