"""Rooms: who is in which, what a name may be, and the turns in which a room's runs share one place at the device.

A person is known by the mark of their browser's key, as the owner of a run is, so a room survives a reload, a restart
and its teacher's leaving. Where runs are kept, rooms/<code>.json beside them holds it.
"""

from __future__ import annotations

import json
import logging
import re
import secrets
import threading
import time
import unicodedata
from collections.abc import Collection
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from engines.messages import ConfigError, EngineError
from engines.running.run_store import owner_mark, write_atomically
from engines.running.slots import Slots
from engines.running.turns import Turns
from engines.running.votes.tally import Tally

log = logging.getLogger(__name__)

LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # none that is taken for another one
CODE_LENGTH = 6
NAME_LENGTH = 24
MOST_ROOMS = 200
MOST_MEMBERS = 1000
KEPT_SECONDS = 7 * 24 * 3600.0  # without a change
PATIENCE = 60.0  # seconds after which a room lets a run of others go on before it


@dataclass(frozen=True)
class Member:
    """One person in a room. `shows` is whether others may see what was made of their uploads."""

    name: str
    joined: float  # seconds since 1970; runs that began before are not the room's
    shows: bool = False
    removed: bool = False


@dataclass
class Room:
    """One room; `teacher` is the mark of who opened it, `shown` the run on the big screen, "" for none.

    `votes` are those of blind tests on the bundled models, by what these make. `members` and each in it are replaced,
    never changed: readers may be looping over them.
    """

    code: str
    teacher: str
    changed: float
    members: dict[str, Member] = field(default_factory=dict)  # by mark
    frozen: bool = False
    shown: str = ""
    version: int = 1
    votes: dict[str, Tally] = field(default_factory=dict)

    @property
    def present(self) -> dict[str, Member]:
        """Those who were not removed."""
        return {mark: member for mark, member in self.members.items() if not member.removed}

    def led_by(self, owner: str) -> bool:
        """Whether this key's holder opened it."""
        return bool(owner) and owner_mark(owner) == self.teacher


def check_name(name: str) -> str:
    """A person's name as plain text on one line; ConfigError if it is empty or too long.

    What is not seen, or turns what stands beside it (controls, marks of direction), is left out.
    """
    if not isinstance(name, str) or len(name) > 100 * NAME_LENGTH:
        raise ConfigError("A name must be a text of at most {most} characters.", most=NAME_LENGTH)
    seen = "".join(" " if c.isspace() else c for c in name if c.isspace() or unicodedata.category(c)[0] not in "C")
    plain = " ".join(unicodedata.normalize("NFC", seen).split())
    if not plain:
        raise ConfigError("Type your name first: what the others see.")
    if not re.search(r"\w", plain) or len(plain) > NAME_LENGTH:
        raise ConfigError("A name must be a text of at most {most} characters.", most=NAME_LENGTH)
    return plain


class Rooms:
    """All rooms by code; for any number of threads."""

    def __init__(self, slots: Slots, most_runs: int, folder: Path | None = None) -> None:
        """A room may have `most_runs` that have not ended; in `folder` rooms are kept, without one only in memory."""
        self._slots, self._most_runs, self._folder = slots, most_runs, folder
        self._rooms: dict[str, Room] = {}
        self._of: dict[str, str] = {}  # mark -> code
        self._turns: dict[str, Turns] = {}
        self._lock = threading.RLock()
        for path in sorted(folder.glob("*.json")) if folder and folder.is_dir() else ():
            self._take(path)

    # --- going in and out -----------------------------------------------------------------------------------

    def open(self, owner: str, name: str) -> Room:
        """A new room of this owner's, who leaves the one they were in; EngineError if there are too many."""
        mark, name = _mark(owner), check_name(name)
        with self._lock:
            for old in [room for room in self._rooms.values() if time.time() - room.changed > KEPT_SECONDS]:
                self._forget(old)
            mine = next((room for room in self._rooms.values() if room.teacher == mark), None)
            if mine:
                self._forget(mine)
            if len(self._rooms) >= MOST_ROOMS:
                raise EngineError("There are {count} rooms here, as many as there may be.", count=MOST_ROOMS)
            code = "".join(secrets.choice(LETTERS) for _ in range(CODE_LENGTH))
            room = self._rooms[code] = Room(code, mark, time.time())
            return self._enter(room, mark, name)

    def join(self, code: str, owner: str, name: str) -> Room:
        """Go into a room; EngineError if there is none of this code, or one may not."""
        mark, name, room = _mark(owner), check_name(name), self.get(code)
        with self._lock:
            known = room.members.get(mark)
            if known and known.removed:
                raise EngineError("You were taken out of this room.")
            taken = {other.name.casefold() for key, other in room.present.items() if key != mark}
            if name.casefold() in taken:
                raise EngineError("Somebody in this room has this name already; choose another one.")
            if not known and len(room.members) >= MOST_MEMBERS:
                raise EngineError("The room is full: {count} people are in it.", count=MOST_MEMBERS)
            return self._enter(room, mark, name)

    def leave(self, owner: str) -> None:
        """Go out of the room that one is in; one's runs leave its board. Who opened it closes it."""
        room = self.of(owner)
        if room is None:
            return
        with self._lock:
            if room.led_by(owner):
                self._forget(room)
                return
            self._of.pop(owner_mark(owner), None)
            self._without(room, owner_mark(owner))

    def _enter(self, room: Room, mark: str, name: str) -> Room:
        before = self._rooms.get(self._of.get(mark, ""))
        if before and before is not room:
            self._without(before, mark)
        known = room.members.get(mark)
        member = replace(known, name=name) if known else Member(name, time.time())
        self._of[mark] = room.code
        return self._change(room, members={**room.members, mark: member})

    def _without(self, room: Room, mark: str) -> None:
        self._change(room, members={key: member for key, member in room.members.items() if key != mark})

    # --- asking -------------------------------------------------------------------------------------------

    def get(self, code: str) -> Room:
        """The room of this code, however it is typed; EngineError if there is none (any more)."""
        typed = re.sub(r"[\s-]", "", code).upper()[:CODE_LENGTH] if isinstance(code, str) else ""
        room = self._rooms.get(typed)
        if room is None:
            raise EngineError("There is no room with this code here.")
        return room

    def of(self, owner: str) -> Room | None:
        """The room that this owner is in."""
        return self._rooms.get(self._of.get(owner_mark(owner), "")) if isinstance(owner, str) and owner else None

    def led(self, owner: str) -> Room:
        """The room that this owner opened; EngineError if they opened none."""
        room = self.of(owner)
        if room is None or not room.led_by(owner):
            raise EngineError("Only the person who opened the room can do that.")
        return room

    # --- what its teacher and its members may do ---------------------------------------------------------------

    def freeze(self, owner: str, frozen: bool) -> Room:
        """Let nothing new begin, or let it again."""
        return self._change(self.led(owner), frozen=bool(frozen))

    def show(self, owner: str, run_id: str) -> Room:
        """Put a run on the big screen, "" for none."""
        return self._change(self.led(owner), shown=str(run_id or ""))

    def remove(self, owner: str, name: str) -> Room:
        """Take somebody out: name and runs leave the board, and they can't come back. Their runs go on."""
        room = self.led(owner)
        with self._lock:
            mark = next((key for key, member in room.present.items() if member.name == name), None)
            if mark is None or mark == room.teacher:
                raise EngineError("Nobody of this name can be taken out of the room.")
            self._of.pop(mark, None)
            gone = replace(room.members[mark], removed=True)
            return self._change(room, members={**room.members, mark: gone})

    def share(self, owner: str, shows: bool) -> None:
        """Let the others in the room see what one's runs make of one's own uploads, or not."""
        room = self.of(owner)
        if room is None:
            raise EngineError("You are in no room now.")
        with self._lock:
            mark = owner_mark(owner)
            self._change(room, members={**room.members, mark: replace(room.members[mark], shows=bool(shows))})

    def shows(self, owner: str) -> bool:
        """Whether the others in the room see what this owner's runs make of uploads."""
        room = self.of(owner)
        member = room.members.get(owner_mark(owner)) if room else None
        return bool(member and member.shows)

    # --- blind tests ----------------------------------------------------------------------------------------

    def votes(self, owner: str, of: str) -> Tally | None:
        """How the room of this owner answered so far, `of` what a bundled model makes; None without a room."""
        room = self.of(owner)
        return room.votes.get(of, Tally()) if room else None

    def vote(self, owner: str, of: str, right: bool) -> Tally | None:
        """One answer more; returns all."""
        room = self.of(owner)
        if room is None:
            return None
        with self._lock:
            return self._change(room, votes={**room.votes, of: room.votes.get(of, Tally()).plus(right)}).votes[of]

    # --- the runs -------------------------------------------------------------------------------------------

    def admit(self, mark: str, live: Collection[str]) -> None:
        """Refuse a new run of this owner's where their room is frozen or full; `live` has the owner of each live run.

        Raises EngineError.
        """
        room = self._rooms.get(self._of.get(mark, ""))
        if room is None:
            return
        if room.frozen and mark != room.teacher:
            raise EngineError("The room is frozen: until it is opened again, nothing new can be started in it.")
        if sum(each in room.present for each in live) >= self._most_runs:
            raise EngineError(
                "In this room {count} trainings go on, as many as there may be; wait until one has ended.",
                count=self._most_runs,
            )

    def line(self, mark: str) -> Turns | None:
        """The turns of the room that this owner is in."""
        with self._lock:
            code = self._of.get(mark, "")
            if code and code not in self._turns:
                self._turns[code] = Turns(self._slots, f"room {code}", PATIENCE, patient=False)
            return self._turns.get(code)

    # --- keeping --------------------------------------------------------------------------------------------

    def _change(self, room: Room, **values: object) -> Room:
        with self._lock:
            for name, value in values.items():
                setattr(room, name, value)
            return self._changed(room)

    def _changed(self, room: Room) -> Room:
        """Tell who looks, and write it; a full disk must not close the room."""
        room.version, room.changed = room.version + 1, time.time()
        if self._folder:
            try:
                self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                write_atomically(self._folder / f"{room.code}.json", json.dumps(asdict(room)).encode())
            except OSError as problem:
                log.warning("the room %s can't be written to disk now: %s", room.code, problem)
        return room

    def _forget(self, room: Room) -> None:
        self._rooms.pop(room.code, None)
        self._turns.pop(room.code, None)
        for mark in [mark for mark, code in self._of.items() if code == room.code]:
            del self._of[mark]
        if self._folder:
            (self._folder / f"{room.code}.json").unlink(missing_ok=True)

    def _take(self, path: Path) -> None:
        """Take in a room that was kept; a damaged one is left out."""
        try:
            values = json.loads(path.read_text("utf-8"))
            members = {mark: Member(**member) for mark, member in values.pop("members").items()}
            votes = {of: Tally(**tally) for of, tally in values.pop("votes", {}).items()}
            room = Room(**values, members=members, votes=votes)
            self._rooms[room.code] = room
            self._of |= dict.fromkeys(room.present, room.code)
        except Exception as problem:  # a damaged file may raise anything
            log.warning("the room in %s is left out: %s", path, problem)


def _mark(owner: str) -> str:
    if not isinstance(owner, str) or not owner:
        raise EngineError("A room needs to know your browser; reload the page, and allow it to store data.")
    return owner_mark(owner)
