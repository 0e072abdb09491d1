"""The tab of live trainings: a switch for the family, and below it what each family has on the page."""

from __future__ import annotations

import gradio as gr

from tabs.live_training import diffusion, gan, vae
from tabs.live_training.family_tab import FamilyPage, build_family
from tabs.live_training.points import tab as points
from tabs.page.language import t
from tabs.page.opening.once import opens
from tabs.page.shared import Shared

FAMILIES: tuple[FamilyPage, ...] = (gan.PAGE, vae.PAGE, diffusion.PAGE)  # in the order of the switch
ENGINES = (*(page.family.engine for page in FAMILIES), points.ENGINE)  # whose links and runs this tab opens


def build(shared: Shared) -> None:
    """Lay the tab out and wire it."""
    places = {}
    with gr.Tabs(overflow_behavior="wrap", elem_id="families") as switch:
        for page in FAMILIES:
            if page.family.engine not in shared.openings:
                continue
            with gr.Tab(t(page.family.title), id=page.family.engine) as place:
                build_family(page, shared)
            places[page.family.engine] = place
        if points.ENGINE in shared.openings:
            with gr.Tab(t(points.TITLE), id=points.ENGINE) as place:
                points.build(shared)
            places[points.ENGINE] = place
    for engine, place in places.items():
        opens(place, shared.visit, [shared.openings[engine]])
        shared.openings[engine].selects(switch, engine)
