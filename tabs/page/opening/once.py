"""What a part of the page shows first is asked for once: when the part is opened, and the visitor known.

Each component that a handler updates costs the page time, even one that stays as it is: what nobody sees yet waits.
And no handler updates what holds others, as gr.Tabs does: from then on Gradio's page would read all that is in it at
each step of each handler. Scripts may.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import gradio as gr

from tabs.page.component import as_update
from tabs.page.links import Query

# A press may be handled before or after the arrival, never at the same time: neither misses what the other did.
IN_TURN: dict[str, Any] = {
    "concurrency_limit": 1,
    "concurrency_id": "opening",
    "show_progress": "hidden",
    "api_visibility": "private",
}


class Opening:
    """Whether a part of the page was opened, on each visitor's page."""

    def __init__(self) -> None:
        self.pressed = gr.State(False)  # also before it was known who the visitor is
        self.asked = gr.State(False)  # by the address of the page
        self.done = gr.State(False)

    def then(self, *handler: Any, **options: Any) -> gr.events.Dependency:
        """Wire what is to happen once it is opened; as many handlers as there are panels in it."""
        return self.done.change(*handler, **{"trigger_mode": "multiple", **options})

    def selects(self, tabs: gr.Tabs, chosen: str, unless: str = "false") -> None:
        """Where the address asks for this part, `chosen` among `tabs` is shown, unless the script `unless` holds."""
        left, shown = (json.dumps(as_update(fields)) for fields in ({}, {"selected": chosen}))
        self.asked.change(None, None, tabs, js=f"() => {unless} ? {left} : {shown}")


def opens(place: gr.Tab, visit: gr.State, openings: Sequence[Opening]) -> None:
    """A press on this tab opens the first part in it, unless one of them was opened before.

    The page by itself presses the tab that it begins with. `visit` is None until it is known.
    """
    done = [opening.done for opening in openings]

    def press(visit: Query | None, *done: bool) -> tuple[bool, bool]:
        return True, done[0] or (visit is not None and not any(done))

    place.select(press, [visit, *done], [openings[0].pressed, done[0]], **IN_TURN)
