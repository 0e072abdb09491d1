"""The comparison on the page: a component that follows several runs at once."""

from __future__ import annotations

from pathlib import Path

import gradio as gr

from tabs.page.component import component

HERE = Path(__file__).parent
PAGE = HERE.parent / "page"


def comparison_view(elem_id: str) -> gr.HTML:
    """A component whose value is the query of a link: `runs`, ids with commas, and `axis`, one of AXES."""
    before = [PAGE / "follow.js", PAGE / "plot" / "curves.js"]
    return component(elem_id, HERE / "view", end="begin();", before=before, value="")
