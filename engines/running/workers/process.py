"""What runs in a worker process: it serves any number of calls, each in a thread, until the page's process is gone."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection, Listener, wait
from pathlib import Path
from typing import Any

from engines.running.events import Events
from engines.running.workers.relay import Reply, serve

MEGABYTE = 1 << 20
OUT_OF_MEMORY = 77  # the exit code of a worker that has none left


def work(door: Connection, environ: Mapping[str, str], niceness: int, memory_mb: int) -> None:
    """The main function of a worker: tells `door` where it listens, and serves who calls there."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the page, which then ends its workers in order
    os.environ.clear()  # a forkserver's is that of the time of its own start
    os.environ.update(environ)
    _take_place(niceness, memory_mb)
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()
    with Listener(authkey=multiprocessing.current_process().authkey) as listener:
        door.send(listener.address)
        door.close()
        while True:
            with contextlib.suppress(OSError, EOFError, multiprocessing.AuthenticationError):
                threading.Thread(target=_answer, args=(listener.accept(),), daemon=True).start()


def _take_place(niceness: int, memory_mb: int) -> None:
    """Come after the page's process, in computing and when the kernel looks for memory; keep to a limit of memory."""
    with contextlib.suppress(OSError, AttributeError):
        os.nice(niceness)
    with contextlib.suppress(OSError):  # Linux: of all processes the page's is the last to be ended
        Path("/proc/self/oom_score_adj").write_text("500")
    if memory_mb:
        with contextlib.suppress(ImportError, OSError, ValueError):
            import resource

            most = _data_bytes() + memory_mb * MEGABYTE
            resource.setrlimit(resource.RLIMIT_DATA, (most, most))


def _data_bytes() -> int:
    """What the libraries take that were there before the worker; 0 where the system does not tell."""
    try:
        return 1024 * int(Path("/proc/self/status").read_text().split("VmData:")[1].split()[0])
    except (OSError, IndexError, ValueError):
        return 0


def _end_with_parent() -> None:
    """Whatever happened to the page's process, nothing of it is left running."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def _answer(line: Connection) -> None:
    """Serve one call: (engine, its arguments), then an event for each reply."""

    def reply() -> Reply:
        try:
            return Reply.STOP if line.recv() else Reply.GO
        except (EOFError, OSError):
            return Reply.GONE

    try:
        with line, contextlib.suppress(EOFError, OSError):  # the caller may hang up at any time
            engine, args = line.recv()
            for event in serve(engine(*args), reply):
                line.send(event)
    except MemoryError:  # too little is left even to say so
        os._exit(OUT_OF_MEMORY)


def once(function: Callable[..., Any], *args: Any) -> Events:
    """A function as an engine without events."""
    return function(*args)
    yield
