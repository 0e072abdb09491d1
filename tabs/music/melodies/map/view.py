"""The map of a melody VAE: held-out melodies as points of the plane; a click or a drag lets one hear what is there.

All of it travels once, so that dragging needs no request. Its `pick` event tells two melodies to go between, its
`save` event a melody to make a file of.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import gradio as gr

from engines.music.melody_vae.explore import CELLS, Map
from tabs.page.component import component

HERE = Path(__file__).parent
MUSIC = HERE.parents[1]
SCRIPTS = [MUSIC / "sound.js", MUSIC / "roll" / "voices.js", HERE.parent / "line.js"]
LOOKS = HERE.parent / "looks.css"


def map_view(elem_id: str) -> gr.HTML:
    """A component whose value is `map_value`, or empty."""
    css = LOOKS.read_text("utf-8") + (HERE / "view.css").read_text("utf-8")
    return component(elem_id, HERE / "view", value="", before=SCRIPTS, css_template=css)


def map_value(chart: Map) -> str:
    """The map as a page draws it: JSON, numbers in comma strings, melodies as lines."""
    points = chart.points
    return json.dumps(
        {
            "step": chart.step,
            "latent": len(points.centre),
            "reach": round(points.reach, 4),
            "cells": CELLS,
            "grid": chart.grid,
            "places": [_numbers(column) for column in points.places.T],
            "prior": [round(float(x), 4) for x in -points.axes @ points.centre],
            "colours": [[title, names, _numbers(kinds)] for title, (names, kinds) in chart.colours.items()],
            "melodies": chart.melodies,
            "redrawn": chart.redrawn,
        },
        separators=(",", ":"),
    )


def _numbers(values: Iterable[float]) -> str:
    return ",".join(f"{float(value):.4g}" for value in values)
