"""The answers of all who took a blind test on a run: they add up, and all who watch it are told.

votes.json in a run's own folder keeps them; of an example, or of a run that came as a file, only memory does.
"""

from __future__ import annotations

import json
import logging
import threading
from dataclasses import asdict
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from engines.messages import Message
from engines.running.events import VOTES, Caption
from engines.running.run_store import write_atomically
from engines.running.votes.tally import Tally

if TYPE_CHECKING:
    from engines.running.run import Run

log = logging.getLogger(__name__)

FILE = "votes.json"


class Votes:
    """The votes on each run; for any number of threads."""

    def __init__(self) -> None:
        self._of: WeakKeyDictionary[Run, Tally] = WeakKeyDictionary()
        self._lock = threading.Lock()

    def of(self, run: Run) -> Tally:
        """All votes on a run so far."""
        with self._lock:
            return self._known(run)

    def add(self, run: Run, right: bool) -> Tally:
        """One vote more; returns all."""
        with self._lock:
            tally = self._of[run] = self._known(run).plus(right)
            if run.computed_here and run.folder.is_dir():
                try:
                    write_atomically(run.folder / FILE, json.dumps(asdict(tally)).encode())
                except OSError as problem:  # a full disk must not end the test
                    log.warning("the votes on run %s can't be written to disk now: %s", run.id, problem)
        run.board.fold(Caption(VOTES, Message("Real or made? All votes on this run: {votes}", votes=tally.told())))
        return tally

    def _known(self, run: Run) -> Tally:
        if run not in self._of:
            self._of[run] = _read(run)
        return self._of[run]


def _read(run: Run) -> Tally:
    """What was kept; nothing where that is damaged or missing."""
    try:
        kept = Tally(**json.loads((run.folder / FILE).read_text("utf-8")))
        return kept if 0 <= kept.right <= kept.answers else Tally()
    except (OSError, ValueError, TypeError):
        return Tally()
