"""What the page shows of the VAE, beside what it shows of every family: its charts and its map."""

from __future__ import annotations

from typing import Any

import gradio as gr

from engines.vae_training.explore import latent_map
from engines.vae_training.family import FAMILY
from tabs.live_training.actions import whole
from tabs.live_training.family_tab import EXPLORE, FamilyPage, FamilyTab
from tabs.live_training.map.view import map_value, map_view
from tabs.page.language import t
from tabs.page.live.view import Chart, Line
from tabs.page.polite import polite
from tabs.page.shared import FOLLOW, QUICK, Shared, after, find_run

INTRO = (
    "Press **Start**: a small VAE learns to write these pictures down in a few numbers, and to draw them again from"
    " those; then new numbers give new pictures. Watch its reconstructions, and walk on its map. Close the page if you"
    " like: it goes on without it."
)
CHARTS = (
    Chart(
        "In nats: what is wrong with the reconstructions, and that with the KL divergence",
        (Line("−ELBO", "losses", "--theirs"), Line("Reconstruction", "losses", "--ours")),
        smooth=True,
    ),
    Chart("KL divergence in nats: what z tells of a picture", (Line("KL", "losses", "--theirs"),), smooth=True),
    Chart(
        "Pictures that it is not trained on, in nats: lower is better",
        (Line("−ELBO, held out", "elbo", "--good"),),
    ),
    Chart(
        "Fréchet distance: lower is closer to real pictures",
        (Line("Fréchet distance", "scores", "--good"),),
        from_zero=True,
    ),
)


def add_map(tab: FamilyTab, shared: Shared) -> None:
    """The panel with the map; it is drawn when it is opened or another run is shown in it, and anew at each press."""
    with gr.Tab(t("Map")) as panel:
        with gr.Row():
            label = gr.Dropdown([], value=None, label=t("Drawn as"), visible=False, elem_id="vae-map-class")
            again = gr.Button(t("Draw the map anew"), elem_id="vae-map-draw")
        chart = map_view("vae-map")
        looking = gr.State(False)  # since the panel was opened
        shown = gr.State("")  # the run whose map was drawn last
        asked, button = gr.Number(0, precision=0, visible=False), gr.Button(visible=False)

    def vae_map(run: str, label: int = 0, request: gr.Request = None) -> str:
        """VAE: the map of a run's latent space as JSON: encoded pictures, and a grid of what is decoded around them.

        A class-conditional run draws the grid as class `label`.
        """
        with polite(request):
            return map_value(tab.actions.compute(request, run, latent_map, whole(label, "Class")))

    def draw(run_id: str, label: int | None, request: gr.Request) -> tuple[str, str]:
        run = find_run(shared.runs, run_id)
        return (vae_map(run_id, label or 0, request), run_id) if run and run.board.weights else ("", "")

    def draw_if(looking: bool, run_id: str, label: int | None, request: gr.Request) -> tuple[str, str]:
        return draw(run_id, label, request) if looking else ("", "")

    def draw_at_last(looking: bool, shown: str, run_id: str, label: int | None, request: gr.Request) -> Any:
        run = find_run(shared.runs, run_id)
        wanted = looking and shown != run_id and run is not None and run.board.ended
        return draw(run_id, label, request) if wanted else (gr.skip(), gr.skip())

    def show_classes(run_id: str) -> dict[str, Any]:
        run = find_run(shared.runs, run_id)
        weights = run.board.weights if run else None
        names = weights.facts["class_names"] if weights and run.config.conditional else []
        choices = [(t(name), i) for i, name in enumerate(names)]
        return gr.update(choices=choices, value=0 if choices else None, visible=bool(choices))

    button.click(vae_map, [tab.live, asked], chart, api_name="vae_map", **EXPLORE)
    after(tab.live.tick).then(show_classes, tab.live, label, **FOLLOW)
    look: dict[str, Any] = {"api_visibility": "private", **EXPLORE}
    drawn = [chart, shown]
    after(tab.live.change).then(draw_if, [looking, tab.live, label], drawn, **look)
    after(tab.live.tick).then(draw_at_last, [looking, shown, tab.live, label], drawn, **{**look, **FOLLOW})
    panel.select(lambda: True, None, looking, **QUICK).then(draw, [tab.live, label], drawn, **look)
    for event in (again.click, label.input):
        event(draw, [tab.live, label], drawn, **look)


PAGE = FamilyPage(FAMILY, prefix="vae", intro=INTRO, charts=CHARTS, extra=add_map)
