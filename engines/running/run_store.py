"""A run's own folder: what outlives the program that made it.

record.json   whose run it is, of which engine, with which settings
board/        what is seen of it, in the members of a run file; written anew as it changes
checkpoint/   the engine's own: what it needs to go on
lock          held by the program in which it runs

Every file is written under another name first and then renamed, so that it is whole at any time.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import re
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engines.data.grids import Picture
from engines.messages import EngineError
from engines.running.board import ENDED_STATES, LIVE_STATES, Board
from engines.running.board_files import ABOUT, EVALUATIONS, MODEL, PLANES, WRITTEN, read_board, write_members
from engines.running.shown.moments import ROOM as MOMENTS

if TYPE_CHECKING:
    from filelock import BaseFileLock

log = logging.getLogger(__name__)

RECORD, BOARD, CHECKPOINT, LOCK = "record.json", "board", "checkpoint", "lock"
SAVE_SECONDS = 1.0
SAVE_SHARE = 0.02  # of the time, at most
BEAT_SECONDS = 10.0  # after which the board is written even if nothing changed: a sign of life
MODEL_SECONDS = 15.0
ROOMS = ("grids", "sheets", MOMENTS)  # folders of files that never change
MIMES = {".png": "image/png", ".jpg": "image/jpeg"}


@dataclass(frozen=True)
class Record:
    """What record.json holds. `owner` is a mark, from which the owner's key can't be told.

    `origin` is where a fork comes from, see forks/forking.py; `forkable` is whether others may fork the run.
    """

    id: str
    engine: str
    config: Mapping[str, Any]
    owner: str
    started: float  # seconds since 1970
    state: str
    origin: Mapping[str, Any] | None = None
    forkable: bool = False


def owner_mark(key: str) -> str:
    """What is kept of an owner's key: its SHA-256. Keys are too long to be guessed, so it needs no salt."""
    return "sha256:" + hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest() if key else ""


def write_atomically(path: Path, data: bytes, sync: bool = False) -> None:
    """Write a file so that others see the old one or the new one; with `sync` even after a power cut."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with unfinished.open("wb") as file:
            file.write(data)
            if sync:
                file.flush()
                os.fsync(file.fileno())
        os.replace(unfinished, path)
    except OSError:
        with contextlib.suppress(OSError):
            unfinished.unlink(missing_ok=True)
        raise


def write_record(folder: Path, record: Record) -> None:
    """Write record.json; OSError if the disk refuses."""
    write_atomically(folder / RECORD, json.dumps(asdict(record), indent=1, ensure_ascii=False).encode(), sync=True)


def read_record(folder: Path) -> Record:
    """What record.json says; any exception if there is none or it is damaged."""
    values = json.loads((folder / RECORD).read_text("utf-8"))
    record = Record(**values)
    texts = (record.id, record.engine, record.owner, record.state)
    if not all(isinstance(text, str) for text in texts) or not isinstance(record.config, dict):
        raise ValueError("not a record")
    if not isinstance(record.forkable, bool) or not isinstance(record.origin, (dict, type(None))):
        raise ValueError("not a record")
    if not re.fullmatch(r"[\w-]{6,64}", record.id):
        raise ValueError("not an id")
    return replace(record, started=float(record.started))


def make_private(folder: Path) -> None:
    """Make the folder, for this user only; EngineError if that can't be done or it can't be written to."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as problem:
        reason = problem.strerror or type(problem).__name__
        raise EngineError(
            "The folder for runs, {folder}, can't be used: {reason}.", folder=str(folder), reason=reason
        ) from problem


def run_folders(root: Path) -> Iterator[Path]:
    """The folders in `root` that have a record."""
    with contextlib.suppress(OSError):
        yield from (folder for folder in sorted(root.iterdir()) if (folder / RECORD).is_file())


def written_at(folder: Path) -> float:
    """When the run last gave a sign of life, in seconds since 1970; 0 without one."""
    times = [0.0]
    for path in (folder / RECORD, folder / BOARD / ABOUT):
        with contextlib.suppress(OSError):
            times.append(path.stat().st_mtime)
    return max(times)


def hold(folder: Path) -> BaseFileLock:
    """The lock on a run's folder, taken; EngineError while another program has it. It falls with its program."""
    from filelock import FileLock, Timeout

    lock = FileLock(folder / LOCK, thread_local=False)  # a run's thread gives back what another one took
    try:
        lock.acquire(timeout=0.5)
    except Timeout as problem:
        raise EngineError("Another program is at work on this run.") from problem
    return lock


class FolderSource:
    """A run's folder as the source of a board. Pictures never change, so `known` ones are not read again."""

    def __init__(self, folder: Path, known: dict[str, Picture] | None = None) -> None:
        self._folder = folder / BOARD
        self._known = {} if known is None else known

    def names(self) -> list[str]:
        """All members; those that are gone are not known any more."""
        paths = (path for path in self._folder.rglob("[!.]*") if path.is_file())
        names = [path.relative_to(self._folder).as_posix() for path in paths]
        for gone in self._known.keys() - set(names):
            del self._known[gone]
        return names

    def read(self, name: str) -> bytes:
        """One member."""
        return (self._folder / name).read_bytes()

    def later(self, name: str) -> Path:
        """Where one member lies."""
        return self._folder / name

    def picture(self, name: str) -> Picture:
        """One member that is a picture; the program wrote it itself, so it is not checked."""
        if name not in self._known:
            self._known[name] = Picture(self.read(name), MIMES[Path(name).suffix])
        return self._known[name]


def load_board(folder: Path, record: Record, known: dict[str, Picture] | None = None) -> Board:
    """The board as the folder has it, a live state included; any exception if it is damaged.

    An empty one if the run was cut off before it was first written.
    """
    if not (folder / BOARD / ABOUT).exists():
        return Board(record.engine, dict(record.config), started=record.started)
    return read_board(FolderSource(folder, known), (*LIVE_STATES, *ENDED_STATES))


class Keeper:
    """Writes a live run into its folder about every second, in a thread of its own.

    So a slow or full disk never holds up the run; what can't be written now is tried again.
    """

    def __init__(self, folder: Path, record: Record, board: Board) -> None:
        """Takes the folder's lock and writes the record; EngineError if another program has it or the disk refuses."""
        self._folder, self._record, self._board = folder, record, board
        self._saved: dict[str, object] = {}  # what the larger members were made from
        self._model_due, self._troubled = 0.0, False
        self._ended = threading.Event()
        try:
            for room in ROOMS:
                (folder / BOARD / room).mkdir(parents=True, exist_ok=True)
            write_record(folder, record)
            self._lock = hold(folder)
        except OSError as problem:
            reason = problem.strerror or type(problem).__name__
            raise EngineError("The run can't be kept on disk: {reason}.", reason=reason) from problem
        self._thread = threading.Thread(target=self._work, name=f"keep-{record.id}", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Write the last state, and let go of the folder."""
        self._ended.set()
        self._thread.join()
        self._save()
        self._board.moments.settle(self._folder / BOARD)
        with contextlib.suppress(OSError):
            write_record(self._folder, replace(self._record, state=self._board.state))
        self._lock.release()

    def tell(self, **changes: Any) -> None:
        """Put this into the record; OSError if the disk refuses."""
        self._record = replace(self._record, **changes)
        write_record(self._folder, self._record)

    def _work(self) -> None:
        version, pause, beat = 0, 0.0, 0.0
        while not self._ended.wait(pause):
            began = time.monotonic()
            if self._board.version != version or began >= beat:
                version, beat = self._board.version, began + BEAT_SECONDS
                self._save()
            pause = max(SAVE_SECONDS, (time.monotonic() - began) / SAVE_SHARE)

    def _save(self) -> None:
        """Write what changed."""
        folder, kept = self._folder / BOARD, set()
        try:
            for name, make in write_members(self._board, self._board.state):
                kept.add(name)
                if self._is_new(name, folder / name):
                    write_atomically(folder / name, make())
            for path in (path for room in ROOMS for path in (folder / room).iterdir()):
                if f"{path.parent.name}/{path.name}" not in kept:
                    path.unlink()
        except OSError as problem:
            if not self._troubled:
                log.warning("run %s can't be written to disk now: %s", self._record.id, problem)
            self._troubled = True
            self._saved.clear()

    def _is_new(self, name: str, path: Path) -> bool:
        """Whether a member must be written; what it is made from is remembered."""
        made_from: object
        if name == MODEL:
            made_from, due = self._board.weights, self._model_due
            if path.exists() and time.monotonic() < due and not self._ended.is_set():
                return False
            self._model_due = time.monotonic() + MODEL_SECONDS
        elif name in EVALUATIONS:
            made_from = self._board.evaluations
        elif name == PLANES:
            made_from = self._board.planes.newest or self._board.planes.ground
        elif name == WRITTEN:
            made_from = self._board.writings.newest
        elif path.parent.name in ROOMS or path.suffix in MIMES:
            return not path.exists()
        else:
            return True
        new = self._saved.get(name) is not made_from
        self._saved[name] = made_from
        return new
