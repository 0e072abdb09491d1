"""Runs: engines driven in the background, sharing the device through slots.

A run belongs to whoever holds its owner key; anyone who knows its id may watch. It computes only while it
holds a slot. A paused run gives its slot to the next in line and asks for one again when it resumes.
"""

from __future__ import annotations

import contextlib
import hmac
import logging
import secrets
import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from engines.board import Board
from engines.events import Events, Note
from engines.knobs import Config
from engines.messages import ConfigError, EngineError, Message, PlaygroundError

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class RunLimits:
    """How many runs there may be, and for how long."""

    slots: int = 1  # runs that compute at once on this device
    queue: int = 20  # runs that may wait
    kept: int = 50  # ended runs that stay readable; the oldest go first
    pause_seconds: float = 900.0  # a run paused longer is stopped, and kept


class Slots:
    """A fair line for `count` places at the device."""

    def __init__(self, count: int) -> None:
        self._free = count
        self._line: list[object] = []
        self._changed = threading.Condition()

    def acquire(self, moved: Callable[[int], None], gave_up: Callable[[], bool]) -> bool:
        """Wait for a place; `moved(position)` tells the place in line. False if `gave_up()` came true."""
        ticket, told = object(), None
        with self._changed:
            self._line.append(ticket)
            try:
                while not gave_up():
                    position = self._line.index(ticket) + 1
                    if position == 1 and self._free:
                        self._free -= 1
                        return True
                    if position != told:
                        moved(position)
                        told = position
                    self._changed.wait()
                return False
            finally:
                self._line.remove(ticket)
                self._changed.notify_all()

    def release(self) -> None:
        """Give a place back."""
        with self._changed:
            self._free += 1
            self._changed.notify_all()

    def wake(self) -> None:
        """Let those in line look again whether they gave up."""
        with self._changed:
            self._changed.notify_all()

    def waiting(self) -> int:
        """How many are in line."""
        with self._changed:
            return len(self._line)


class Run:
    """One engine at work, or the record of one. Made by Runs.

    `folder` is the run's own, for what is too large for memory; it is deleted when the run is forgotten.
    """

    def __init__(
        self, engine: str, config: Config, owner: str, root: Path, board: Board | None = None, run_id: str = ""
    ) -> None:
        self.id = run_id or secrets.token_urlsafe(9)
        self.folder = root / self.id
        self.engine = engine
        self.config = config
        self.owner = owner
        self.board = board or Board(engine, config.to_dict())
        self._wish = ""  # "", "pause" or "stop"
        self._overslept = False
        self.thread: threading.Thread | None = None
        self._wished = threading.Condition()

    def owned_by(self, key: str) -> bool:
        """Whether `key` is this run's owner key."""
        return bool(key) and hmac.compare_digest(self.owner.encode(), key.encode())

    # --- asked by the owner -----------------------------------------------------------------------------

    def pause(self) -> None:
        """Ask for a pause; it takes effect at the engine's next yield."""
        self._ask("pause", {"running"}, "pausing", EngineError("Only a run that is going can be paused."))

    def resume(self) -> None:
        """Go on, in turn with other runs."""
        self._ask("", {"pausing", "paused"}, None, EngineError("Only a paused run can be resumed."))

    def stop(self) -> None:
        """Ask the engine to end; everything made so far is kept."""
        live = {"queued", "running", "pausing", "paused"}
        self._ask("stop", live, "stopping", EngineError("This run has ended already."))

    def _ask(self, wish: str, allowed: set[str], state: str | None, refusal: EngineError) -> None:
        with self._wished:
            if self.board.state not in allowed:
                raise refusal
            if self.board.state == "pausing" and not wish:
                state = "running"
            self._wish = wish
            if state:
                self.board.set_state(state)
            self._wished.notify_all()

    @property
    def stopping(self) -> bool:
        """Whether a stop was asked for."""
        return self._wish == "stop"

    # --- the run's own thread -----------------------------------------------------------------------------

    def drive(self, start: Callable[[], Events], slots: Slots, limits: RunLimits) -> None:
        """Wait for a slot, then fold every event of `start()` into the board until it ends or fails."""
        holding = self._enter(slots)
        if not holding:
            self.board.set_state("stopped")
            return
        state, error = "failed", None
        events, reply = start(), None
        try:
            while True:
                clock = time.monotonic()
                event = events.send(reply)
                self.board.active_seconds += time.monotonic() - clock
                self.board.fold(event)
                if self._wish == "pause":
                    slots.release()
                    holding = False
                    self._rest(limits.pause_seconds)
                    holding = self._enter(slots)
                reply = self.stopping
        except StopIteration:
            state = "stopped" if self.stopping else "finished"
        except PlaygroundError as problem:
            error = problem.message
        except Exception:
            reference = secrets.token_hex(3)
            log.exception("run %s failed (reference %s)", self.id, reference)
            error = Message(
                "Something went wrong inside the program (reference {reference}). What was made is kept.",
                reference=reference,
            )
        finally:
            events.close()
            if holding:
                slots.release()
        if self._overslept:
            self.board.fold(Note(Message("Paused for too long, so it was stopped; everything is kept.")))
        self.board.set_state(state, error=error)

    def _enter(self, slots: Slots) -> bool:
        """Wait for a slot; False if a stop was asked for meanwhile."""
        entered = slots.acquire(
            moved=lambda position: self.board.set_state("queued", position=position),
            gave_up=lambda: self.stopping,
        )
        with self._wished:
            if entered and not self.stopping:
                self.board.set_state("running")
        return entered

    def _rest(self, seconds: float) -> None:
        """Stay paused until the wish changes; after `seconds` wish for a stop."""
        with self._wished:
            if self._wish != "pause":
                return
            self.board.set_state("paused")
            if not self._wished.wait_for(lambda: self._wish != "pause", seconds):
                self._wish, self._overslept = "stop", True
                self.board.set_state("stopping")


class Runs:
    """All runs of this app, by id. One live run an owner and engine; they wait in line for a slot."""

    def __init__(self, limits: RunLimits | None = None) -> None:
        self.limits = limits or RunLimits()
        self._root = tempfile.TemporaryDirectory(prefix="aigc-playground-runs-", ignore_cleanup_errors=True)
        self._slots = Slots(self.limits.slots)
        self._runs: dict[str, Run] = {}  # oldest first
        self._lock = threading.Lock()

    def start(self, engine: str, config: Config, events: Callable[[Path], Events], owner: str) -> Run:
        """Run `events(folder)` in the background, `folder` being the run's own.

        Raises EngineError if the owner has a live run of this engine or the line is full.
        """
        with self._lock:
            mine = [run for run in self._runs.values() if run.owner == owner and run.engine == engine]
            if any(not run.board.ended for run in mine):
                raise EngineError("You have a run that has not ended. Stop it first, or let it finish.")
            if self._slots.waiting() >= self.limits.queue:
                raise EngineError("The line is full: {count} runs are waiting.", count=self.limits.queue)
            run = self._add(Run(engine, config, owner, Path(self._root.name)))
        run.folder.mkdir()
        run.thread = threading.Thread(
            target=run.drive,
            args=(lambda: events(run.folder), self._slots, self.limits),
            name=f"run-{run.id}",
            daemon=True,
        )
        run.thread.start()
        return run

    def add(self, board: Board, config: Config, owner: str, run_id: str = "") -> Run:
        """Keep an ended run that was opened from a file; without an owner it is kept for good."""
        with self._lock:
            return self._add(Run(board.engine, config, owner, Path(self._root.name), board, run_id))

    def _add(self, run: Run) -> Run:
        ended = [r.id for r in self._runs.values() if r.board.ended and r.owner]
        for run_id in ended[: max(0, len(ended) + 1 - self.limits.kept)]:
            shutil.rmtree(self._runs.pop(run_id).folder, ignore_errors=True)
        self._runs[run.id] = run
        return run

    def get(self, run_id: str) -> Run:
        """The run with this id; EngineError if there is none (any more)."""
        run = self._runs.get(run_id) if isinstance(run_id, str) else None
        if run is None:
            raise EngineError("There is no such run here any more.")
        return run

    def latest(self, owner: str, engine: str) -> Run | None:
        """The owner's newest run of an engine."""
        with self._lock:
            mine = [r for r in self._runs.values() if r.engine == engine and r.owned_by(owner)]
        return mine[-1] if mine else None

    def control(self, run_id: str, owner: str, action: str) -> Run:
        """Do `action` ("pause", "resume" or "stop") to a run of this owner's."""
        run = self.get(run_id)
        if not run.owned_by(owner):
            raise EngineError("Only the person who started this run can do that; you are watching it.")
        actions = {"pause": run.pause, "resume": run.resume, "stop": run.stop}
        if action not in actions:
            raise ConfigError("The action must be pause, resume or stop.")
        actions[action]()
        self._slots.wake()
        return run

    def stop_all(self, seconds: float = 10.0) -> None:
        """Stop every live run and wait for them, as when the app ends: torch must not be cut off at work."""
        with self._lock:
            live = [run for run in self._runs.values() if not run.board.ended]
        for run in live:
            with contextlib.suppress(EngineError):  # it may have ended just now
                run.stop()
        self._slots.wake()
        for run in live:
            if run.thread:
                run.thread.join(seconds)
