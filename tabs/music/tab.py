"""The Music tab; layout and wiring."""

from __future__ import annotations

import gradio as gr

from tabs.music.tunes import INTRO, TunesPanel
from tabs.page.language import t
from tabs.page.shared import Shared


def build(shared: Shared) -> None:
    """Lay the tab out and wire it."""
    gr.Markdown(t(INTRO), elem_id="music-intro")
    TunesPanel(shared, shared.openings["music"])
