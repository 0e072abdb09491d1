"""The live view: a page follows a run's board by looking at it now and then, and catches up after anything.

The run belongs to no page. The page asks the routes of feed.py, which costs neither a place in Gradio's queue, nor a
thread, nor one of the few connections that a browser opens to one host.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import gradio as gr

from tabs.page.component import component

HERE = Path(__file__).parent
FOLLOW = HERE.parent / "follow.js"
CURVES = HERE.parent / "plot" / "curves.js"

CHART = '<figure class="chart"><figcaption></figcaption><canvas role="img"></canvas></figure>'
VERDICT = (
    '<div class="verdict" data-state="none"><b class="title"></b><p class="reason"></p><p class="advice"></p>'
    '<span class="sr-only" role="status"></span></div>'
)


@dataclass(frozen=True)
class Line:
    """One curve: a column of a group of Metrics (named as the label if ""), in one of the colours of view.css."""

    label: str
    group: str
    color: str
    column: str = ""
    dots: bool = False  # marks each point
    dashed: bool = False  # one number to compare with: drawn from side to side


@dataclass(frozen=True)
class Chart:
    """One chart; `percent` writes 0.5 as 50%, an `optional` one, and its lines, hide without points."""

    title: str
    lines: tuple[Line, ...]
    smooth: bool = False
    from_zero: bool = False
    percent: bool = False
    optional: bool = False


def live_view(
    elem_id: str,
    controls: dict[str, str],
    layout: Path | None = None,
    panels: Sequence[str | Path] = (),
    charts: Sequence[Chart] = (),
    css: Path | None = None,
    **props: object,
) -> gr.HTML:
    """A component whose value is the id of the run it follows; its `tick` says that the state changed.

    `controls` gives the element ids of the buttons "start", "pause", "resume" and "stop", for the keyboard
    and for saying why one is disabled. `layout` is the HTML file of what stands below the progress bar, with the
    places <!-- charts --> and <!-- verdict -->; `panels` are the scripts that fill it: names of those in panels/,
    or paths; `charts` is for the panel "charts". `css` is a file with the looks of what the layout has of its own,
    `props` are for the scripts.
    """
    inside = layout.read_text("utf-8") if layout else ""
    inside = inside.replace("<!-- charts -->", CHART * len(charts)).replace("<!-- verdict -->", VERDICT)
    return component(
        elem_id,
        HERE / "view",
        [
            *([CURVES] if "charts" in panels else []),
            *(HERE / "panels" / f"{panel}.js" if isinstance(panel, str) else panel for panel in panels),
        ],
        "begin();",
        before=[FOLLOW],
        value="",
        html_template=(HERE / "view.html").read_text("utf-8").replace("<!-- panels -->", inside),
        controls=controls,
        charts=[asdict(chart) for chart in charts],
        css_template="\n".join(file.read_text("utf-8") for file in (HERE / "view.css", css) if file),
        **props,
    )
