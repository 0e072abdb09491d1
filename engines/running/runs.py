"""Runs: engines driven in the background, sharing the device through slots.

A run belongs to whoever holds its owner key; anyone who knows its id may watch. It computes only while it
holds a slot. A paused run gives its slot to the next in line and asks for one again when it resumes. Where
runs are kept in a folder, one that was cut off when its program ended is there again as interrupted. Its owner
can go on with it, and with one that was stopped.
"""

from __future__ import annotations

import contextlib
import logging
import shutil
import tempfile
import threading
import time
import weakref
from collections.abc import Callable, Collection, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from engines.knobs import Config
from engines.messages import ConfigError, EngineError
from engines.running.board import Board
from engines.running.checkpoints import can_go_on, drop_oldest
from engines.running.events import Events
from engines.running.following import Follower
from engines.running.forks.forking import Origin, inherit
from engines.running.forks.points import drop_oldest_points, take
from engines.running.room.rooms import Rooms
from engines.running.run import INTERRUPTED, Run, RunLimits
from engines.running.run_store import (
    Record,
    hold,
    load_board,
    make_private,
    owner_mark,
    read_record,
    run_folders,
    written_at,
)
from engines.running.slots import Slots
from engines.running.trackers.tracking import Tracking
from engines.running.turns import Turns
from engines.running.votes.box import Votes

__all__ = ["Run", "RunLimits", "Runs"]

log = logging.getLogger(__name__)

SWEEP_SECONDS = 600.0


class Runs:
    """All runs of this app, by id. One live run an owner and engine; they wait in line for a slot."""

    def __init__(
        self, limits: RunLimits | None = None, folder: Path | None = None, tracking: Tracking | None = None
    ) -> None:
        """Runs survive the program if there is a `folder` to keep them in; EngineError if it can't be written to."""
        self.limits, self._tracking = limits or RunLimits(), tracking
        self.durable = folder is not None
        if folder:
            make_private(folder)
        else:  # gone with the program
            self._temporary = tempfile.TemporaryDirectory(prefix="aigc-playground-runs-", ignore_cleanup_errors=True)
        self._root = folder or Path(self._temporary.name)
        self._slots = Slots(self.limits.slots)
        self.rooms = Rooms(self._slots, self.limits.room_runs, folder / "rooms" if folder else None)
        self.votes = Votes()
        self._runs: dict[str, Run] = {}  # oldest first
        self._configs: dict[str, type[Config]] = {}  # of the engines adopted
        self._titles: dict[str, str] = {}
        self._followers: list[Follower] = []
        self._lock = threading.Lock()
        self._sweep_on_a_clock()

    # --- starting -----------------------------------------------------------------------------------------

    def start(self, engine: str, config: Config, events: Callable[[Path], Events], owner: str) -> Run:
        """Run `events(folder)` in the background, `folder` being the run's own.

        Raises EngineError if the owner has a live run of this engine or the line is full.
        """
        with self._lock:
            self._check_room(engine, owner)
            run = Run(engine, config, owner, self._root, events=events)
            run.launch(self._line(owner), self.limits, self.durable, self._tracking)
            return self._add(run)

    def race(
        self, entries: Sequence[tuple[str, Config, Callable[[Path], Events]]], owner: str, seconds: float
    ) -> list[Run]:
        """Run several in turns of a few seconds at one place of the device; `seconds` is about how long all take.

        Raises EngineError as `start` does.
        """
        with self._lock:
            for engine, _, _ in entries:
                self._check_room(engine, owner)
            turns = Turns(self._line(owner), owner_mark(owner), seconds)
            runs = [Run(engine, config, owner, self._root, events=events) for engine, config, events in entries]
            for run in runs:
                run.launch(turns, self.limits, self.durable, self._tracking)
                self._add(run)
            return runs

    def fork(self, parent: Run, step: int, config: Config, events: Callable[[Path], Events], owner: str) -> Run:
        """Go on from a kept point of a run under other settings, as a run of this owner's.

        Raises EngineError if the owner may not, if the point is not kept any more, and as `start` does.
        """
        if not parent.owned_by(owner) and not parent.forkable:
            raise EngineError("Only the person who started this run can fork it, unless they allow it to others.")
        board = inherit(parent.board, config, step)
        origin = Origin(parent.id, step, board.active_seconds)
        run = Run(parent.engine, config, owner, self._root, board, events=events, origin=origin)
        try:
            take(parent.folder, step, run.folder, config.to_dict())
            with self._lock:
                self._check_room(parent.engine, owner)
                run.launch(self._line(owner), self.limits, self.durable, self._tracking)
                return self._add(run)
        except EngineError:
            run.delete()
            raise

    def add(self, board: Board, config: Config, owner: str, run_id: str = "") -> Run:
        """Keep an ended run that was opened from a file; without an owner it is an example, and kept for good."""
        run = Run(board.engine, config, owner, self._root, board, run_id)
        run.example = not owner
        with self._lock:
            return self._add(run)

    def _check_room(self, engine: str, owner: str) -> None:
        mine = [run for run in self._runs.values() if run.engine == engine and run.owned_by(owner)]
        if any(not run.board.ended for run in mine):
            raise EngineError("You have a run that has not ended. Stop it first, or let it finish.")
        if self._slots.waiting() >= self.limits.queue:
            raise EngineError("The line is full: {count} runs are waiting.", count=self.limits.queue)
        self.rooms.admit(owner_mark(owner), [run.mark for run in self._runs.values() if not run.board.ended])

    def _line(self, owner: str) -> Slots | Turns:
        """Where this owner's runs wait for their place: those of a room take turns at one."""
        return self.rooms.line(owner_mark(owner)) or self._slots

    def _add(self, run: Run) -> Run:
        ended = [r for r in self._runs.values() if r.board.ended and r.owner]
        for old in ended[: max(0, len(ended) + 1 - self.limits.kept)]:
            self._runs.pop(old.id).delete()
        drop_oldest([r.folder for r in self._runs.values() if r.board.state == "stopped" and r.resumable])
        drop_oldest_points([r.folder for r in self._runs.values() if r.board.ended and r.computed_here])
        self._runs[run.id] = run
        return run

    # --- asking -------------------------------------------------------------------------------------------

    def get(self, run_id: str) -> Run:
        """The run with this id; EngineError if there is none (any more)."""
        run = self._runs.get(run_id) if isinstance(run_id, str) else None
        if run is None:
            raise EngineError("There is no such run here any more.")
        return run

    def of(self, owner: str, engine: str) -> list[Run]:
        """The owner's runs of an engine, oldest first."""
        with self._lock:
            return [run for run in self._runs.values() if run.engine == engine and run.owned_by(owner)]

    def all_of(self, owner: str) -> list[Run]:
        """The owner's runs of all engines, newest first."""
        with self._lock:
            return [run for run in reversed(self._runs.values()) if run.owned_by(owner)]

    def marked(self, marks: Collection[str]) -> list[Run]:
        """The runs of the owners with these marks, oldest first."""
        with self._lock:
            return [run for run in self._runs.values() if run.mark in marks]

    def forks_of(self, run_id: str) -> list[Run]:
        """The runs that went on from a point of this one, oldest first."""
        with self._lock:
            return [run for run in self._runs.values() if run.origin and run.origin.parent == run_id]

    def examples(self) -> list[Run]:
        """The runs that came with the program, which anybody may see."""
        with self._lock:
            return [run for run in self._runs.values() if run.example]

    def title(self, engine: str) -> str:
        """What a person calls models of this engine."""
        return self._titles.get(engine, engine)

    def read(self, board: Board) -> Config:
        """The checked settings of a board that came from a file; EngineError if no engine here knows them."""
        if board.engine not in self._configs:
            raise EngineError("This run file is of something that this page does not train.")
        return self._configs[board.engine].from_dict(board.config)

    def computed_here(self, engine: str) -> list[Run]:
        """Everyone's runs of an engine that are not only looked at, oldest first."""
        with self._lock:
            return [run for run in self._runs.values() if run.engine == engine and run.computed_here]

    def latest(self, owner: str, engine: str) -> Run | None:
        """The owner's newest run of an engine."""
        mine = self.of(owner, engine)
        return mine[-1] if mine else None

    def count_live(self) -> int:
        """How many runs have not ended."""
        with self._lock:
            return sum(not run.board.ended for run in self._runs.values())

    def control(self, run_id: str, owner: str, action: str) -> Run:
        """Do `action` to a run of this owner's: "pause", "resume", also an ended one if it is resumable, "stop",
        "allow_forks" or "forbid_forks".
        """
        run = self.get(run_id)
        if not run.owned_by(owner):
            raise EngineError("Only the person who started this run can do that; you are watching it.")
        actions = {
            "pause": run.pause,
            "resume": lambda: self._resume(run, owner),
            "stop": run.stop,
            "allow_forks": lambda: run.allow_forks(True),
            "forbid_forks": lambda: run.allow_forks(False),
        }
        if action not in actions:
            raise ConfigError("The action must be pause, resume, stop, allow_forks or forbid_forks.")
        actions[action]()
        self._slots.wake()
        return run

    def _resume(self, run: Run, owner: str) -> None:
        with self._lock:
            if can_go_on(run.folder, run.board.state):
                self._check_room(run.engine, owner)
                run.launch(self._line(owner), self.limits, self.durable, self._tracking)
                run.owner = owner  # of a run that was kept only its mark was known
                return
        run.resume()

    # --- runs of other programs, and of this one before --------------------------------------------------------

    def adopt(self, engine: str, config: type[Config], events: Callable[[Any, Path], Events], title: str = "") -> None:
        """Take in what is kept of an engine's runs; `events(config, folder)` is how to go on with one."""
        self._configs[engine], self._titles[engine] = config, title or engine
        if self.durable:
            records = filter(None, map(_read_record, run_folders(self._root)))
            for record in sorted(records, key=lambda record: record.started):
                if record.engine == engine and record.id not in self._runs:
                    self._restore(record, config, events)

    def _restore(self, record: Record, config: type[Config], events: Callable[[Any, Path], Events]) -> None:
        """Add one run that was kept, unless it is damaged or goes on in another program."""
        folder = self._root / record.id
        try:
            settings = config.from_dict(record.config)
            board = load_board(folder, record)
            if not board.ended:
                hold(folder).release()
                board.set_state("interrupted")
        except Exception as problem:  # a damaged file may raise anything
            log.warning("the run in %s is left out: %s", folder, problem)
            return
        if board.state == "interrupted":
            board.note = INTERRUPTED
        else:
            self._slots.remember(record.engine, board.active_seconds)
        own, origin = partial(events, settings), Origin.from_dict(record.origin)
        run = Run(
            record.engine, settings, record.owner, self._root, board, record.id, own, record.owner, origin,
            record.forkable,
        )  # fmt: skip
        run.ended_at = written_at(folder)
        with self._lock:
            self._add(run)

    def follow(self, folder: Path, found: Callable[[Run], None] = lambda run: None) -> None:
        """Show the runs that other programs write into `folder`, or the one whose own folder it is; only to watch.

        `found` is called with each. Never give it a path that came from a visitor.
        """

        def take(record: Record, path: Path, board: Board) -> bool:
            config = self._configs.get(record.engine)
            if config is None or record.id in self._runs:
                return False
            run = Run(record.engine, config.from_dict(record.config), "", path.parent, board, record.id)
            run.folder = path
            with self._lock:
                self._add(run)
            found(run)
            return True

        self._followers.append(Follower(folder, take))

    # --- ending -------------------------------------------------------------------------------------------

    def sweep(self) -> None:
        """Forget the runs that ended too long ago, and folders that no run here has."""
        too_old = time.time() - self.limits.kept_seconds
        with self._lock:
            for run in list(self._runs.values()):
                if run.owner and run.board.ended and run.ended_at < too_old:
                    self._runs.pop(run.id).delete()
            known = set(self._runs)
        if self.durable:
            for folder in run_folders(self._root):
                if folder.name not in known and written_at(folder) < too_old:
                    shutil.rmtree(folder, ignore_errors=True)

    def _sweep_on_a_clock(self) -> None:
        """Sweep every few minutes for as long as these runs are in use."""
        seconds = min(SWEEP_SECONDS, self.limits.kept_seconds / 10)
        unused, this = threading.Event(), weakref.ref(self)
        weakref.finalize(self, unused.set)

        def work() -> None:
            while not unused.wait(seconds):
                if runs := this():
                    runs.sweep()
                del runs  # so that it can end

        threading.Thread(target=work, name="sweep", daemon=True).start()

    def stop_all(self, seconds: float = 10.0) -> None:
        """Stop every live run and wait for them, as when the app ends: torch must not be cut off at work.

        Where runs are kept they can be resumed when the app is there again.
        """
        for follower in self._followers:
            follower.close()
        with self._lock:
            live = [run for run in self._runs.values() if not run.board.ended]
        for run in live:
            with contextlib.suppress(EngineError):  # it may have ended just now
                run.stop(for_good=not self.durable)
        self._slots.wake()
        for run in live:
            if run.thread:
                run.thread.join(seconds)


def _read_record(folder: Path) -> Record | None:
    """The folder's record if it is one of a run of that name."""
    try:
        record = read_record(folder)
    except Exception as problem:  # a damaged file may raise anything
        log.warning("the run in %s is left out: %s", folder, problem)
        return None
    return record if record.id == folder.name else None
