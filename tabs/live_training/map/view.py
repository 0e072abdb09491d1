"""The map of a VAE: encoded pictures as points over what is decoded there; a click or a drag shows the picture.

All of it travels once, so that dragging needs no request.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import gradio as gr

from engines.data.grids import encode_grid
from tabs.page.component import component

if TYPE_CHECKING:
    from engines.vae_training.explore import Map

HERE = Path(__file__).parent
COLUMNS = 20  # of the pictures that can be chosen, side by side


def map_view(elem_id: str) -> gr.HTML:
    """A component whose value is `map_value`, or empty."""
    return component(elem_id, HERE / "view", value="")


def map_value(chart: Map) -> str:
    """The map as a page draws it: JSON, numbers in comma strings, pictures as data addresses."""
    points = chart.points
    return json.dumps(
        {
            "step": chart.step,
            "latent": len(points.centre),
            "size": chart.grid.shape[1],
            "reach": round(points.reach, 4),
            "cells": chart.cells,
            "grid": encode_grid(chart.grid, chart.cells).data_uri(),
            "places": [_numbers(column) for column in points.places.T],
            "spreads": [_numbers(column) for column in points.spreads.T],
            "prior": [round(float(x), 4) for x in -points.axes @ points.centre],
            "labels": _numbers(points.labels),
            "class_names": chart.class_names,
            "pictures": encode_grid(points.pictures, COLUMNS).data_uri(),
            "redrawn": encode_grid(chart.redrawn, COLUMNS).data_uri(),
            "columns": COLUMNS,
            "count": len(points.pictures),
        },
        ensure_ascii=False,
        separators=(",", ":"),
    )


def _numbers(values: Iterable[float]) -> str:
    return ",".join(f"{float(value):.4g}" for value in values)
