"""Runs that other programs write into a folder, shown live; nobody can control them here."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from engines.data.grids import Picture
from engines.messages import Message
from engines.running.board import LIVE_STATES, Board
from engines.running.board_files import ABOUT
from engines.running.events import Note
from engines.running.run_store import BOARD, RECORD, Record, load_board, read_record, run_folders, written_at

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.5
SILENCE_SECONDS = 60.0  # without a sign of life, which comes every ten, after which a run counts as cut off
SILENT = Message("Nothing new for a minute: the program that trains has ended, or its folder is out of reach.")


@dataclass
class _Followed:
    """What is known of one folder."""

    board: Board | None = None
    seen: float = 0.0  # when it was last written
    changed: float = 0.0  # when that was noticed, by this machine's monotonic clock
    pictures: dict[str, Picture] = field(default_factory=dict)


class Follower:
    """Looks into a folder twice a second: a run's own, or one of many runs.

    `found(record, folder, board)` is called once for each run, and says whether it is wanted.
    """

    def __init__(self, folder: Path, found: Callable[[Record, Path, Board], bool]) -> None:
        self._folder, self._found = folder, found
        self._followed: dict[Path, _Followed] = {}
        self._ended = threading.Event()
        threading.Thread(target=self._work, name="follow", daemon=True).start()

    def close(self) -> None:
        """Look no more."""
        self._ended.set()

    def _work(self) -> None:
        while not self._ended.wait(LOOK_SECONDS):
            self.look()

    def look(self) -> None:
        """Bring all boards up to date; a damaged one is left as it is."""
        alone = (self._folder / RECORD).is_file()
        for folder in [self._folder] if alone else list(run_folders(self._folder)):
            followed = self._followed.setdefault(folder, _Followed())
            try:
                self._refresh(folder, followed)
            except Exception as problem:  # a damaged file may raise anything
                log.warning("%s can't be read as a run: %s", folder, problem)

    def _refresh(self, folder: Path, followed: _Followed) -> None:
        """Read what was written since the last time."""
        written = written_at(folder)
        if written == followed.seen:
            self._check_silence(followed)
            return
        followed.seen = written
        followed.changed = time.monotonic() - max(0.0, time.time() - written)
        if not (folder / BOARD / ABOUT).is_file():
            return  # it only begins
        record = read_record(folder)
        board = load_board(folder, record, followed.pictures)
        if followed.board is not None:
            followed.board.become(board)
        elif self._found(record, folder, board):
            followed.board = board

    def _check_silence(self, followed: _Followed) -> None:
        board = followed.board
        working = board is not None and board.state in LIVE_STATES and board.state not in ("queued", "paused")
        if working and time.monotonic() - followed.changed > SILENCE_SECONDS:
            board.fold(Note(SILENT))
            board.set_state("interrupted")
