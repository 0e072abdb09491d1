"""The square to draw in: its value is the text of engines/points_training/drawing.py."""

from __future__ import annotations

from pathlib import Path

import gradio as gr

from engines.points_training.drawing import MAX_TEXT
from tabs.page.component import component

HERE = Path(__file__).parent


def sketch(elem_id: str, **more: object) -> gr.HTML:
    """A component to draw lines and dots in, with a mouse, a finger or the keyboard; `input` says that it was."""
    return component(elem_id, HERE / "view", value="", longest=MAX_TEXT, **more)
