"""What every tab is given."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from engines.image_generation.gallery import Gallery
from engines.image_generation.models import ImageModels
from engines.knobs import Config, Preset
from engines.live_training.race.terms import Terms
from engines.messages import EngineError, Message
from engines.running.events import Events
from engines.running.runs import Run, Runs
from engines.running.workers.pool import Computer
from engines.text_generation.models import Models
from tabs.page.gate import Gate
from tabs.page.links import Query

if TYPE_CHECKING:
    from gradio.events import Dependency

    from engines.finetuning.classifier import Classifiers
    from tabs.page.opening.once import Opening

# Handlers that only read or flip a flag: none waits for another, no spinner, not in the listed API. They go
# through the queue all the same, since only there can they show an error or a message.
QUICK: dict[str, Any] = {"concurrency_limit": None, "show_progress": "hidden", "api_visibility": "private"}
# The same for what follows something that changes: the last change counts, also if it comes while one is handled.
# For that one Gradio's page repeats the event, for all its handlers: two of this kind would wake one another for good.
# Where an event has more than one, each begins with `after`.
FOLLOW: dict[str, Any] = {**QUICK, "trigger_mode": "always_last"}


def after(*events: Any) -> Dependency:
    """A step of its own for a handler of FOLLOW: `after(a.change, b.change).then(…, **FOLLOW)`."""
    return gr.on(list(events), None, None, None, js="() => []", **{**QUICK, "trigger_mode": "multiple"})


EXAMPLE_NOTE = Message("An example: a run that was trained before. Press Start for one of your own.")


def new_key() -> str:
    """An owner key that cannot be guessed."""
    return secrets.token_urlsafe(16)


def find_run(runs: Runs, run_id: str) -> Run | None:
    """The run with this id, None if there is none (any more)."""
    try:
        return runs.get(run_id)
    except EngineError:
        return None


def run_to_show(runs: Runs, engine: str, owner: str, visit: Query) -> str:
    """On arrival in an engine's tab: the run of the watch link unless it is another tab's, else the latest, or ""."""
    linked = visit.get("run") or ""
    run = find_run(runs, linked)
    if linked and (run is None or run.engine == engine):
        return linked
    mine = runs.latest(owner, engine)
    return mine.id if mine else ""


@dataclass(frozen=True)
class Racer:
    """A family that can race: `events(config, folder, terms)` trains on the terms of a race."""

    title: str
    config: type[Config]
    presets: Mapping[str, Preset]
    events: Callable[[Config, Path, Terms], Events]


@dataclass(frozen=True)
class Shared:
    """The app's long-lived parts, and what is known of the visitor once the page has arrived."""

    runs: Runs
    computer: Computer  # where the engines compute
    gate: Gate  # admits what a visitor wants computed
    models: Models  # of the text tab
    classifiers: Classifiers  # of the fine-tuning tab
    image_models: ImageModels
    gallery: Gallery  # the pictures that visitors made
    owner: gr.BrowserState  # the key that this browser keeps; runs started with it are the visitor's
    visit: gr.State  # the query of the page's address, such as {"run": "…"}; None until it is known
    openings: Mapping[str, Opening]  # of each engine's part of the page: when to ask for what it shows first
    compared: gr.Textbox | None  # the run that a tab hands over to be compared, and when; None without that tab
    server_key: str | None = None  # of a text server that the owner may name on the page; None: nobody may
    racers: dict[str, Racer] = field(default_factory=dict)  # by engine: each tab adds what it has
    page: gr.Tab | None = None  # the tab's own: its select event says that it was opened
