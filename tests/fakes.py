"""Engines that need no model, and small helpers, shared by the tests."""

from __future__ import annotations

import itertools
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from engines.knobs import Config, knob, seed_knob
from engines.messages import EngineError, Message
from engines.running.board import Board
from engines.running.events import (
    Bars,
    Caption,
    Events,
    Ground,
    Metrics,
    Note,
    Plane,
    Progress,
    Reference,
    Samples,
    Scatter,
    Shares,
    Sheet,
    Verdict,
    Weights,
    Written,
)


@dataclass(frozen=True)
class FakeConfig(Config):
    """One knob of each kind."""

    steps: int = knob(10, "Steps", "How many.", low=1, high=1_000_000, step=1)
    rate: float = knob(0.1, "Learning rate", "How far.", low=1e-6, high=1.0, more=True)
    mode: str = knob("a", "Objective", "Which.", choices={"a": "First", "b": "Second"})
    size: int = knob(28, "Image size", "How wide.", choices={28: "28 px", 64: "64 px"})
    name: str = knob("", "Prompt", "What.", max_length=20)
    loud: bool = knob(False, "EMA", "Whether.")
    seed: int = seed_knob()


def pictures(count: int = 4, size: int = 8, channels: int = 1, value: int = 100) -> np.ndarray:
    """uint8 [count, size, size, channels] of one value."""
    return np.full((count, size, size, channels), value, np.uint8)


def counting(steps: int, gate: threading.Semaphore | None = None) -> Events:
    """An engine that counts; with a gate it makes one step for each release."""
    stop = yield Note(Message("Counting"))
    step = 0
    while step < steps and not stop:
        if gate:
            gate.acquire()
        step += 1
        yield Metrics(step, {"Loss_D": 1.0 / step})
        stop = yield Progress(step, steps)
    yield Samples(step, pictures())
    yield Weights(step, {"w": np.arange(3, dtype=np.float32)}, {"channels": 1, "class_names": []})


def failing(problem: Exception) -> Events:
    """An engine that makes one picture and fails."""
    yield Samples(1, pictures())
    raise problem


def full_board() -> Board:
    """A finished run with a bit of everything."""
    board = Board("fake", FakeConfig(seed=7).to_dict())
    board.fold(Reference(pictures(value=200)))
    for step in range(1, 31):
        board.fold(Metrics(step, {"Loss_D": 1 / step, "Loss_G": float(step), "D(x)": 0.5, "D(G(z))": 0.5}))
        board.fold(Progress(step, 30, {"{n} pictures": 64 * step}))
        board.fold(Samples(step, pictures(value=8 * step)))
    board.fold(Metrics(30, {"Fréchet distance": 12.5, "Diversity": 0.9}, "scores"))
    board.fold(Caption("scores", Message("Measured in {n} features", n=64)))
    board.fold(Shares("Classes", ("cat", "dog"), (0.25, 0.75)))
    board.fold(Sheet("Pairs", 30, pictures(6, channels=3), 3, Message("Above {n}, below {n}", n=3)))
    board.fold(Bars("Loss by noise level", ("0.1", "0.9"), (1.5, 0.25), "nats"))
    points = np.array([[0.5, -1.0], [2.0, 3.0]], np.float32)
    board.fold(Scatter("Map", points, np.array([1, 0]), ("cat", "dog")))
    board.fold(Ground(np.zeros((4, 2), np.uint16), np.zeros((2, 2), np.uint16), 0.1))
    for step in (10, 20, 30):
        board.fold(Plane(step, np.full((3, 2), step, np.uint16), np.array([1, 0], np.uint8)))
    for step in (10, 20, 30):
        board.fold(Written(step, (f"春{step}，", "b"), ("春", "")))
    board.fold(Verdict("healthy", Message("Good"), Message("{n} steps", n=30), Message("Go on")))
    board.fold(Weights(30, {"w": np.arange(3, dtype=np.float32)}, {"channels": 1, "class_names": []}))
    board.set_state("finished")
    return board


def free_port() -> int:
    """A port at which nobody listens. Left to Gradio, two test processes would try the same one at the same time."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def wait_until(true: Callable[[], bool], seconds: float = 10.0) -> None:
    """Return once `true()`; AssertionError after `seconds`."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.005)


FULL_DISK = OSError(28, "No space left on device")
REFUSED = EngineError("It is raining; try again when it is dry.")


def endless() -> Events:
    """Work without an end."""
    for step in itertools.count(1):
        time.sleep(0.005)  # what is said faster than it is heard is heard after the process's death, too
        yield Progress(step, step)
