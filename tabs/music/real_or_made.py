"""Real or made, by ear: two passages, one of them by Bach; by the bundled model, or by a run that is shown."""

from __future__ import annotations

from functools import partial
from typing import Any

import gradio as gr

from engines.messages import Message
from engines.music.grid import Chorale
from tabs.music.actions import MusicActions, told
from tabs.music.roll.view import roll, shown
from tabs.page.blind.card import BlindCard, Kind
from tabs.page.markup import Say
from tabs.page.shared import Shared

INTRO = Message(
    "Press **Two passages**: one is by Bach, from a chorale that the model has never seen, the other the bundled model"
    " made just now. Hear both, and say which is Bach's. After 30 answers it is told how sure one can be."
)
OF_A_RUN = Message(
    "Press **Two passages**: one is by Bach, from a chorale that the run has never seen, the other its model made just"
    " now. The votes of all who watch the run add up; after 30 it is told how sure one can be."
)


def build(shared: Shared, actions: MusicActions, switch: gr.Tabs) -> None:
    """Lay the panel out and wire it; `switch` holds all panels of the tab."""
    card = BlindCard(kind(actions, "music", INTRO), shared.runs, shared.gate)
    card.wire(shared.owner, switch)
    card.add_endpoint()


def kind(actions: MusicActions, prefix: str, intro: Message) -> Kind:
    """Two passages that are heard."""
    return Kind(
        prefix, intro, Message("Two passages"), Message("The first is Bach's"), Message("The second is Bach's"),
        partial(roll, edits=False), _show, told, actions.pair,
    )  # fmt: skip


def _show(chorale: Chorale, about: Message, say: Say) -> Any:
    return shown(chorale, about)
