"""The Music tab: chorales to hear, compose, harmonise and repair, and the training of one's own; layout and wiring."""

from __future__ import annotations

import gradio as gr

from tabs.music import chorales, real_or_made
from tabs.music.actions import MusicActions
from tabs.music.training import panel as training
from tabs.music.tunes import panel as tunes
from tabs.page.language import t
from tabs.page.shared import Shared

ENGINES = ("music",)  # whose links and runs this tab opens
PANELS = {
    "Chorales": chorales.build,
    "Tunes": tunes.build,
    training.NAME: training.build,
    "Real or made?": real_or_made.build,
}  # in their order: name -> what makes it


def build(shared: Shared) -> None:
    """Lay the tab out and wire it."""
    actions = MusicActions(shared.runs, shared.gate, shared.computer)
    with gr.Tabs(overflow_behavior="wrap") as switch:
        for name, panel in PANELS.items():
            with gr.Tab(t(name), id=name):
                panel(shared, actions, switch)
