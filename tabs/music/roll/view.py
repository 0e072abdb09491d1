"""The piano roll as a component, and its value: a piece as text, with how sure the model was and what is locked.

JSON: `voices`, a line for each as engines/music/grid.py writes them; `sure`, lines of digits, and `locked`, lines of
0 and 1, or null; `bar`, `pickup` and `tempo` as a Chorale has them; `frames`, [grid, sure] after some of the passes,
to show once; `about`, a Message that says what it is.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np

from engines.messages import ConfigError, Message
from engines.music.composing import Filled, digits
from engines.music.grid import VOICES, Chorale, from_text, to_text
from tabs.page.component import component
from tabs.page.shared import QUICK

HERE = Path(__file__).parent
SOUND, ROLL = HERE.parent / "sound.js", HERE / "voices.js"
DOING = '() => { window.dispatchEvent(new CustomEvent("aigc-doing", { detail: %s })); return []; }'
MOST = 200_000  # characters of a value
SLOWEST, FASTEST = 30, 240  # quarter notes a minute


@dataclass(frozen=True, eq=False)
class Sheet:
    """What a roll holds."""

    chorale: Chorale
    locked: np.ndarray  # bool [T, 4]


def roll(elem_id: str, edits: bool = True, **more: object) -> gr.HTML:
    """A component whose value is `shown`; with `edits` one can change what it holds. `more` are options of gr.HTML."""
    return component(elem_id, HERE / "view", before=[SOUND, ROLL], value="", edits=edits, **more)


def pressed(button: gr.Button, rolls: Sequence[gr.HTML], doing: Message, *handler: Any, **options: Any) -> None:
    """Wire what a press on the button does; until it has ended, well or not, the rolls say what goes on."""
    ids = [one.elem_id for one in rolls]
    begins, ends = (DOING % json.dumps({"ids": ids, "doing": busy}) for busy in (str(doing), ""))
    button.click(None, js=begins, **QUICK)  # before the other, for which Gradio's page would wait
    button.click(*handler, **options).then(None, js=ends, **QUICK)


def shown(chorale: Chorale, about: Message, filled: Filled | None = None, locked: np.ndarray | None = None) -> str:
    """The value for a piece; of a `filled` one with its passes."""
    value: dict[str, Any] = {
        "voices": to_text(chorale.grid).split("\n"),
        "sure": digits(filled.sure).split("\n") if filled else None,
        "locked": ["".join(map(str, column)) for column in locked.T.astype(int).tolist()]
        if locked is not None
        else None,
        "bar": chorale.bar,
        "pickup": chorale.pickup,
        "tempo": round(chorale.tempo),
        "frames": filled.frames if filled else None,
        "about": about.to_json(),
    }  # fmt: skip
    return json.dumps(value)


def read_sheet(value: str | None) -> Sheet:
    """What a page says that its roll holds; ConfigError if that can't be."""
    try:
        if not value or len(value) > MOST:
            raise ValueError("empty, or too long")
        return sheet_of(json.loads(value))
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as problem:
        raise ConfigError("The piano roll can't be read. Press Compose, or open a melody once more.") from problem


def sheet_of(said: dict[str, Any]) -> Sheet:
    """The same from what the JSON says; any of several exceptions if it is something else."""
    grid = from_text("\n".join(said["voices"]))
    bar, pickup, tempo = int(said["bar"]), int(said["pickup"]), float(said["tempo"])
    if not (1 <= bar <= 64 and 0 <= pickup < bar and SLOWEST <= tempo <= FASTEST):
        raise ValueError("no bars, or no tempo")
    locked = np.zeros(grid.shape, bool)
    if lines := said.get("locked"):
        locked = np.array([[letter == "1" for letter in line] for line in lines]).T
    if locked.shape != grid.shape or len(VOICES) != grid.shape[1]:
        raise ValueError("locks of another size")
    return Sheet(Chorale(grid, bar, pickup, tempo), locked)
