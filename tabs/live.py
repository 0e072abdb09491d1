"""The live view: a page follows a run's board by long-polling, and catches up after anything.

The run belongs to no page. The page asks with what it has (a cursor) and gets what it lacks, at the latest
after WAIT_SECONDS. It costs neither a place in Gradio's queue nor a thread.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

from engines.board import Board, Frame
from engines.messages import EngineError, Message
from engines.runs import Run, Runs
from tabs.chinese import CHINESE

WAIT_SECONDS = 15.0
HERE = Path(__file__).parent


def live_view(runs: Runs, elem_id: str, controls: dict[str, str]) -> gr.HTML:
    """A component whose value is the id of the run it follows; its `tick` says that the state changed.

    `controls` gives the element ids of the buttons "start", "pause", "resume" and "stop", for the keyboard
    and for saying why one is disabled.
    """

    async def watch(cursor: dict) -> dict:
        """What is new on the board of cursor["run"] since cursor; waits for it."""
        try:
            run = runs.get(cursor.get("run"))
            version = int(cursor.get("version", 0))
        except (EngineError, TypeError, ValueError, AttributeError):
            return {"state": "gone"}
        await run.board.changed(version, WAIT_SECONDS)
        return news(run, cursor)

    async def frame(request: dict) -> str:
        """One grid of the history as a data address; empty if it is not kept any more."""
        try:
            found = runs.get(request.get("run")).board.frame_at(int(request.get("step", 0)))
        except (EngineError, TypeError, ValueError, AttributeError):
            found = None
        return found.picture.data_uri() if found else ""

    return gr.HTML(
        value="",
        html_template=(HERE / "live.html").read_text("utf-8"),
        css_template=(HERE / "live.css").read_text("utf-8"),
        js_on_load=(HERE / "live.js").read_text("utf-8"),
        server_functions=[watch, frame],
        elem_id=elem_id,
        apply_default_css=False,
        words=CHINESE,
        controls=controls,
    )


def news(run: Run, cursor: dict[str, Any]) -> dict[str, Any]:
    """What a viewer at `cursor` lacks, ready for JSON. A cursor says what the page has: see live.js."""
    board = run.board
    answer = {"run": run.id, "version": board.version, "state": board.state, "ended": board.ended}
    answer |= status(board)
    answer["series"] = board.series_since(_series_cursor(cursor))
    if not cursor.get("version"):
        answer["config"] = summary(run)
    if board.reference and not cursor.get("reference"):
        answer["reference"] = board.reference.data_uri()
    if len(board.captions) != cursor.get("captions"):
        answer["captions"] = {group: to_json(caption) for group, caption in board.captions.items()}
    latest: Frame | None = board.latest
    if latest and latest.step != cursor.get("frame"):
        answer["frame"] = {"step": latest.step, "src": latest.picture.data_uri()}
    steps = ",".join(str(frame.step) for frame in board.frames())
    if steps != cursor.get("steps"):
        answer["steps"] = steps
    return answer


def status(board: Board) -> dict[str, Any]:
    """The small things, sent whole each time."""
    progress, verdict, shares = board.progress, board.verdict, board.shares
    return {
        "position": board.position,
        "note": to_json(board.note),
        "error": to_json(board.error),
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
    }


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


def _series_cursor(cursor: dict[str, Any]) -> dict[str, tuple[int, int]]:
    """Group -> (width, count) from what the page sent; anything odd counts as having nothing."""
    series = cursor.get("series")
    if not isinstance(series, dict):
        return {}
    return {
        str(group): (has[0], has[1])
        for group, has in series.items()
        if isinstance(has, list) and len(has) == 2 and all(isinstance(n, int) for n in has)
    }
