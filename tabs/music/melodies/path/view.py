"""The way from one melody to another: a slider over what is decoded between them, to see and to hear.

Its `save` event tells a melody to make a file of.
"""

from __future__ import annotations

import json
from pathlib import Path

import gradio as gr

from engines.music.melody_vae.explore import Path as Way
from tabs.music.melodies.map.view import LOOKS, SCRIPTS
from tabs.page.component import component

HERE = Path(__file__).parent


def path_view(elem_id: str) -> gr.HTML:
    """A component whose value is `path_value`, or empty."""
    css = LOOKS.read_text("utf-8") + (HERE / "view.css").read_text("utf-8")
    return component(elem_id, HERE / "view", value="", before=SCRIPTS, css_template=css)


def path_value(first: int, last: int, way: Way) -> str:
    """What the slider goes over, between these melodies of the map, counted from 0."""
    return json.dumps({"numbers": [first, last], "stops": way.stops})
