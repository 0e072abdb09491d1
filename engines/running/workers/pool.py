"""Where engines compute: in worker processes, so that the page's process loads no PyTorch and outlives any crash.

A training gets a process of its own, whose memory is the system's again when it ends; chats share one, as they share
a model in memory, and so do pictures. The processes are forked from one that has imported the libraries before
(spawned where there is no fork), and know their caller by a key that only this program has.
"""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import multiprocessing.forkserver
import os
import sys
import threading
import time
import types
from collections.abc import Callable, Iterator
from multiprocessing.connection import Client, Connection
from pathlib import Path
from typing import Any, Protocol

from engines.messages import EngineError, Message
from engines.running.events import Event, Events, Note
from engines.running.workers.process import OUT_OF_MEMORY, once, work
from engines.running.workers.relay import Ended, WorkerLostError, relay

log = logging.getLogger(__name__)

TRAINING, TEXT, PICTURES, MODELS = "training", "text", "pictures", "models"  # rooms; MODELS: what runs have made
ALONE = (TRAINING,)  # each call has a process of its own
NICE = {TRAINING: 5}  # a training, once started, comes before chats and pictures, and the page before all
OTHERS_NICE = 12  # so that a training keeps seven tenths of its pace beside a crowd
# Imported once, before the first worker is forked.
LIBRARIES = [
    "torch",
    "transformers",
    "engines.gan_training.step",
    "engines.finetuning.learning.training",
    "engines.text_generation.batcher",
    "transformers.models.llama.modeling_llama",
]
BEAT = 0.25  # seconds between looks whether a worker lives
SILENCE = 30.0  # seconds without an event and without computing after which a worker counts as hung
START_SECONDS = 120.0  # in which a worker must be there; the first one waits for the libraries
END_SECONDS = 5.0  # that a worker may take to end
GOES_ON = Message("What others do here goes on; what was saved is kept. Try again.")
CRASHED = Message("The process that computed this has crashed.")
REASONS = {  # by exit code
    Message("The process that computed this was ended from outside, most likely because memory ran out."): (-9,),
    Message("The process that computed this has used up its memory."): (OUT_OF_MEMORY,),
}


class Computer(Protocol):
    """Where engines compute; see Workers."""

    def events(self, room: str, engine: Callable[..., Events], *args: Any) -> Events:
        """engine(*args), wherever it runs."""

    def call(self, room: str, function: Callable[..., Any], *args: Any) -> Any:
        """function(*args), wherever it runs."""


class Here:
    """Computes in this process: for scripts, tests, and ZeroGPU, which has processes of its own."""

    def events(self, room: str, engine: Callable[..., Events], *args: Any) -> Events:
        """See Workers."""
        return engine(*args)

    def call(self, room: str, function: Callable[..., Any], *args: Any) -> Any:
        """See Workers."""
        return function(*args)

    def close(self) -> None:
        """Nothing to end."""


class Workers:
    """Worker processes, started when they are needed. Made once an app, passed down; for any number of threads."""

    def __init__(self, memory_mb: int = 0) -> None:
        """memory_mb: the most private memory of a worker, in MB, where the system can hold it to that; 0: any."""
        self._memory_mb = memory_mb
        methods = multiprocessing.get_all_start_methods()
        self._context = multiprocessing.get_context("forkserver" if "forkserver" in methods else "spawn")
        self._shared: dict[str, Worker] = {}
        self._alone: set[Worker] = set()
        self._lock, self._starting = threading.Lock(), threading.Lock()
        self._closed = False

    def prepare(self) -> None:
        """Begin to import the libraries, in the background and in another process."""
        if self._context.get_start_method() == "forkserver":
            self._context.set_forkserver_preload(LIBRARIES)
            self._start(multiprocessing.forkserver.ensure_running)

    def events(self, room: str, engine: Callable[..., Events], *args: Any) -> Events:
        """The events of engine(*args) in a process of that room; engine, arguments and events must be picklable.

        Raises what the engine does, and WorkerLostError if its process ends or hangs.
        """
        worker = self._take(room)
        try:
            if not (yield from worker.wait()):
                return None
            with worker.connect() as line:
                line.send((engine, args))
                return (yield from worker.follow(line))
        finally:
            if worker.alone:
                with self._lock:
                    self._alone.discard(worker)
                worker.end()

    def call(self, room: str, function: Callable[..., Any], *args: Any) -> Any:
        """function(*args) in a process of that room; errors are those of `events`."""
        events = self.events(room, once, function, *args)
        try:
            while True:
                next(events)
        except StopIteration as ended:
            return ended.value

    def processes(self) -> dict[int, str]:
        """The room of each process that lives, by its id."""
        with self._lock:
            workers = [*self._shared.items(), *((TRAINING, worker) for worker in self._alone)]
        return {worker.pid: room for room, worker in workers if worker.alive}

    def close(self) -> None:
        """End them all, as when the app ends."""
        with self._lock:
            self._closed = True
            workers = [*self._shared.values(), *self._alone]
            self._shared, self._alone = {}, set()
        for worker in workers:
            worker.end()

    def _take(self, room: str) -> Worker:
        with self._lock:
            if self._closed:
                raise EngineError("The program is ending.")
            if room in ALONE:
                worker = self._make(NICE[room], alone=True)
                self._alone.add(worker)
            else:
                worker = self._shared.get(room)
                if worker is None or worker.lost:
                    worker = self._shared[room] = self._make(OTHERS_NICE)
            return worker

    def _make(self, niceness: int, alone: bool = False) -> Worker:
        ours, theirs = self._context.Pipe()
        args = theirs, dict(os.environ), niceness, self._memory_mb
        process = self._context.Process(target=work, args=args, name="worker", daemon=True)

        def start() -> None:
            self._start(process.start)
            theirs.close()

        return Worker(process, ours, start, alone)

    def _start(self, start: Callable[[], None]) -> None:
        """Start a process for which no file is the main module: else it would import app.py, and gradio with it."""
        with self._starting:
            main, sys.modules["__main__"] = sys.modules["__main__"], types.ModuleType("__main__")
            try:
                start()
            finally:
                sys.modules["__main__"] = main


class Worker:
    """One process, from the moment it is wanted."""

    def __init__(self, process: Any, door: Connection, start: Callable[[], None], alone: bool) -> None:
        """`start()` starts the process, which tells `door` where it listens."""
        self.alone = alone
        self._process, self._door = process, door
        self._address: str | None = None
        self._ready = threading.Event()
        self._ended = False
        threading.Thread(target=self._begin, args=(start,), name="worker-start", daemon=True).start()

    def _begin(self, start: Callable[[], None]) -> None:
        try:
            start()
            if self._door.poll(START_SECONDS):
                self._address = self._door.recv()
        except (OSError, EOFError) as problem:
            log.warning("no worker could be started: %s", problem)
        finally:
            self._door.close()
            self._ready.set()
            if self._ended:  # nobody wants it any more
                self._kill()

    @property
    def pid(self) -> int:
        """The id of its process; 0 before it has one."""
        return self._process.pid or 0

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return bool(self.pid) and self._process.is_alive()

    @property
    def lost(self) -> bool:
        """Whether it was there and is no more."""
        return self._ended or (self._ready.is_set() and not self.alive)

    def wait(self) -> Iterator[Event]:
        """Yields a Note until the process is there; returns False if told to stop."""
        while not self._ready.wait(BEAT):
            if (yield Note(Message("Loading PyTorch"))):
                return False
        return True

    def connect(self) -> Connection:
        """A line to the process; WorkerLostError if there is none."""
        try:
            return Client(self._address, authkey=self._process.authkey)
        except (OSError, EOFError, TypeError, ValueError) as problem:
            raise self._loss() from problem

    def follow(self, line: Connection) -> Events:
        """What comes over the line, as `relay` gives it."""
        stopping = False

        def answer(stop: bool) -> None:
            nonlocal stopping
            stopping = stopping or stop
            line.send(stop)

        def told() -> Iterator[Event | Ended]:
            while True:
                try:
                    self._listen(line, lambda: stopping)
                    event = line.recv()
                except (EOFError, OSError):
                    raise self._loss() from None
                yield event

        return (yield from relay(told(), answer))

    def _listen(self, line: Connection, stopping: Callable[[], bool]) -> None:
        """Wait for something to read; the process is ended if it hangs, or goes on long after it was told to stop."""
        quiet = time.monotonic()
        computed = self._cpu_seconds()
        while not line.poll(1.0):
            now = self._cpu_seconds()
            if now != computed and not stopping():
                quiet, computed = time.monotonic(), now
            if time.monotonic() - quiet > SILENCE:
                self._kill()

    def _cpu_seconds(self) -> float:
        """What the process has computed so far, in the clock's ticks; always new where the system does not tell."""
        try:
            fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
            return int(fields[11]) + int(fields[12])
        except (OSError, IndexError, ValueError):
            return time.monotonic()

    def _loss(self) -> WorkerLostError:
        """Why the line is dead, in words."""
        if self.pid:
            self._process.join(END_SECONDS)
        code = self._process.exitcode if self.pid else None
        for why, codes in REASONS.items():
            if code in codes:
                return WorkerLostError("{why} {rest}", why=why, rest=GOES_ON)
        return WorkerLostError("{why} {rest}", why=CRASHED, rest=GOES_ON)

    def end(self) -> None:
        """End the process; whatever it does is given up."""
        self._ended = True
        if self._ready.is_set():
            self._kill()

    def _kill(self) -> None:
        with contextlib.suppress(ValueError, AttributeError, OSError):
            self._process.kill()
            self._process.join(END_SECONDS)
