"""One engine at work: its thread, what its owner may ask of it, and how it ends."""

from __future__ import annotations

import contextlib
import contextvars
import hmac
import logging
import secrets
import shutil
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from engines.knobs import Config
from engines.messages import EngineError, Message, PlaygroundError
from engines.running.board import Board
from engines.running.checkpoints import can_go_on, drop_checkpoint
from engines.running.events import Caption, Events, Note
from engines.running.forks.forking import Origin
from engines.running.run_store import CHECKPOINT, RECORD, Keeper, Record, owner_mark, read_record, write_record
from engines.running.slots import Slots, Ticket
from engines.running.trackers.tracker import About
from engines.running.trackers.tracking import Tracking, Watch
from engines.running.turns import Turns
from engines.running.workers.relay import OVERTIME, WorkerLostError

log = logging.getLogger(__name__)

INTERRUPTED = Message("The program ended in the middle of this run. It can go on from what was last saved.")
OVERSLEPT = Message("Paused for too long, so it was stopped; everything is kept.")


@dataclass(frozen=True)
class RunLimits:
    """How many runs there may be, and for how long."""

    slots: int = 1  # runs that compute at once on this device
    queue: int = 20  # runs that may wait
    kept: int = 50  # ended runs that stay readable; the oldest go first
    kept_seconds: float = 7 * 24 * 3600.0  # an ended run older than this goes too
    pause_seconds: float = 900.0  # a run paused longer is stopped, and kept
    room_runs: int = 40  # live ones of a room, which share one place in turns
    run_seconds: float = 0.0  # a run that computed for longer is stopped, and kept; 0: any


def new_id() -> str:
    """A run's id, which cannot be guessed."""
    return secrets.token_urlsafe(9)


class Run:
    """One engine at work, or the record of one. Made by Runs.

    `folder` is the run's own, for what is too large for memory; it is deleted when the run is forgotten.
    `owner` is the owner's key, or its mark where only that is known; "" if it is nobody's.
    """

    def __init__(
        self,
        engine: str,
        config: Config,
        owner: str,
        root: Path,
        board: Board | None = None,
        run_id: str = "",
        events: Callable[[Path], Events] | None = None,
        mark: str = "",
        origin: Origin | None = None,
        forkable: bool = False,
    ) -> None:
        """`events(folder)` is the engine, None of a run to look at. `mark`: the owner's, where the key is unknown."""
        self.id = run_id or new_id()
        self.folder = root / self.id
        self.engine = engine
        self.config = config
        self.owner = owner
        self.board = board or Board(engine, config.to_dict())
        self.ended_at = time.time()  # of an ended one
        self.example = False  # whether it came with the program
        self.origin, self.forkable = origin, forkable  # of a fork; whether others may fork this one
        self.thread: threading.Thread | None = None
        self._events = events
        self._mark = mark or owner_mark(owner)
        self._keeper: Keeper | None = None
        self._wish = ""  # "", "pause", "stop", or "halt", a stop after which the run may go on another day
        self._why_stopped: Message | None = None
        self._wished = threading.Condition()
        self._watch = Watch()  # of trackers

    @property
    def mark(self) -> str:
        """The owner's mark; see owner_mark."""
        return self._mark

    def owned_by(self, key: str) -> bool:
        """Whether `key` is this run's owner key."""
        return isinstance(key, str) and bool(key) and hmac.compare_digest(self._mark, owner_mark(key))

    # --- asked by the owner -----------------------------------------------------------------------------

    def pause(self) -> None:
        """Ask for a pause; it takes effect at the engine's next yield."""
        self._ask("pause", {"running"}, "pausing", EngineError("Only a run that is going can be paused."))

    def resume(self) -> None:
        """Go on, in turn with other runs."""
        self._ask("", {"pausing", "paused"}, None, EngineError("Only a paused run can be resumed."))

    def stop(self, for_good: bool = True) -> None:
        """Ask the engine to end; everything made so far is kept. If not for good, the run may be resumed later."""
        live = {"queued", "running", "pausing", "paused"}
        self._ask("stop" if for_good else "halt", live, "stopping", EngineError("This run has ended already."))

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

    def allow_forks(self, allowed: bool) -> None:
        """Let others who watch this run go on from its points, with the data it learns from, or not any more.

        EngineError if that can't be kept on disk.
        """
        self.forkable = allowed
        try:
            if self._keeper and not self.board.ended:
                self._keeper.tell(forkable=allowed)
            elif (self.folder / RECORD).exists():
                write_record(self.folder, replace(read_record(self.folder), forkable=allowed))
        except OSError as problem:
            reason = problem.strerror or type(problem).__name__
            raise EngineError("The run can't be kept on disk: {reason}.", reason=reason) from problem

    @property
    def computed_seconds(self) -> float:
        """Seconds of computing, those before a fork left out."""
        return self.board.active_seconds - (self.origin.seconds if self.origin else 0.0)

    @property
    def about(self) -> About:
        """What trackers are told of it."""
        return About(self.id, self.engine, self.config.to_dict(), self.board.started)

    @property
    def stopping(self) -> bool:
        """Whether a stop was asked for."""
        return self._wish in ("stop", "halt")

    @property
    def computed_here(self) -> bool:
        """Whether it is one of this app's own, and not only one to look at."""
        return self._events is not None

    @property
    def resumable(self) -> bool:
        """Whether it has ended, and can be gone on with all the same."""
        return self._events is not None and can_go_on(self.folder, self.board.state)

    # --- its thread -----------------------------------------------------------------------------------------

    def launch(self, slots: Slots | Turns, limits: RunLimits, durable: bool, tracking: Tracking | None = None) -> None:
        """Begin, or go on after the end, in a thread; a `durable` run is written to its folder meanwhile.

        Trackers are told of it, if there are any.

        Raises EngineError if there is nothing to go on with, or the folder can't be used.
        """
        if self._events is None:
            raise EngineError("This run can only be looked at.")
        if self.thread:
            self.thread.join()  # it may be writing its last state
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as problem:
            reason = problem.strerror or type(problem).__name__
            raise EngineError("The run can't be kept on disk: {reason}.", reason=reason) from problem
        if durable:
            origin = self.origin and self.origin.to_dict()
            settings = self.config.to_dict()
            record = Record(
                self.id, self.engine, settings, self._mark, self.board.started, "running", origin, self.forkable
            )
            self._keeper = Keeper(self.folder, record, self.board)
        if self.board.ended:
            self._wish, self._why_stopped, self.board.error, self.board.note = "", None, None, None
            self.board.evaluations = {}  # of how far it had come
            if not (self.folder / CHECKPOINT).exists():
                self.board.rewind(0)
            self.board.set_state("queued")
        if tracking:
            self._watch = tracking.watch(self.about)
        # in the visitor's context: ZeroGPU asks there whose quota it is
        drive = partial(contextvars.copy_context().run, self.drive, slots, limits)
        self.thread = threading.Thread(target=drive, name=f"run-{self.id}", daemon=True)
        self.thread.start()

    def drive(self, slots: Slots | Turns, limits: RunLimits) -> None:
        """Wait for a slot, then fold every event of the engine into the board until it ends or fails."""
        ticket, error, lost = Ticket(self._mark, self.board), None, None
        try:
            state = self._work(ticket, slots, limits)
        except WorkerLostError as problem:
            state, lost = "interrupted", problem.message
        except PlaygroundError as problem:
            state, error = "failed", problem.message
        except Exception:
            reference = secrets.token_hex(3)
            log.exception("run %s failed (reference %s)", self.id, reference)
            state, error = (
                "failed",
                Message(
                    "Something went wrong inside the program (reference {reference}). What was made is kept.",
                    reference=reference,
                ),
            )
        if state != "interrupted" and self.computed_seconds and not self.origin:
            slots.remember(self.engine, self.computed_seconds)
        why = lost or (INTERRUPTED if state == "interrupted" else self._why_stopped)
        if why:
            self.board.fold(Note(why))
        self.ended_at = time.time()
        if state not in ("interrupted", "stopped") or self._overtime(limits):
            drop_checkpoint(self.folder)
        self.board.set_state(state, error=error)
        if self._keeper:
            self._keeper.close()
        self._complain(self._watch.close(state))

    def _complain(self, troubles: Sequence[Message]) -> None:
        """Tell what is wrong with the trackers, below the charts."""
        for number, trouble in enumerate(troubles):
            self.board.fold(Caption(f"tracking {time.monotonic_ns()} {number}", trouble))

    def _work(self, ticket: Ticket, slots: Slots | Turns, limits: RunLimits) -> str:
        """Drives the engine; returns the state in which it ended, or raises what it raised."""
        if not self._enter(ticket, slots):
            return self._stopped_state()
        holding, reply = True, None
        events = self._events(self.folder)
        try:
            while True:
                clock = time.monotonic()
                event = events.send(reply)
                self.board.active_seconds += time.monotonic() - clock
                self.board.fold(event)
                self._complain(self._watch.tell(event))
                if self._wish == "pause":
                    slots.release(ticket)
                    holding = False
                    self._rest(limits.pause_seconds)
                    holding = self._enter(ticket, slots)
                elif slots.over(ticket):
                    slots.release(ticket)
                    holding = False
                    holding = self._enter(ticket, slots)
                elif self._overtime(limits):
                    self._give_up(OVERTIME)
                reply = self.stopping
        except StopIteration as ended:
            if ended.value:
                self._give_up(ended.value)
            return self._stopped_state() if self.stopping else "finished"
        finally:
            events.close()
            if holding:
                slots.release(ticket)

    def _overtime(self, limits: RunLimits) -> bool:
        return 0 < limits.run_seconds < self.computed_seconds

    def _stopped_state(self) -> str:
        return "interrupted" if self._wish == "halt" else "stopped"

    def _enter(self, ticket: Ticket, slots: Slots | Turns) -> bool:
        """Wait for a slot; False if a stop was asked for meanwhile."""
        entered = slots.acquire(
            ticket,
            moved=lambda position, seconds: self.board.set_state("queued", position=position, wait_seconds=seconds),
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
                self._give_up(OVERSLEPT)

    def _give_up(self, why: Message) -> None:
        """Wish for a stop, unless there is one already."""
        with self._wished:
            if not self.stopping:
                self._wish, self._why_stopped = "stop", why
                self.board.set_state("stopping")

    def delete(self) -> None:
        """Delete what is on disk."""
        with contextlib.suppress(OSError):
            shutil.rmtree(self.folder)
