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
from tabs.page.shared import QUICK

# A canvas that the task does not use stays in the page.
ONLY_THE_TASKS = """(task, sketch, painted) =>
  [task, task === "image_to_image" ? sketch : null, task === "inpainting" ? painted : null]"""
TAKING: dict[str, Any] = {**QUICK, "trigger_mode": "multiple"}


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
        """Let a click make pictures: `make(*first, owner, *values)` is a generator of the view's values.

        The canvases are read once, in a step of their own: as inputs of a handler that streams they would be sent
        again at each of its updates.
        """
        read = click(
            self.sources.take, self.sources.inputs(self.form), self.sources.taken, js=ONLY_THE_TASKS, **TAKING
        )
        inputs = [*first, self.owner, self.sources.taken, *self.form.widgets]
        read.then(make, inputs, self.stage.view, **MAKING)

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
        taken, *rest = values
        config = self.form.read(rest)
        return config, *read_sources(config, *(taken or (None, None)))

    def with_prompt(self, values: Sequence[Any], prompt: str) -> list[Any]:
        """The values that `make` gets after the owner, with another prompt."""
        changed = list(values)
        changed[1 + self.form.names.index("prompt")] = prompt
        return changed


def alt(config: ImageConfig) -> str:
    """What the pictures of a config show."""
    return config.prompt if config.card.steered else config.card.title
