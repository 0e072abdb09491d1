"""The X/Y grid and the walk: many pictures that differ in what one wants to compare. They appear on the stage."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import gradio as gr

from engines.image_generation.config import ImageConfig
from engines.image_generation.told.axes import Axes
from engines.image_generation.variations import (
    MAX_FRAMES,
    grid_cells,
    parse_values,
    varied,
    walk,
    written_values,
    xy_grid,
)
from engines.knobs import MAX_SEED, Knob
from engines.running.events import Events
from tabs.image_generation.bench import Bench, alt
from tabs.image_generation.keeping import FORMATS
from tabs.page.language import t
from tabs.page.shared import QUICK

SHOW_STAGE = "() => document.querySelector('#image-stage')?.scrollIntoView({block: 'center'})"
# What stands in the box when a setting is chosen for an axis.
VALUES = {
    "prompt": "smiling cat | crying cat | angry cat",
    "negative_prompt": "dog | cat",
    "style": "noto, twemoji",
    "wording": "plain, nearest",
    "steps": "5, 10, 20",
    "guidance": "1, 2, 4, 8",
    "strength": "0.3, 0.5, 0.7, 0.9",
    "sampler": "euler, heun, dpmpp_2m",
    "together": "yes, no",
    "label": "0, 1, 2, 3",
    "seed": "1, 2, 3, 4",
}


class GridPanel:
    """Two settings and their values: one picture for each pair."""

    def __init__(self) -> None:
        gr.Markdown(
            t("One picture for each pair of values, all from one seed, so that you see what a setting does. The other"
              " settings are those of the form.")
        )  # fmt: skip
        with gr.Row():
            self.x, self.values_x = self._axis("x", t("Across"), "guidance")
            self.y, self.values_y = self._axis("y", t("Down"), "prompt")
        self.start = gr.Button(t("Make the grid"), variant="primary", elem_id="image-grid-start")

    @staticmethod
    def _axis(name: str, label: Any, setting: str) -> tuple[gr.Dropdown, gr.Textbox]:
        knobs = ImageConfig.knobs()
        with gr.Column(min_width=280):
            chosen = gr.Dropdown(
                [(t(knobs[one].label), one) for one in varied()], value=setting, label=label,
                elem_id=f"image-grid-{name}",
            )  # fmt: skip
            values = gr.Textbox(
                VALUES[setting], label=t("Values"), info=t("Separated by commas; texts by |"),
                elem_id=f"image-grid-{name}-values",
            )  # fmt: skip
        chosen.input(lambda setting: VALUES.get(setting, ""), chosen, values, **QUICK)
        return chosen, values

    @property
    def axes(self) -> list[Any]:
        """The widgets, as outputs of `show`."""
        return [self.x, self.values_x, self.y, self.values_y]

    @staticmethod
    def show(axes: Axes | None) -> list[Any]:
        """The axes that a picture tells; the widgets as they are if it is no grid."""
        if axes is None:
            return [gr.skip()] * 4
        values = written_values(axes.x, axes.values_x), written_values(axes.y, axes.values_y)
        return [axes.x, values[0], axes.y, values[1]]

    def wire(self, bench: Bench) -> None:
        """Connect it with the stage."""
        self.bench = bench
        axes = self.axes
        self.start.click(None, js=SHOW_STAGE)
        bench.wire(self.start.click, self.make, axes)

    def make(
        self, x: str, values_x: str, y: str, values_y: str, owner: str, request: gr.Request, *values: Any
    ) -> Iterator[str]:
        """Fill the grid on the stage, cell by cell."""
        bench = self.bench

        def start() -> tuple[Events, str]:
            config, image, mask = bench.read(values)
            many = parse_values(x, values_x), parse_values(y, values_y)
            bench.gate.admit_pictures(grid_cells(replace(config, batch=1), x, many[0], y, many[1]), owner, request)
            return bench.events(xy_grid, config, owner, image, mask, **cells(x, many[0], y, many[1])), alt(config)

        yield from bench.stage.follow(start, bench.keeper.keep_grid, owner, request)


class WalkPanel:
    """From one prompt or seed to another, as an animation."""

    def __init__(self) -> None:
        gr.Markdown(t("The picture of the form turns step by step into that of another prompt, another seed or both."))
        with gr.Row():
            self.to_prompt = gr.Textbox(
                "crying cat",
                label=t("Walk to prompt"),
                info=t("Empty: the prompt stays."),
                elem_id="image-walk-prompt",
            )
            self.to_seed = gr.Number(
                -1, label=t("Walk to seed"), info=t("-1: the seed stays."), precision=0, minimum=-1, maximum=MAX_SEED,
                elem_id="image-walk-seed",
            )  # fmt: skip
        with gr.Row():
            self.frames = gr.Slider(
                2, MAX_FRAMES, 16, step=1, label=t("Pictures"), min_width=280, elem_id="image-walk-frames"
            )
            self.format = gr.Radio(
                [(label, kind) for kind, label in FORMATS.items()], value="webp", label=t("Format"),
                min_width=200, elem_id="image-walk-format",
            )  # fmt: skip
        self.start = gr.Button(t("Walk"), variant="primary", elem_id="image-walk-start")

    def wire(self, bench: Bench) -> None:
        """Connect it with the stage."""
        self.bench = bench
        goal = [self.to_prompt, self.to_seed, self.frames, self.format]
        self.start.click(None, js=SHOW_STAGE)
        bench.wire(self.start.click, self.make, goal)

    def make(
        self, to_prompt: str, to_seed: float | None, frames: int, kind: str, owner: str, request: gr.Request,
        *values: Any,
    ) -> Iterator[str]:  # fmt: skip
        """Draw the frames, which stand side by side on the stage until they move."""
        bench = self.bench

        def start() -> tuple[Events, str]:
            config, image, mask = bench.read(values)
            goal = {"to_prompt": to_prompt, "to_seed": goal_seed(to_seed), "frames": frame_count(frames)}
            bench.gate.admit(replace(config, batch=goal["frames"]), owner, request)
            return bench.events(walk, config, owner, image, mask, **goal), alt(config)

        yield from bench.stage.follow(start, lambda key, made: bench.keeper.keep_walk(key, made, kind), owner, request)


def cells(x: str, values_x: Sequence[Any], y: str, values_y: Sequence[Any]) -> dict[str, Any]:
    """The axes of a grid as xy_grid takes them."""
    return {"knob_x": x, "values_x": values_x, "knob_y": y, "values_y": values_y}


def frame_count(number: float) -> int:
    """How many pictures a walk has; ConfigError if that is not allowed."""
    return Knob(16, "Pictures", low=2, high=MAX_FRAMES).check(number)


def goal_seed(number: float | None) -> int:
    """The seed to walk to, -1 for none; ConfigError if it is no seed."""
    return Knob(-1, "Walk to seed", low=-1, high=MAX_SEED).check(-1 if number is None else number)
