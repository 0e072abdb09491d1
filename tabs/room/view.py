"""The board of a room on the page: a component that follows all its runs at once."""

from __future__ import annotations

from pathlib import Path

import gradio as gr

from tabs.page.component import component

HERE = Path(__file__).parent
FOLLOW = HERE.parent / "page" / "follow.js"


def board_view(elem_id: str) -> gr.HTML:
    """A component whose value is a room's code, "" of none."""
    return component(elem_id, HERE / "view", end="begin();", before=[FOLLOW], value="")
