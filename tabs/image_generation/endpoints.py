"""What a script can do with image models: the endpoints, which go with the page but not through it."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np

from engines.image_generation.catalog import IMAGE_MODELS
from engines.image_generation.config import ImageConfig
from engines.image_generation.emoji.combining.grammar import bundled_planner
from engines.image_generation.emoji.reading import Reader, by_meaning
from engines.image_generation.engine import generate
from engines.image_generation.enlarging import EnlargeConfig
from engines.image_generation.picture_files import read_axes, read_picture, read_settings
from engines.image_generation.styling.engine import StyleConfig
from engines.image_generation.variations import grid_cells, parse_values, walk, xy_grid
from engines.messages import ConfigError, EngineError
from engines.running.events import Events, Pictures
from tabs.image_generation.actions import MAKING
from tabs.image_generation.bench import Bench
from tabs.image_generation.enlarging import enlarged_files, enlarging, noting
from tabs.image_generation.keeping import FORMATS, grid_file, picture_files, walk_file
from tabs.image_generation.styling import painted_files, painting
from tabs.image_generation.variations import cells, frame_count, goal_seed
from tabs.page.json_input import json_object
from tabs.page.polite import polite


class ImageEndpoints:
    """Each method is an endpoint. Files go through real components, which check that they were uploaded."""

    def __init__(self, bench: Bench, reader: Reader) -> None:
        self.bench, self.generators, self.keeper, self.gate = bench, bench.generators, bench.keeper, bench.gate
        self.reader = reader

    def add(self) -> None:
        """Make the endpoints."""
        calling = {name: MAKING[name] for name in ("concurrency_limit", "concurrency_id")}
        hidden: dict[str, Any] = {"visible": False}
        settings, image, mask = json_object(), gr.File(**hidden), gr.File(**hidden)
        style = gr.File(**hidden)
        owner, file = gr.Textbox("", **hidden), gr.File(**hidden)
        files, about = gr.File(file_count="multiple", **hidden), gr.JSON(**hidden)
        axes = [gr.Textbox(**hidden) for _ in range(4)]
        goal = [gr.Textbox(**hidden), gr.Number(-1, **hidden), gr.Number(16, **hidden)]
        kind = gr.Textbox("webp", **hidden)
        sources = [settings, image, mask, owner]
        for action, inputs, outputs, name in (
            (self.image_generate, sources, [files, about], "image_generate"),
            (self.image_xy, [*axes, *sources], file, "image_xy"),
            (self.image_walk, [*goal, kind, *sources], file, "image_walk"),
            (self.image_enlarge, [settings, image, owner], [files, about], "image_enlarge"),
            (self.image_style, [settings, image, style, owner], [files, about], "image_style"),
            (self.image_settings, file, about, "image_settings"),
        ):
            gr.Button(**hidden).click(action, inputs, outputs, api_name=name, **calling)
        gr.api(self.image_reading, api_name="image_reading", concurrency_limit=None)
        gr.api(self.image_models, api_name="image_models", concurrency_limit=None)

    def image_generate(
        self,
        settings: dict[str, Any],
        image: str | None = None,
        mask: str | None = None,
        owner: str = "",
        request: gr.Request = None,
    ) -> tuple[list[str], dict[str, Any]]:
        """Make pictures with any settings of ImageConfig, such as {"prompt": "red apple", "seed": 1, "batch": 4}.

        image and mask are picture files, for the tasks image_to_image and inpainting; the mask is white where to
        draw anew. owner is the key of a visitor whose own generators are wanted. Returns the PNG files, and what
        made them: all settings as they were used, the model's title and the seconds.
        """
        with polite(request):
            config, picture, area = self._read(settings, image, mask)
            config = self.gate.admit(config, owner, request)
            made = _run(self.bench.events(generate, config, owner, picture, area))
            about = {"config": made.config.to_dict(), "model": made.model, "seconds": round(made.seconds, 3)}
            return self.keeper.write(picture_files(made)), about

    def image_xy(
        self,
        x: str,
        values_x: str,
        y: str,
        values_y: str,
        settings: dict[str, Any],
        image: str | None = None,
        mask: str | None = None,
        owner: str = "",
        request: gr.Request = None,
    ) -> str:
        """An X/Y grid as PNG: one picture for each pair of values of two settings.

        x and y name the settings, such as "guidance"; their values are a text, such as "1, 4, 8", prompts by |.
        """
        with polite(request):
            config, picture, area = self._read(settings, image, mask)
            many = parse_values(x, values_x), parse_values(y, values_y)
            self.gate.admit_pictures(grid_cells(replace(config, batch=1), x, many[0], y, many[1]), owner, request)
            axes = cells(x, many[0], y, many[1])
            made = _run(self.bench.events(xy_grid, config, owner, picture, area, **axes))
            return self.keeper.write([grid_file(made)])[0]

    def image_walk(
        self,
        to_prompt: str,
        to_seed: float,
        frames: float,
        kind: str,
        settings: dict[str, Any],
        image: str | None = None,
        mask: str | None = None,
        owner: str = "",
        request: gr.Request = None,
    ) -> str:
        """A walk from the settings' picture to another prompt ("" stays), another seed (-1 stays) or both.

        kind is webp or gif.
        """
        with polite(request):
            if kind not in FORMATS:
                raise ConfigError("The format must be one of {known}.", known=", ".join(FORMATS))
            config, picture, area = self._read(settings, image, mask)
            goal = {"to_prompt": to_prompt, "to_seed": goal_seed(to_seed), "frames": frame_count(frames)}
            self.gate.admit(replace(config, batch=goal["frames"]), owner, request)
            made = _run(self.bench.events(walk, config, owner, picture, area, **goal))
            return self.keeper.write([walk_file(made, kind)])[0]

    def image_enlarge(
        self, settings: dict[str, Any], image: str | None, owner: str = "", request: gr.Request = None
    ) -> tuple[list[str], dict[str, Any]]:
        """Make a picture larger; settings are those of EnlargeConfig, such as {"factor": "4", "measure": true}.

        Returns two PNG files, plain interpolation and what the network made, and {"model", "seconds"}, with "measure"
        also the PSNR in dB and the SSIM of both.
        """
        with polite(request):
            if not image:
                raise ConfigError("Choose a file first.")
            config, picture = EnlargeConfig.from_dict(settings), read_picture(image)
            config.fit(picture)
            self.gate.count(owner, request)
            measured: dict[str, float] = {}
            made = _run(noting(enlarging(self.bench, config, picture), measured))
            about = {"model": made.model, "seconds": round(made.seconds, 3), **measured}
            return self.keeper.write(enlarged_files(made, Path(image))), about

    def image_style(
        self,
        settings: dict[str, Any],
        image: str | None,
        style: str | None = None,
        owner: str = "",
        request: gr.Request = None,
    ) -> tuple[list[str], dict[str, Any]]:
        """Paint a picture in the manner of another; settings are those of StyleConfig, such as {"style": "ink"}.

        With {"style": "own"} it is that of the picture file `style`. Returns a PNG file and {"model", "seconds"}.
        """
        with polite(request):
            if not image:
                raise ConfigError("Choose a file first.")
            events = painting(self.bench, StyleConfig.from_dict(settings), [Path(image)], style)
            self.gate.count(owner, request)
            made = _run(events)
            about = {"model": made.model, "seconds": round(made.seconds, 3)}
            return self.keeper.write(painted_files(made, [Path(image)])), about

    def image_settings(self, file: str | None, request: gr.Request = None) -> dict[str, Any]:
        """The settings that a picture tells, ours or another program's: {"config", "notes"}; of a grid also "grid"."""
        with polite(request):
            if not file:
                raise ConfigError("Choose a file first.")
            config, notes = read_settings(file)
            axes = read_axes(file)
            told = {"config": config.to_dict(), "notes": [str(note) for note in notes]}
            return told | ({"grid": axes.to_json()} if axes else {})

    def image_reading(self, prompt: str, request: gr.Request = None) -> dict[str, Any]:
        """What the bundled model understands of a prompt, in English or another language.

        {"english": what it is given, "" if it knows nothing of it, "unread": [words], "near": [names it knows],
        "plan": the things that are drawn one by one and how the first lies to the second, null if it is drawn as one,
        "by_meaning": whether it says more in another language than these words, so that with the wording "nearest" the
        encoder of other languages reads it}.
        """
        with polite(request):
            read = self.reader.read(ImageConfig.knobs()["prompt"].check(prompt))
            planner = bundled_planner()
            plan = planner.plan(prompt)
            told = {"english": read.english, "unread": list(read.unread), "near": list(read.near)}
            return told | {
                "plan": asdict(plan) if plan else None,
                "by_meaning": not plan and by_meaning(read, planner.known),
            }

    def image_models(self, owner: str = "", request: gr.Request = None) -> list[dict[str, Any]]:
        """The models on offer: id, title, licence, memory in bytes, tasks, and the settings that suit each.

        With the key of a visitor also their own generators.
        """
        with polite(request):
            cards = [*IMAGE_MODELS.values(), *(own.card for own in self.generators.of(owner))]
            return [
                {
                    "id": card.id,
                    "title": card.title,
                    "licence": card.licence,
                    "memory": card.memory(),
                    "tasks": list(card.tasks),
                    "settings": card.defaults(),
                }
                for card in cards
            ]

    @staticmethod
    def _read(
        settings: dict[str, Any], image: str | None, mask: str | None
    ) -> tuple[ImageConfig, np.ndarray | None, np.ndarray | None]:
        config = ImageConfig.from_dict(settings or {})
        picture = read_picture(image) if image else None
        area = read_picture(mask).max(axis=2) > 127 if mask else None
        return config, picture, area


def _run(events: Events) -> Pictures:
    made = [event for event in events if isinstance(event, Pictures)]
    if not made:
        raise EngineError("No picture was made. Try again.")
    return made[-1]
