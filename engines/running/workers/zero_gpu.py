"""ZeroGPU, the shared GPUs of Hugging Face Spaces: there an engine runs in a process that has a GPU for some seconds.

The `spaces` package forks that process, uses it for many calls, and sends arguments and what is yielded between the
two. It neither waits until an event was taken nor carries the caller's replies, so those go through a socket of the
call: one byte an event, which tells whether to stop. Without the byte the engine does not go on, as in a pause; when
the caller hangs up, it is closed. Anywhere but on ZeroGPU an engine stays as it is and `spaces` is not needed.
"""

from __future__ import annotations

import contextlib
import functools
import multiprocessing
import os
import socket
import tempfile
import time
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any, TypeVar

from engines.messages import EngineError, Message
from engines.running.events import Event, Events, Note
from engines.running.workers.relay import Ended, Reply, relay, serve

# Seconds of a GPU that one call of an engine asks for; a visitor's quota must have as many left.
TRAINING = 120
DRAWING = 60
WRITING = 60
MARGIN = 15.0  # seconds before these are over at which the engine is told to stop: ZeroGPU ends the process then

Engine = TypeVar("Engine", bound=Callable[..., Events])
Ready = Callable[..., Generator[Event, bool, Any]]


def on_gpu(seconds: int, ready: Ready | None = None) -> Callable[[Engine], Engine]:
    """A decorator: on ZeroGPU an engine runs where the GPU is, at most `seconds` a call; elsewhere it stays as it is.

    `ready`, called with the engine's arguments, is run before a GPU is asked for, such as to fetch a model; if it
    returns None, the person asked to stop and there is no more. Arguments and events must be picklable. An engine
    that was told to stop because its time is over returns why. EngineError where ZeroGPU gives no GPU.
    """
    gpu = _decorator()

    def adapt(engine: Engine) -> Engine:
        if gpu is None:
            return engine

        def at_work(address: str, *args: Any, **kwargs: Any) -> Iterator[Event | Ended]:
            yield from _serve(engine(*args, **kwargs), address, seconds - MARGIN)

        remote = gpu(at_work, duration=seconds)

        @functools.wraps(engine)
        def from_afar(*args: Any, **kwargs: Any) -> Events:
            if ready and (yield from ready(*args, **kwargs)) is None:
                return None
            if (yield Note(Message("Waiting for a GPU"))):
                return None
            return (yield from _relay(lambda address: remote(address, *args, **kwargs)))

        return from_afar

    return adapt


def on_zero_gpu() -> bool:
    """Whether this program runs on ZeroGPU."""
    return os.environ.get("SPACES_ZERO_GPU", "").lower() in ("1", "t", "true")


def lacks_gpu() -> bool:
    """Whether this process must do without the GPU that PyTorch tells of: on ZeroGPU only a forked one has it."""
    return _decorator() is not None and multiprocessing.parent_process() is None


def _decorator() -> Callable[..., Any] | None:
    """spaces.GPU on ZeroGPU, else None; it is imported only there, since it imports PyTorch and changes it."""
    if not on_zero_gpu():
        return None
    try:
        import spaces
    except ImportError:
        return None
    return spaces.GPU


def _relay(remote: Callable[[str], Iterator[Event | Ended]]) -> Events:
    """The caller's side: yields what the engine does, which waits for the reply; returns why it was cut short."""
    with tempfile.TemporaryDirectory(prefix="aigc-playground-gpu-") as folder, contextlib.ExitStack() as stack:
        door = stack.enter_context(socket.socket(socket.AF_UNIX))
        address = str(Path(folder) / "replies")  # in a folder that nobody else may enter
        door.bind(address)
        door.listen(1)
        told = stack.enter_context(contextlib.closing(remote(address)))  # closing it waits until the engine has ended
        lines: list[socket.socket] = []

        def heard() -> Iterator[Event | Ended]:
            for event in _heard(told):
                if not lines and not isinstance(event, Ended):  # it called before it told anything
                    lines.append(stack.enter_context(door.accept()[0]))
                    stack.callback(_hang_up, lines[0])
                yield event

        def answer(stop: bool) -> None:
            lines[0].sendall(b"\1" if stop else b"\0")

        return (yield from relay(heard(), answer))


def _heard(told: Iterator[Event | Ended]) -> Iterator[Event | Ended]:
    """What is told; EngineError with the package's own sentence where ZeroGPU refuses or ends the engine."""
    try:
        for event in told:  # noqa: UP028 - `yield from` would close it before the line is hung up, and wait
            yield event
    except Exception as problem:
        reason = getattr(problem, "message", None)  # it raises gr.Error
        if reason is None:
            raise
        raise EngineError("ZeroGPU, the shared GPU of this Space, says: {reason}", reason=str(reason)) from problem


def _hang_up(line: socket.socket) -> None:
    """End the call: closing is not enough, since processes forked meanwhile hold the socket too."""
    with contextlib.suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)


def _serve(events: Events, address: str, seconds: float) -> Iterator[Event | Ended]:
    """The side of the GPU's process: drives the engine by the caller's replies, and stops it after `seconds`."""
    end = time.monotonic() + seconds
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(address)
        yield from serve(events, lambda: _reply(line, end))


def _reply(line: socket.socket, end: float) -> Reply:
    """What the caller replies until `end`, if anything."""
    seconds = end - time.monotonic()
    if seconds <= 0:
        return Reply.OVER
    line.settimeout(seconds)
    try:
        said = line.recv(1)
    except TimeoutError:  # also of a caller that pauses
        return Reply.OVER
    except OSError:
        return Reply.GONE
    return {b"": Reply.GONE, b"\0": Reply.GO}.get(said, Reply.STOP)
