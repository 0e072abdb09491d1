"""The plane as components: the live view of a run on points, and a bench on which a training goes step by step."""

from __future__ import annotations

import json
from pathlib import Path

import gradio as gr

from engines.points_training.bench import Bench
from engines.points_training.config import DIFFUSION, GAN, VAE
from engines.running.shown.planes import pack
from tabs.page.component import component
from tabs.page.live.view import Chart, Line, live_view

HERE = Path(__file__).parent
PANELS = ("scrub", HERE / "paint.js", HERE / "live.js", "verdict", "charts")
CHARTS = (
    Chart(
        "Losses",
        (Line("Loss_D", "losses", "--theirs"), Line("Loss_G", "losses", "--ours")),
        smooth=True,
        optional=True,
    ),
    Chart("Loss", (Line("Loss", "losses", "--ours"),), smooth=True, optional=True),
    Chart(
        "Reconstruction and KL, in nats",
        (Line("Reconstruction", "losses", "--theirs"), Line("KL", "losses", "--ours")),
        smooth=True,
        optional=True,
    ),
    Chart(
        "What D says: of real and of generated points",
        (Line("D(x)", "losses", "--theirs"), Line("D(G(z))", "losses", "--ours")),
        smooth=True,
        optional=True,
    ),
    Chart(
        "Reached, and on the data",
        (Line("Reached", "scores", "--good"), Line("On the data", "scores", "--ours")),
        from_zero=True,
        percent=True,
    ),
    Chart("Distance to the real points", (Line("Distance", "scores", "--good"),), from_zero=True),
)
# What the layers of a picture are, by family; the page says them.
LAYERS = {
    GAN: {"field": "D's opinion", "arrows": "What G is told", "lines": ""},
    VAE: {"field": "", "arrows": "To the reconstruction", "lines": "The codes"},
    DIFFUSION: {"field": "", "arrows": "The flow", "lines": "The ways"},
}


def plane_view(elem_id: str, controls: dict[str, str]) -> gr.HTML:
    """The live view of a run on points; see live_view."""
    return live_view(elem_id, controls, HERE / "live.html", PANELS, CHARTS, css=HERE / "view.css", layers=LAYERS)


def steps_view(elem_id: str) -> gr.HTML:
    """A picture of a bench; its value is `shown`, "" before there is one."""
    return component(elem_id, HERE / "steps", [HERE / "paint.js"], "load();", value="")


def shown(bench: Bench, goes_on: bool = False) -> str:
    """The value of steps_view; with `goes_on` the picture that was there turns into this one."""
    return json.dumps(
        {
            "ground": pack(bench.ground),
            "plane": pack(bench.plane),
            "numbers": {name: float(value) for name, value in bench.numbers.items()},
            "alone": dict(bench.alone),
            "goes_on": goes_on,
        }
    )
