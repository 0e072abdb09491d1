"""What the page shows of diffusion models, beside what it shows of every family: its charts, and drawing anew."""

from __future__ import annotations

from typing import Any

import gradio as gr
import numpy as np

from engines.data.grids import encode_grid
from engines.diffusion_training.config import DiffusionConfig
from engines.diffusion_training.explore import sample
from engines.diffusion_training.family import FAMILY
from engines.knobs import MAX_SEED
from engines.live_training.family import ALL_CLASSES
from engines.running.events import Weights
from tabs.live_training.actions import whole
from tabs.live_training.family_tab import EXPLORE, NAME_PICTURE, FamilyPage, FamilyTab, choose_seed, made
from tabs.page.forms import Form, seed_box
from tabs.page.language import t
from tabs.page.live.view import Chart, Line
from tabs.page.polite import polite
from tabs.page.shared import QUICK, Shared, after

INTRO = (
    "Press **Start**: a small network learns to take a little noise away from these pictures. Doing that again and"
    " again, it draws new ones out of nothing but noise: see how one comes to be, step by step. Close the page if you"
    " like: it goes on without it."
)
CHARTS = (
    Chart("Loss: what is wrong with its answers on average", (Line("Loss", "losses", "--ours"),), smooth=True),
    Chart(
        "Fréchet distance: lower is closer to real pictures",
        (Line("Fréchet distance", "scores", "--good"),),
        from_zero=True,
    ),
)
COUNT = 64  # pictures of a drawing


def add_drawing(tab: FamilyTab, shared: Shared) -> None:
    """The panel that draws with another sampler, other steps and another guidance, without a new training."""
    form = Form(DiffusionConfig, "diffusion-draw")
    with gr.Tab(t("Sampler and steps")):
        gr.Markdown(t("The same network, drawing in another way: this needs no new training."))
        with gr.Row():
            with gr.Column(scale=1, min_width=280):
                form.add(["sampler", "sampling_steps", "guidance"])
                limits: dict[str, Any] = {"minimum": -1, "maximum": MAX_SEED}
                seed = seed_box(value=1, label=t("Seed"), elem_id="diffusion-draw-seed", **limits)
                draw = gr.Button(t("Draw"), elem_id="diffusion-draw")
            with gr.Column(scale=2, min_width=320):
                picture = gr.Image(
                    label=t("Made by the generator"),
                    type="filepath",
                    interactive=False,
                    height=460,
                    buttons=["download", "fullscreen"],
                    elem_id="diffusion-drawn",
                    elem_classes="made-picture",
                )
        # What the endpoint takes.
        asked = [gr.Number(1, precision=0, visible=False), gr.Number(ALL_CLASSES, precision=0, visible=False)]
        asked += [gr.Textbox("", visible=False), gr.Number(0, visible=False), gr.Number(-1, visible=False)]
        button = gr.Button(visible=False)

    def diffusion_draw(
        run: str,
        seed: int = 1,
        label: int = ALL_CLASSES,
        sampler: str = "",
        sampling_steps: int = 0,
        guidance: float = -1.0,
        request: gr.Request = None,
    ) -> str:
        """Diffusion: a grid of 64 new pictures as PNG, with another sampler, number of steps and guidance scale.

        Left out ("", 0, -1), each is as the run has it.
        """
        chosen = {
            "sampler": sampler or None,
            "sampling_steps": sampling_steps or None,
            "guidance": None if guidance == -1 else guidance,
        }
        with polite(request):
            images = tab.actions.compute(request, run, drawn, whole(seed, "Seed"), label, chosen)
            return tab.actions.write(encode_grid(images), f"drawn-{seed}")

    def show(run: str, seed: float, label: int, request: gr.Request, *values: Any) -> dict[str, Any]:
        seed = choose_seed(seed)
        return made(diffusion_draw(run, int(seed), label, *values, request=request), request, seed)

    button.click(diffusion_draw, [tab.live, *asked], picture, api_name="diffusion_draw", **EXPLORE)
    draw.click(show, [tab.live, seed, tab.label, *form.widgets], picture, api_visibility="private", **EXPLORE)
    picture.change(None, js=NAME_PICTURE.replace("ID", "diffusion-drawn"))
    after(tab.live.change).then(lambda: None, None, picture, **QUICK)


def drawn(config: DiffusionConfig, weights: Weights, seed: int, label: int, chosen: dict[str, Any]) -> np.ndarray:
    """Pictures uint8 [64, H, W, C]; see engines.diffusion_training.explore."""
    return sample(config, weights, seed, COUNT, label, **chosen)


PAGE = FamilyPage(FAMILY, prefix="diffusion", intro=INTRO, charts=CHARTS, extra=add_drawing)
