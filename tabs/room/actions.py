"""What a person or a script can do with rooms: the handlers behind the tab and its endpoints."""

from __future__ import annotations

from typing import Any

import gradio as gr

from engines.messages import ConfigError, EngineError
from engines.running.room.rooms import Room
from engines.running.room.summary import write_summary
from engines.running.runs import Runs
from tabs.page.gate import Gate
from tabs.page.outbox import Outbox
from tabs.page.polite import polite
from tabs.page.shared import find_run, new_key
from tabs.room.feed import Board, may_see


class RoomActions:
    """Actions on rooms. Each raises gr.Error with one sentence in the visitor's language."""

    def __init__(self, runs: Runs, gate: Gate) -> None:
        self.runs, self.rooms, self.gate, self.outbox = runs, runs.rooms, gate, Outbox()

    def enter(self, code: str, owner: str, name: str, request: gr.Request | None) -> Room:
        """Join the room of this code, or open one without a code; counted as a request of the visitor's."""
        self.gate.count(owner, request)
        return self.rooms.join(code, owner, name) if code else self.rooms.open(owner, name)

    def room_open(self, name: str, owner: str = "", request: gr.Request = None) -> dict[str, Any]:
        """Open a room as its teacher. Returns its code, and the key that leads it and owns the runs you start."""
        with polite(request):
            owner = owner or new_key()
            return {"code": self.enter("", owner, name, request).code, "owner": owner}

    def room_join(self, code: str, name: str, owner: str = "", request: gr.Request = None) -> dict[str, Any]:
        """Join a room under a name of at most 24 characters. Runs started with the returned owner are on its board."""
        with polite(request):
            owner = owner or new_key()
            if not code:
                raise ConfigError("Type the code of the room first.")
            return {"code": self.enter(code, owner, name, request).code, "owner": owner}

    def room_board(self, code: str, request: gr.Request = None) -> dict[str, Any]:
        """The board of a room: who is there, and each run with its score, best first within what can be compared."""
        with polite(request):
            return Board(self.runs, self.rooms.get(code)).news()

    def room_control(self, owner: str, action: str, value: str = "", request: gr.Request = None) -> dict[str, Any]:
        """What the teacher may do: action is "freeze", "thaw", "show" (value: a run), "remove" (value: a name).

        "leave" is for everyone, and closes the room of who opened it; "share" and "unshare" let the others see what
        one's runs make of one's own uploads, or not.
        """
        with polite(request):
            actions = {
                "freeze": lambda: self.rooms.freeze(owner, True),
                "thaw": lambda: self.rooms.freeze(owner, False),
                "show": lambda: self.show(owner, value),
                "remove": lambda: self.rooms.remove(owner, value),
                "leave": lambda: self.rooms.leave(owner),
                "share": lambda: self.rooms.share(owner, True),
                "unshare": lambda: self.rooms.share(owner, False),
            }
            if not isinstance(action, str) or action not in actions:
                raise ConfigError("The action must be one of {actions}.", actions=", ".join(actions))
            actions[action]()
            room = self.rooms.of(owner)
            return {"code": room.code if room else "", "frozen": bool(room and room.frozen)}

    def show(self, owner: str, run_id: str) -> None:
        """Put a run of the room on the big screen, "" for none."""
        room, run = self.rooms.led(owner), find_run(self.runs, run_id) if run_id else None
        if run_id and (run is None or not may_see(self.runs, room, run)):
            raise EngineError("This run is not on the board of the room, or not shown.")
        self.rooms.show(owner, run_id)

    def room_summary(self, owner: str, request: gr.Request = None) -> str:
        """The teacher's summary as a ZIP: a table of all runs, and the latest picture or texts of each."""
        with self.gate.computing(request, owner):
            room = self.rooms.led(owner)
            path = self.outbox.path(f"room-{room.code}.zip")
            write_summary(self.runs, room, path)
            return str(path)
