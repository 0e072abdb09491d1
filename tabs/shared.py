"""What every tab is given."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import gradio as gr

from engines.runs import Runs
from engines.text_generation.models import Models

if TYPE_CHECKING:
    from gradio.events import Dependency

# Handlers that only read or flip a flag: none waits for another, no spinner, not in the listed API. They go
# through the queue all the same, since only there can they show an error or a message.
QUICK: dict[str, Any] = {"concurrency_limit": None, "show_progress": "hidden", "api_visibility": "private"}


def new_key() -> str:
    """An owner key that cannot be guessed."""
    return secrets.token_urlsafe(16)


@dataclass(frozen=True)
class Shared:
    """The app's long-lived parts, and what is known of the visitor once the page has arrived."""

    runs: Runs
    models: Models
    owner: gr.BrowserState  # the key that this browser keeps; runs started with it are the visitor's
    turns: gr.BrowserState  # the visitor's chat, which survives a reload
    visit: gr.State  # the query of the page's address, such as {"run": "…"}
    arrived: Dependency  # fires once owner and visit are known
