"""Best match first: a batch in the order in which its pictures fit the prompt, as Words and pictures sees it."""

from __future__ import annotations

from collections.abc import Sequence

import gradio as gr
import numpy as np

from engines.clip_training.config import ENGINE
from engines.clip_training.pairs import small
from engines.clip_training.use import fit
from engines.messages import ConfigError, EngineError, Message
from engines.running.events import Event, Pictures
from engines.running.run import Run
from engines.running.workers.pool import MODELS
from tabs.page.language import t
from tabs.page.runs.actions import EXAMPLE
from tabs.page.shared import Shared

Ranking = Sequence[tuple[int, Message]]  # the place in the batch, and what is said of the picture; the best first


class Ranker:
    """The choice, and the order that comes of it."""

    def __init__(self, shared: Shared) -> None:
        self.runs, self.computer = shared.runs, shared.computer
        self.choice = gr.Checkbox(
            False, label=t("Best match first"), elem_id="image-best", visible=ENGINE in shared.openings,
            info=t("Puts the pictures in the order in which they fit the prompt, as your latest run of Words and"
                   " pictures sees it, else the example there. It has learnt from emoji alone."),
        )  # fmt: skip

    def rank(self, wanted: bool, made: Event | None, owner: str) -> Ranking:
        """The order of a batch, if that is wanted and there is one; where it cannot be told, as drawn, and why."""
        if not wanted or not isinstance(made, Pictures) or not made.config.card.steered:
            return ()
        run = self._run(owner)
        if run is None:
            return ()
        images = np.stack([small(image) for image in made.images])
        try:
            near = self.computer.call(MODELS, fit, run.config, run.board.weights, made.config.prompt, images)
        except (ConfigError, EngineError) as problem:
            why = Message("not put in order: {reason}", reason=problem.message)
            return [(place, why) for place in range(len(images))]
        return [(int(i), Message("match {score}", score=f"{near[i]:.2f}")) for i in np.argsort(-near, kind="stable")]

    def _run(self, owner: str) -> Run | None:
        """The visitor's latest run that has learnt something, else the example, if there is one."""
        mine = self.runs.latest(owner, ENGINE)
        if mine and mine.board.weights:
            return mine
        return next((run for run in self.runs.examples() if run.id == f"{EXAMPLE}-{ENGINE}"), None)
