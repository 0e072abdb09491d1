"""What a person or a script can do with words and pictures in one space: the panel's handlers and its endpoints."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np

from engines.clip_training import use
from engines.clip_training.config import ENGINE, SIZE, TITLE, ClipConfig
from engines.clip_training.engine import train
from engines.clip_training.pairs import small
from engines.clip_training.wording import Outcome, fetch_reader
from engines.image_generation.gallery import Gallery, Kept
from engines.image_generation.picture_files import read_picture
from engines.knobs import Knob
from engines.messages import ConfigError, EngineError, Message
from engines.running.events import Download, Events, Note, Weights
from engines.running.runs import Runs
from engines.running.workers.pool import MODELS, TRAINING, Computer
from tabs.page.gate import Gate
from tabs.page.runs.actions import RunActions

TEXT = Knob("", "What to search for", max_length=200)
COUNT = Knob(12, "How many", low=1, high=60)
CLASS = Knob("", "Class", max_length=80)
MOST_CLASSES, MOST_FILES, MOST_KEPT = 20, 8, 100  # of the gallery the newest
MOST_RANKED = 64  # pictures, as a batch may have
FREE = Knob(False, "Free wording")

Fetched = Generator[Message, None, tuple[bool, tuple[Message, ...]]]


class ClipActions(RunActions):
    """Actions on the runs, and on what they have learnt; "" as `run` stands for the example."""

    def __init__(self, runs: Runs, gate: Gate, computer: Computer, gallery: Gallery) -> None:
        super().__init__(ENGINE, ClipConfig, TITLE, runs, gate, computer)
        self.gallery = gallery

    def _events(self, config: ClipConfig, files: Sequence[str], own: Path) -> Events:
        return self._computer.events(TRAINING, train, config, files, own)

    # --- the model -----------------------------------------------------------------------------------------------

    def fetching(self, free: bool) -> Fetched:
        """Have the encoder of free wording here, if it is wanted; yields how far that is.

        Returns whether it reads the words, and if not although it was wanted, why.
        """
        if not FREE.check(free):
            return False, ()
        try:
            for event in self._computer.events(MODELS, fetch_reader):
                if isinstance(event, (Note, Download)):
                    yield event.message
        except EngineError as problem:
            return False, (problem.message, Message("The words were looked up among the names instead."))
        return True, ()

    def find(self, run: str, text: str, count: int, kept: Sequence[Kept], free: bool) -> use.Search:
        """What is nearest to a text, among the emoji and among pictures of the gallery."""
        text = searched(text)
        given = (
            np.stack([small(read_picture(one.path)) for one in kept]) if kept else np.zeros((0, SIZE, SIZE, 3), "u1")
        )
        return self._computer.call(MODELS, use.search, *self._model(run), text, int(COUNT.check(count)), given, free)

    def share(self, run: str, files: Sequence[str], classes: Sequence[str], free: bool) -> use.Sorted:
        """How likely each class is for each picture file."""
        if not 1 <= len(files) <= MOST_FILES:
            raise ConfigError("Choose one to {most} pictures first.", most=MOST_FILES)
        images = np.stack([small(read_picture(file)) for file in files])
        return self._computer.call(MODELS, use.sort, *self._model(run), images, classes, free)

    def near(self, run: str, files: Sequence[str], text: str, free: bool) -> np.ndarray:
        """How near each picture file is to a text, from -1 to 1."""
        if not 1 <= len(files) <= MOST_RANKED:
            raise ConfigError("Choose one to {most} pictures first.", most=MOST_RANKED)
        images = np.stack([small(read_picture(file)) for file in files])
        return self._computer.call(MODELS, use.fit, *self._model(run), searched(text), images, free)

    def _model(self, run_id: str) -> tuple[ClipConfig, Weights]:
        if not (run_id or self.example):
            raise EngineError("There is no model yet: press Start first.")
        run = self.runs.get(run_id or self.example)
        if run.engine != ENGINE:
            raise EngineError("This run is of another tab.")
        if run.board.weights is None:
            raise EngineError("This run has no model yet; wait a moment.")
        return run.config, run.board.weights

    # --- for scripts ---------------------------------------------------------------------------------------------

    def search(
        self, text: str, run: str = "", count: int = 12, free: bool = False, request: gr.Request = None
    ) -> dict[str, Any]:
        """The emoji whose pictures are nearest to a text in English or Chinese, by a run's model ("": the example's).

        Names are looked up; with free=true an encoder of about 90 MB, fetched once, reads any wording. Returns
        "found": names, similarity from -1 to 1, and whether it was held out from learning; "notes": how the words were
        understood.
        """
        with self.gate.computing(request):
            able, why = Outcome(self.fetching(free)).end()
            found = self.find(run, text, count, (), able)
            hits = [
                {"en": hit.names[0], "zh": hit.names[1], "similarity": round(hit.similarity, 4), "held_out": hit.held}
                for hit in found.hits
            ]
            return {"found": hits, "notes": [str(note) for note in (*why, *found.notes)]}

    def sort(
        self, files: list[str] | None, classes: str, run: str = "", free: bool = False, request: gr.Request = None
    ) -> dict[str, Any]:
        """How likely each class is for each picture: classes in words, one a line. See search for run and free.

        Returns "shares": for each picture, class by class, adding up to 1; and "notes".
        """
        with self.gate.computing(request):
            able, why = Outcome(self.fetching(free)).end()
            names = class_names(classes)
            found = self.share(run, files or (), names, able)
            shares = [dict(zip(names, np.round(row.astype(float), 4).tolist(), strict=True)) for row in found.shares]
            return {"shares": shares, "notes": [str(note) for note in (*why, *found.notes)]}

    def rank(
        self, files: list[str] | None, text: str, run: str = "", free: bool = False, request: gr.Request = None
    ) -> dict[str, Any]:
        """Put pictures in the order in which they fit a text, the best first. See search for run and free.

        Returns "order": the places of the files, from 0; and "similarities", from -1 to 1, in that order.
        """
        with self.gate.computing(request):
            able, _ = Outcome(self.fetching(free)).end()
            near = self.near(run, files or (), text, able)
            order = np.argsort(-near, kind="stable")
            return {"order": order.tolist(), "similarities": near[order].astype(float).round(4).tolist()}


def searched(text: str) -> str:
    """What to search for, without the space around it; ConfigError if that is nothing."""
    text = TEXT.check(text).strip()
    if not text:
        raise ConfigError("Write what to search for, such as “dog” or “红苹果”.")
    return text


def class_names(text: str) -> list[str]:
    """Classes, one a line; ConfigError unless there are at least two different ones and not too many."""
    if not isinstance(text, str):
        raise ConfigError("Write two to {most} classes, one a line.", most=MOST_CLASSES)
    names = list(dict.fromkeys(line.strip() for line in text[:5000].splitlines() if line.strip()))
    if not 2 <= len(names) <= MOST_CLASSES:
        raise ConfigError("Write two to {most} classes, one a line.", most=MOST_CLASSES)
    return [CLASS.check(name) for name in names]
