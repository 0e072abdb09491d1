"""What every tab is given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import gradio as gr

from engines.runs import Runs
from engines.text_generation.models import Models

if TYPE_CHECKING:
    from gradio.events import Dependency


@dataclass(frozen=True)
class Shared:
    """The app's long-lived parts, and what is known of the visitor once the page has arrived."""

    runs: Runs
    models: Models
    owner: gr.BrowserState  # the key that this browser keeps; runs started with it are the visitor's
    turns: gr.BrowserState  # the visitor's chat, which survives a reload
    visit: gr.State  # the query of the page's address, such as {"run": "…"}
    arrived: Dependency  # fires once owner and visit are known
