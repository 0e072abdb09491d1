"""A stand-in for the `spaces` package on ZeroGPU: the same processes, queues and threads, without a GPU.

As in spaces 0.51: the worker is forked at the first call and used again, arguments and yielded values are pickled
through queues, the worker never waits until a value was taken, replies do not reach it, and what a task raises
comes out as an error that names its class only.
"""

from __future__ import annotations

import functools
import multiprocessing
import queue
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType
from typing import Any

FORK = multiprocessing.get_context("fork")


class GradioError(Exception):
    """What `spaces` raises is a gr.Error: it has a message."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class Worker:
    """A process that runs one generator after the other."""

    def __init__(self, task: Callable[..., Iterator[Any]]) -> None:
        self.calls, self.results, self.stop = FORK.SimpleQueue(), FORK.SimpleQueue(), FORK.Event()
        self.process = FORK.Process(target=self._work, args=(task,), daemon=True)
        self.process.start()

    def _work(self, task: Callable[..., Iterator[Any]]) -> None:
        while True:
            args, kwargs = self.calls.get()
            self.stop.clear()
            with ThreadPoolExecutor() as threads:
                threads.submit(self._iterate, task(*args, **kwargs))
            self.results.put(("end", None))

    def _iterate(self, values: Iterator[Any]) -> None:
        while True:
            try:
                value = next(values)
            except StopIteration:
                return
            except Exception as problem:
                return self.results.put(("error", type(problem).__name__))
            if self.stop.is_set():
                return values.close()
            self.results.put(("value", value))


class FakeSpaces(ModuleType):
    """The module; it also remembers what a test wants to know."""

    def __init__(self) -> None:
        super().__init__("spaces")
        self.durations: list[int] = []
        self.workers: list[Worker] = []
        self.refusal = ""  # the sentence with which a GPU is refused

    def GPU(self, task: Callable[..., Iterator[Any]], duration: int) -> Callable[..., Iterator[Any]]:
        """The decorator of a generator function."""
        self.durations.append(duration)
        idle: list[Worker] = []

        @functools.wraps(task)
        def handler(*args: Any, **kwargs: Any) -> Iterator[Any]:
            if self.refusal:
                raise GradioError(self.refusal)
            worker = idle.pop() if idle else Worker(task)
            if worker not in self.workers:
                self.workers.append(worker)
            worker.calls.put((args, kwargs))
            taken: queue.Queue[tuple[str, Any]] = queue.Queue()

            def fill() -> None:
                kind = ""
                while kind not in ("end", "error"):
                    kind, value = _get(worker)
                    if kind == "end":
                        idle.append(worker)
                    taken.put((kind, value))

            with ThreadPoolExecutor(1) as threads:
                threads.submit(fill)
                try:
                    while (got := taken.get())[0] == "value":
                        yield got[1]
                except GeneratorExit:
                    worker.stop.set()
                    raise
            if got[0] == "error":
                raise GradioError(got[1])

        return handler

    def end(self) -> None:
        """End the processes."""
        for worker in self.workers:
            worker.process.kill()
            worker.process.join()


def _get(worker: Worker) -> tuple[str, Any]:
    """The worker's next result, or an error once it has died."""
    while not worker.results._reader.poll(0.05):
        if not worker.process.is_alive():
            return "error", "GPU task aborted"
    return worker.results.get()
