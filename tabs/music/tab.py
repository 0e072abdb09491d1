"""The Music tab: chorales to hear, compose, harmonise and repair, and the training of one's own; layout and wiring."""

from __future__ import annotations

import gradio as gr

from engines.music.config import ENGINE
from engines.music.melody_vae.config import ENGINE as MELODIES
from tabs.music import chorales, real_or_made
from tabs.music.actions import MusicActions
from tabs.music.melodies import panel as melodies
from tabs.music.training import panel as training
from tabs.music.tunes import panel as tunes
from tabs.page.language import t
from tabs.page.opening.once import opens
from tabs.page.shared import Shared

ENGINES = (ENGINE, MELODIES)  # whose links and runs this tab opens
PANELS = {
    "Chorales": chorales.build,
    "Tunes": tunes.build,
    training.NAME: training.build,
    melodies.NAME: melodies.build,
    "Real or made?": real_or_made.build,
}  # in their order: name -> what makes it


def build(shared: Shared) -> None:
    """Lay the tab out and wire it, as far as the page has its engines."""
    places = {}
    with gr.Tabs(overflow_behavior="wrap") as switch:
        actions = MusicActions(shared.runs, shared.gate, shared.computer) if ENGINE in shared.openings else None
        for name, panel in PANELS.items():
            if engine_of(name) in shared.openings:
                with gr.Tab(t(name), id=name) as places[name]:
                    panel(shared, actions, switch)
    for name, place in places.items():
        opens(place, shared.visit, [shared.openings[engine_of(name)]])
    if MELODIES in shared.openings:
        shared.openings[MELODIES].selects(switch, melodies.NAME)


def engine_of(name: str) -> str:
    """Whose runs a panel shows."""
    return MELODIES if name == melodies.NAME else ENGINE
