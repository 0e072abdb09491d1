"""What it takes to make pictures on the stage: the form, the canvases, the models, and what keeps the result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr
import numpy as np

from engines.image_generation.config import ImageConfig
from engines.image_generation.models import ImageModels
from tabs.image_generation.actions import Stage
from tabs.image_generation.keeping import Keeper
from tabs.image_generation.own_gans import OwnGenerators
from tabs.image_generation.sources import read_sources
from tabs.page.forms import Form
from tabs.page.gate import Gate


@dataclass(frozen=True)
class Bench:
    """Given to every panel whose pictures appear on the stage."""

    gate: Gate
    models: ImageModels
    generators: OwnGenerators
    keeper: Keeper
    stage: Stage
    form: Form
    owner: gr.BrowserState
    canvases: Sequence[gr.ImageEditor]

    @property
    def inputs(self) -> list[Any]:
        """What a handler needs: the owner, and then the values that `read` takes."""
        return [self.owner, *self.canvases, *self.form.widgets]

    def read(self, values: Sequence[Any]) -> tuple[ImageConfig, np.ndarray | None, np.ndarray | None]:
        """(config, picture to start from, mask) from the values of `inputs` without the owner."""
        sketch, painted, *rest = values
        config = self.form.read(rest)
        return config, *read_sources(config, sketch, painted)

    def with_prompt(self, values: Sequence[Any], prompt: str) -> list[Any]:
        """The values of `inputs` without the owner, with another prompt."""
        changed = list(values)
        changed[len(self.canvases) + self.form.names.index("prompt")] = prompt
        return changed


def alt(config: ImageConfig) -> str:
    """What the pictures of a config show."""
    return config.prompt if config.card.steered else config.card.title
