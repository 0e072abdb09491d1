"""Writes many texts at once: one thread a model adds a token to all of them in each step.

A new text is read in pieces between the steps, so it joins without making the others wait, and leaves when it
ends (continuous batching; Yu et al. 2022, "Orca"). Each has its own settings, seed and end.
"""

from __future__ import annotations

import logging
import secrets
import threading
from collections import deque
from collections.abc import Generator, Sequence
from typing import Any

import torch
from transformers import DynamicCache

from engines.device import give_way, is_out_of_memory, release_memory
from engines.device.cores import Cores
from engines.messages import EngineError
from engines.text_generation.config import TextConfig
from engines.text_generation.model import LanguageModel
from engines.text_generation.requests import Job, Request
from engines.text_generation.sampling import Choice, Sampler, choose

log = logging.getLogger(__name__)

ROWS = 16  # texts written at once
LINE = 64  # texts that may wait
IDLE_SECONDS = 1.0
PIECE = 256  # tokens of a prompt read between two steps


class Batcher:
    """The texts of one model, in its own thread from the first request on."""

    def __init__(self, model: LanguageModel, rows: int = ROWS) -> None:
        self.model, self.limit = model, rows
        self._waiting: deque[Request] = deque()
        self._jobs: deque[Job] = deque()
        self._reading: list[Request] = []
        self._rows: list[Request] = []  # in the order of their rows in the cache
        self._slots = model.new_slots()
        self._seen = torch.zeros(rows, model.vocabulary, dtype=torch.bool, device=model.device)
        control = {*model.ends, *model.codec.control}
        self._control = [number for number in control if number is not None and number < model.vocabulary]
        self._changed = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._serve, name=f"batcher-{model.card.id}", daemon=True)
        self._thread.start()

    # --- for any thread ------------------------------------------------------------------------------------

    def submit(self, ids: Sequence[int], config: TextConfig) -> Request:
        """Start a text; EngineError if too many wait already."""
        request = Request(ids, config, sampler=Sampler(config))
        with self._changed:
            if len(self._waiting) >= LINE:
                raise EngineError("The line is full: {count} texts are waiting.", count=LINE)
            self._waiting.append(request)
            self._changed.notify()
        return request

    def work(self, pieces: Generator[int, None, Any]) -> Job:
        """Start other work with the model, done piece by piece between the steps."""
        job = Job(pieces)
        with self._changed:
            self._jobs.append(job)
            self._changed.notify()
        return job

    def stop(self, wanted: Request | Job) -> None:
        """End a text at the next step, other work after its piece; nothing happens if it has ended."""
        with self._changed:
            wanted.stopped = True
            self._changed.notify()

    def position(self, request: Request) -> int:
        """Place in line from 1, or 0 when it is being read or written."""
        with self._changed:
            return self._waiting.index(request) + 1 if request in self._waiting else 0

    def close(self) -> None:
        """Stop everything and free the memory."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()

    # --- the batcher's thread --------------------------------------------------------------------------------

    @torch.inference_mode()
    def _serve(self) -> None:
        give_way()
        cores = Cores()
        while self._admit(cores):
            cores.share()
            self._round()
        self._fail(EngineError("The model was unloaded."))
        del self.model, self._slots, self._seen

    def _round(self) -> None:
        """One piece of reading, one step of writing, one piece of other work."""
        try:
            self._drop_stopped()
            self._read()
            self._step()
            self._work()
        except Exception as problem:
            self._fail(problem)

    def _busy(self) -> bool:
        return bool(self._closed or self._waiting or self._reading or self._rows or self._jobs)

    def _admit(self, cores: Cores) -> bool:
        """Wait for something to do, and let those in line begin while there are rows; False when closed."""
        with self._changed:
            while not self._changed.wait_for(self._busy, IDLE_SECONDS):
                cores.share()  # so that it is known when the next text comes
            while self._waiting and len(self._rows) + len(self._reading) < self.limit:
                request = self._waiting.popleft()
                request.cache = DynamicCache(config=self.model.network.config)
                self._reading.append(request)
            stopped = [request for request in self._waiting if request.stopped]
            for request in stopped:
                self._waiting.remove(request)
            for request in stopped:
                request.out.put("stopped")
            return not self._closed

    def _drop_stopped(self) -> None:
        for request in [r for r in self._reading if r.stopped]:
            self._reading.remove(request)
            request.out.put("stopped")
        for row in reversed(range(len(self._rows))):
            if self._rows[row].stopped:
                self._leave(row, "stopped")

    def _read(self) -> None:
        """Read one piece of the prompt that has the least left; a text that is read gets a row."""
        if not self._reading:
            return
        request = min(self._reading, key=lambda r: len(r.ids) - r.length)
        piece = request.ids[request.length : request.length + PIECE]
        logits = self.model.read(piece, request.cache)
        request.length += len(piece)
        if request.length < len(request.ids):
            return
        row = len(self._rows)
        self._slots.reserve(row + 1, min(request.room, self.model.context), request.cache)
        self._slots.put(row, request.cache)
        request.cache = None
        self._seen[row] = False
        self._seen[row, torch.tensor(request.ids, device=self._seen.device)] = True
        self._seen[row, self._control] = False  # else a chat of several turns would not end any more
        self._reading.remove(request)
        self._rows.append(request)
        self._write(choose(logits, self._seen[row : row + 1], [request.sampler]), first=row)

    def _step(self) -> None:
        """Add a token to every row."""
        if not self._rows:
            return
        logits = self.model.step([r.last for r in self._rows], [r.length for r in self._rows], self._slots)
        for request in self._rows:
            request.length += 1
        samplers = [request.sampler for request in self._rows]
        seen = self._seen[: len(samplers)] if any(s.penalty != 1 for s in samplers) else None
        self._write(choose(logits, seen, samplers), first=0)

    def _work(self) -> None:
        """Do one piece of the oldest job."""
        if not self._jobs:
            return
        job = self._jobs[0]
        try:
            if not job.stopped:
                job.done = next(job.pieces)
                return
            result: Any = "stopped"
        except StopIteration as end:
            result = end.value
        except Exception as problem:
            result = _explained(problem)
        self._jobs.popleft().pieces.close()
        job.out.put(result)

    def _write(self, choices: list[Choice], first: int) -> None:
        """Hand each row its token, from row `first` on; rows that are complete leave."""
        self._seen[
            torch.arange(first, first + len(choices)), torch.tensor([choice.token_id for choice in choices])
        ] = True
        for row in reversed(range(first, first + len(choices))):
            request, choice = self._rows[row], choices[row - first]
            if choice.token_id in self.model.ends:
                self._leave(row, "end")
                continue
            request.out.put(choice)
            request.last = choice.token_id
            request.written += 1
            if request.written >= request.config.max_new_tokens:
                self._leave(row, "length")
            elif request.length + 1 > self.model.context:  # the newest token can't be read any more
                self._leave(row, "context")

    def _leave(self, row: int, reason: str) -> None:
        """End a row's text; the last row takes its place."""
        self._rows[row].out.put(reason)
        moved = self._rows.pop()
        if row < len(self._rows):
            self._rows[row] = moved
            self._slots.move(len(self._rows), row, moved.length)
            self._seen[row] = self._seen[len(self._rows)]

    def _fail(self, problem: Exception) -> None:
        """End all texts with an error and begin afresh with an empty cache."""
        error = _explained(problem)
        with self._changed:
            waiting, jobs = (list(self._waiting), list(self._jobs)) if self._closed else ([], [])
        for request in [*self._rows, *self._reading, *waiting]:
            request.cache = None
            request.out.put(error)
        for job in jobs:
            job.out.put(error)
        self._rows, self._reading = [], []
        self._slots = self.model.new_slots()
        release_memory()


def _explained(problem: Exception) -> EngineError:
    """The error that a person is told."""
    if isinstance(problem, EngineError):
        return problem
    if is_out_of_memory(problem):
        return EngineError("The device ran out of memory. Use a shorter text, fewer new tokens or a smaller model.")
    reference = secrets.token_hex(3)
    log.error("the model failed (reference %s)", reference, exc_info=problem)
    return EngineError("Something went wrong inside the program (reference {reference}).", reference=reference)
