"""What it takes to make pictures on the stage: the form, the canvases, the models, and what keeps the result."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import gradio as gr
import numpy as np

from engines.image_generation.config import ImageConfig
from engines.image_generation.models import ImageModels
from engines.running.events import Events
from engines.running.workers.pool import PICTURES, Computer
from tabs.image_generation.actions import MAKING, Stage
from tabs.image_generation.keeping import Keeper
from tabs.image_generation.own_gans import OwnGenerators
from tabs.image_generation.sources import SourcePanel, read_sources
from tabs.page.forms import Form
from tabs.page.gate import Gate

# A canvas that the task does not use stays in the page; {at} is the place of the first, {task} that of the task.
ONLY_THE_TASKS = """(...all) => {{
  if (all[{task}] !== "image_to_image") all[{at}] = null;
  if (all[{task}] !== "inpainting") all[{at} + 1] = null;
  return all;
}}"""


@dataclass(frozen=True)
class Bench:
    """Given to every panel whose pictures appear on the stage."""

    gate: Gate
    models: ImageModels
    computer: Computer
    generators: OwnGenerators
    keeper: Keeper
    stage: Stage
    form: Form
    owner: gr.BrowserState
    sources: SourcePanel

    def wire(self, click: Callable[..., Any], make: Callable[..., Any], first: Sequence[Any] = ()) -> None:
        """Let a click make pictures: `make(*first, owner, *values)` is a generator of the view's values."""
        inputs = [*first, self.owner, *self.sources.canvases, *self.form.widgets]
        at = len(first) + 1
        js = ONLY_THE_TASKS.format(at=at, task=at + 2 + self.form.names.index("task"))
        click(make, inputs, self.stage.view, js=js, **MAKING)

    def events(
        self,
        engine: Callable[..., Events],
        config: ImageConfig,
        owner: str,
        image: np.ndarray | None,
        mask: np.ndarray | None,
        **more: Any,
    ) -> Events:
        """The events of one of the image engines, with the generator of this owner's that the config names."""
        gans = self.generators.named(config.model, owner)
        given = {"models": self.models, "image": image, "mask": mask, "gans": gans, **more}
        return self.computer.events(PICTURES, partial(engine, config, **given))

    def read(self, values: Sequence[Any]) -> tuple[ImageConfig, np.ndarray | None, np.ndarray | None]:
        """(config, picture to start from, mask) from the values that `make` gets after the owner."""
        sketch, painted, *rest = values
        config = self.form.read(rest)
        return config, *read_sources(config, sketch, painted)

    def with_prompt(self, values: Sequence[Any], prompt: str) -> list[Any]:
        """The values that `make` gets after the owner, with another prompt."""
        changed = list(values)
        changed[2 + self.form.names.index("prompt")] = prompt
        return changed


def alt(config: ImageConfig) -> str:
    """What the pictures of a config show."""
    return config.prompt if config.card.steered else config.card.title
