"""Which trackers a program tells of its runs: each in a thread of its own, so that none ever holds up a run."""

from __future__ import annotations

import importlib.util
import logging
import queue
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from engines.messages import EngineError, Message, listed
from engines.running.board import Board
from engines.running.events import Event, Metrics, Resumed, Samples, Sheet, Written
from engines.running.trackers.event_files import EventFiles, zipped
from engines.running.trackers.services import Trackio, WeightsAndBiases
from engines.running.trackers.tracker import About, Tracker, tell

log = logging.getLogger(__name__)

TOLD = (Metrics, Samples, Sheet, Written, Resumed)
WAITING = 2000  # events that may wait for a slow tracker; later ones are left out
PICTURE_SECONDS = 10.0  # between two grids, or two texts, of a name
END_SECONDS = 20.0  # that a tracker may take to write what waits when its run has ended


@dataclass(frozen=True)
class Kind:
    """One tracker: what it is called, the package that must be installed, and what makes it."""

    title: str
    package: str
    make: Callable[[About, Path], Tracker]


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "tensorboard": Kind(
            "TensorBoard", "tensorboard", lambda about, folder: EventFiles(about, _own(folder, about))
        ),
        "wandb": Kind("Weights & Biases", "wandb", WeightsAndBiases),
        "trackio": Kind("Trackio", "trackio", Trackio),
    }
)


def _own(folder: Path, about: About) -> Path:
    return folder / "tensorboard" / f"{about.engine}-{about.id}"


def parse(names: str) -> tuple[str, ...]:
    """The trackers of --track, such as "tensorboard,trackio"; EngineError if one is unknown or not installed."""
    found = tuple(dict.fromkeys(name.strip() for name in names.split(",") if name.strip()))
    for name in found:
        if name not in KINDS:
            raise EngineError(
                "There is no tracker called {name}; there are {known}.", name=repr(name)[:40], known=listed([*KINDS])
            )
        require(name)
    return found


def require(name: str) -> None:
    """EngineError if the tracker's package is not installed."""
    kind = KINDS[name]
    if importlib.util.find_spec(kind.package) is None:
        raise EngineError(
            "{tracker} is not installed here: pip install {package}.", tracker=kind.title, package=kind.package
        )


def event_files(about: About, board: Board) -> bytes:
    """A run as TensorBoard's event files in a ZIP; EngineError if its package is missing or does not do."""
    require("tensorboard")
    try:
        return zipped(about, board)
    except Exception as problem:  # of a version that does it in another way
        log.exception("TensorBoard's files could not be written")
        raise EngineError(
            "{why} Other ways to keep the run go on working.", why=_why(KINDS["tensorboard"].title, problem)
        ) from problem


@dataclass(frozen=True)
class Tracking:
    """What a program was asked to tell, and the folder for what is written here."""

    names: tuple[str, ...]
    folder: Path

    def watch(self, about: About) -> Watch:
        """Begin to tell of a run."""
        return Watch([Line(name, about, self.folder) for name in self.names])


class Watch:
    """Tells all trackers of one run."""

    def __init__(self, lines: Sequence[Line] = ()) -> None:
        self._lines = lines

    def tell(self, event: Event) -> list[Message]:
        """Pass an event on; returns a sentence for each tracker that has failed since the last call."""
        if isinstance(event, TOLD):
            for line in self._lines:
                line.tell(event)
        return self.troubles()

    def troubles(self) -> list[Message]:
        """As `tell`, without an event."""
        return [trouble for line in self._lines if (trouble := line.take_trouble())]

    def close(self, state: str) -> list[Message]:
        """The run has ended: waits a while for what is not written yet. Returns as `tell`."""
        for line in self._lines:
            line.end(state)
        end = time.monotonic() + END_SECONDS
        for line in self._lines:
            line.wait(max(0.0, end - time.monotonic()))
        return self.troubles()


class Line:
    """One tracker of one run, in a thread that may fail, hang or fall behind by itself."""

    def __init__(self, name: str, about: About, folder: Path) -> None:
        self._kind, self._about, self._folder = KINDS[name], about, folder
        self._waiting: queue.Queue[tuple[Event | str, float]] = queue.Queue(WAITING)
        self._shown: dict[str, float] = {}  # when a picture or text of a name was told last
        self._failed = False
        self._trouble: Message | None = None
        self._thread = threading.Thread(target=self._work, name=f"track-{name}-{about.id}", daemon=True)
        self._thread.start()

    def tell(self, event: Event) -> None:
        """Pass an event on, unless too much waits already."""
        if self._failed or not self._due(event):
            return
        try:
            self._waiting.put_nowait((event, time.time()))
        except queue.Full:
            log.info("%s falls behind; an event is left out", self._kind.title)

    def _due(self, event: Event) -> bool:
        name = type(event).__name__ + getattr(event, "name", "")
        if isinstance(event, (Metrics, Resumed)):
            return True
        now = time.monotonic()
        if now - self._shown.get(name, -PICTURE_SECONDS) < PICTURE_SECONDS:
            return False
        self._shown[name] = now
        return True

    def end(self, state: str) -> None:
        """Tell it that the run has ended, once it has come so far."""
        try:
            self._waiting.put((state, time.time()), timeout=1.0)
        except queue.Full:
            self._fail(TimeoutError())

    def wait(self, seconds: float) -> None:
        """Wait until all is written, at most so long."""
        self._thread.join(seconds)
        if self._thread.is_alive() and not self._failed:
            self._fail(TimeoutError())

    def take_trouble(self) -> Message | None:
        """Why it has failed, once."""
        trouble, self._trouble = self._trouble, None
        return trouble

    def _work(self) -> None:
        try:
            tracker = self._kind.make(self._about, self._folder)
            while True:
                event, when = self._waiting.get()
                if isinstance(event, str):
                    tracker.close(event)
                    return
                tell(tracker, event, when)
        except (Exception, SystemExit) as problem:  # whatever a package of others does, the run goes on
            log.warning("%s failed", self._kind.title, exc_info=True)
            self._fail(problem)

    def _fail(self, problem: BaseException) -> None:
        self._failed, self._trouble = True, Message("{why} The run goes on.", why=_why(self._kind.title, problem))


def _why(title: str, problem: BaseException) -> Message:
    kind = type(problem).__name__
    if isinstance(problem, TimeoutError):
        return Message("{tracker} was too slow to take everything; some of this run is missing there.", tracker=title)
    if isinstance(problem, OSError):
        reason = problem.strerror or kind
        return Message("{tracker} gets nothing of this run any more: {reason}.", tracker=title, reason=reason)
    if isinstance(problem, (ImportError, AttributeError, TypeError)):
        return Message(
            "{tracker} gets nothing of this run: the version installed here works in another way ({reason}).",
            tracker=title,
            reason=kind,
        )
    reason = f"{kind}: {problem}"[:200]
    return Message("{tracker} gets nothing of this run any more: {reason}.", tracker=title, reason=reason)
