"""The tab of live trainings: a switch for the family, and below it what each family has on the page."""

from __future__ import annotations

import gradio as gr

from engines.running.runs import Runs
from tabs.live_training import diffusion, gan, vae
from tabs.live_training.family_tab import FamilyPage, build_family
from tabs.live_training.points import tab as points
from tabs.page.language import t
from tabs.page.links import RUN, TAB, Query
from tabs.page.shared import QUICK, Shared, find_run

FAMILIES: tuple[FamilyPage, ...] = (gan.PAGE, vae.PAGE, diffusion.PAGE)  # in the order of the switch
ENGINES = (*(page.family.engine for page in FAMILIES), points.ENGINE)  # whose links and runs this tab opens


def build(shared: Shared) -> None:
    """Lay the tab out and wire it."""
    with gr.Tabs(overflow_behavior="wrap", elem_id="families") as switch:
        for page in FAMILIES:
            with gr.Tab(t(page.family.title), id=page.family.engine) as place:
                # the others wait until somebody opens them: the page would be busy with what nobody sees
                build_family(page, shared, shared.arrived.then if page is FAMILIES[0] else place.select)
        with gr.Tab(t(points.TITLE), id=points.ENGINE) as place:
            points.build(shared, place.select)

    def open_family(visit: Query) -> dict[str, object]:
        engine = engine_asked(shared.runs, visit)
        return gr.update(selected=engine) if engine in ENGINES else gr.skip()

    shared.arrived.then(open_family, shared.visit, switch, **QUICK)


def engine_asked(runs: Runs, visit: Query) -> str:
    """The engine whose settings a link has, else that of a watch link's run, else ""."""
    run = find_run(runs, visit.get(RUN) or "")
    return visit.get(TAB) or (run.engine if run else "")
