"""How to compute on this machine: tried out with the network at hand, kept, and decided here for every engine.

Which number type, how many threads and lanes and which memory layout is fastest differs by processor, by network and
by what else runs (tests/benchmarks/LOG.md). What was measured is kept in the cache, so that the next run of the same
settings computes alike and its seed repeats. `python -m engines.device` prints it.
"""

from __future__ import annotations

import contextlib
import functools
import json
import logging
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import torch
from filelock import FileLock, Timeout

from engines.messages import Message
from engines.weights import cache_folder

log = logging.getLogger(__name__)

SECONDS = 1.0  # for all that is tried, after a first step of each
ROUNDS = 12  # steps of each at most, so that a small network is done at once
HOPELESS = 2.0  # times as long as the fastest, after the first steps: not tried further
MARGIN = 1.05  # times faster than the first of the tries: less may be chance
LAYOUTS = {"channels_last": torch.channels_last, "contiguous": torch.contiguous_format}
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


@dataclass(frozen=True)
class Choice:
    """One way to compute."""

    dtype: str = "float32"  # of the multiplications
    threads: int = 1  # of PyTorch, in each lane
    lanes: int = 1  # parts of a step side by side
    layout: str = "channels_last"  # of pictures in memory
    milliseconds: float = field(default=0.0, compare=False)  # of a step as measured; 0 if it was not

    @property
    def type(self) -> torch.dtype:
        """The number type as PyTorch's own."""
        return DTYPES[self.dtype]

    @property
    def memory_format(self) -> torch.memory_format:
        """The layout as PyTorch's own."""
        return LAYOUTS[self.layout]

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Choice:
        """The inverse of to_dict; ValueError for anything else, such as a damaged file."""
        try:
            choice = cls(**{item.name: type(item.default)(values[item.name]) for item in fields(cls)})
        except (KeyError, TypeError) as problem:
            raise ValueError("not a way to compute") from problem
        if choice.dtype not in DTYPES or choice.layout not in LAYOUTS or min(choice.threads, choice.lanes) < 1:
            raise ValueError("not a way to compute")
        return choice

    def describe(self, device: str = "cpu") -> Message:
        """For "Settings of this run"."""
        if device != "cpu":
            return Message("{type}, on the GPU", type=self.dtype)
        values = {"type": self.dtype, "threads": self.threads, "lanes": self.lanes}
        if not self.milliseconds:
            return Message("{type}, threads: {threads}, lanes: {lanes}", **values)
        return Message(
            "{type}, threads: {threads}, lanes: {lanes}, layout: {layout}; {ms} ms a step when it was measured",
            **values,
            layout=self.layout,
            ms=f"{self.milliseconds:.3g}",
        )


Trial = Callable[[Choice], Callable[[], Any]]  # makes a throw-away copy that computes so; returns its step


def ways(free: int, lanes: int = 1, layouts: Sequence[str] = ("channels_last",)) -> list[Choice]:
    """What is worth trying on this CPU while others leave `free` cores, the most careful one first.

    Lanes meet twice a step and bear a busy machine, threads meet after every operation and do not.
    """
    counts = [n for n in (1, 2, 4, 8) if n <= max(1, free // 2)] + ([free] if 1 < free <= 8 else [])
    plans = [(1, lanes)] if lanes > 1 else []
    plans += [(threads, 1) for threads in dict.fromkeys(counts)]
    plans += [(threads, lanes) for threads in (2, 4) if lanes > 1 and threads * lanes <= free]
    types = ["float32"] + ["bfloat16"] * multiplies_bfloat16()
    return [Choice(t, n, k, layout) for layout in layouts for t in types for n, k in plans]


def multiplies_bfloat16() -> bool:
    """Whether this CPU has instructions for it; without them it was never faster than float32."""
    return torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported()


def choose(job: str, shapes: str, tries: Sequence[Choice], trial: Trial, free: int = 1) -> Choice:
    """The fastest of `tries` for a job with these shapes while others leave `free` cores.

    What was measured before on such a processor, with this PyTorch and as many free cores, is taken as it is.
    Otherwise each is tried, a second or two in all. A cache that cannot be written only means measuring again.
    """
    if len(tries) == 1:
        return tries[0]
    key = " | ".join((job, shapes, processor(), f"torch {torch.__version__}", f"{free} free"))
    found = kept().get(key)
    if found is not None:
        with contextlib.suppress(ValueError, KeyError, TypeError):
            choice = Choice.from_dict(found["choice"])
            if choice in tries:
                return choice
    measured = measure(tries, trial)
    first = next(choice for choice in measured if choice == tries[0])
    best = measured[0] if measured[0].milliseconds * MARGIN < first.milliseconds else first
    _keep(key, {"choice": best.to_dict(), "tried": [choice.to_dict() for choice in measured]})
    return best


def measure(tries: Sequence[Choice], trial: Trial) -> list[Choice]:
    """The tries with the milliseconds that a step of each takes, fastest first; they take turns under one load."""
    steps: dict[Choice, Callable[[], Any]] = {}
    times: dict[Choice, list[float]] = {}
    for choice in tries:
        with threads(choice.threads):
            steps[choice] = trial(choice)
            steps[choice]()  # makes what later steps find made
            times[choice] = [_seconds(steps[choice])]
    end = time.monotonic() + SECONDS
    for turn in range(ROUNDS):
        best = min(map(statistics.median, times.values()))
        for choice, step in steps.items():
            if (turn > 1 and statistics.median(times[choice]) > HOPELESS * best) or times[choice][0] > 5 * best:
                continue
            with threads(choice.threads):
                times[choice].append(_seconds(step))
        if time.monotonic() > end:
            break
    measured = [replace(c, milliseconds=round(1000 * statistics.median(t), 3)) for c, t in times.items()]
    return sorted(measured, key=lambda choice: choice.milliseconds)


def processor() -> str:
    """What the processor calls itself, and how many cores there are."""
    return f"{_model_name()} x{os.cpu_count() or 1}"


@functools.lru_cache
def _model_name() -> str:
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                low = "AMX" if torch.cpu._is_amx_tile_supported() else ""
                low = low or ("AVX512-BF16" if torch.cpu._is_avx512_bf16_supported() else "")
                return " ".join((*line.split(":", 1)[1].split(), *low.split()))  # virtual ones hide their kind
    return platform.processor() or platform.machine()


def kept() -> dict[str, Any]:
    """What was measured before, by what it was measured for; empty where nothing can be read."""
    try:
        found = json.loads(_file().read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _file() -> Path:
    return cache_folder() / "computing.json"


def _keep(key: str, found: dict[str, Any]) -> None:
    path = _file()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{path}.lock", timeout=5):
            text = json.dumps(kept() | {key: found}, indent=1)
            with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=".computing-", delete=False) as new:
                new.write(text)
            os.replace(new.name, path)
    except (OSError, Timeout) as problem:
        log.info("how to compute is measured again next time: %s", problem)


def _seconds(step: Callable[[], Any]) -> float:
    began = time.perf_counter()
    step()
    return time.perf_counter() - began


@contextlib.contextmanager
def threads(count: int) -> Iterator[None]:
    """PyTorch's threads of this thread meanwhile."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


class Pace:
    """Tells when steps take far longer than was measured: others need the cores now."""

    SLOW, PATIENCE = 2.0, 4.0  # times as long; seconds of computing

    def __init__(self, choice: Choice) -> None:
        self._expected = choice.milliseconds / 1000
        self._slow = self._seconds = 0.0
        self._steps = 0

    def add(self, seconds: float) -> bool:
        """One step took so long; whether it has been too slow for PATIENCE seconds on end."""
        self._seconds, self._steps = self._seconds + seconds, self._steps + 1
        if not self._expected or self._seconds < 0.5:
            return False
        slow = self._seconds > self.SLOW * self._expected * self._steps
        self._slow = self._slow + self._seconds if slow else 0.0
        self._seconds, self._steps = 0.0, 0
        return self._slow >= self.PATIENCE
