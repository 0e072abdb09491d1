"""The gradients of a batch as CUDA graphs: the GPU is told of a thousand small operations at once.

A small encoder's step is otherwise bound by the time Python takes to start each operation.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

log = logging.getLogger(__name__)

WARM_UP = 2  # eager steps of a shape before it is captured: kernels are chosen and workspaces made
Found = tuple[list[Tensor], Tensor]  # gradients, and what `signals` adds up
Work = Callable[[tuple[Tensor, ...], Tensor], Found]  # inputs and truth -> that
Shapes = tuple[torch.Size, ...]


@dataclass
class _Graph:
    graph: torch.cuda.CUDAGraph
    inputs: tuple[Tensor, ...]
    truth: Tensor
    found: Found


class GraphedWork:
    """`work` through graphs, one for each shape of its inputs; eagerly where capturing fails.

    What it returns is overwritten by the next call.
    """

    def __init__(self, work: Work) -> None:
        self.work, self.works = work, True
        self._seen: Counter[Shapes] = Counter()
        self._graphs: dict[Shapes, _Graph] = {}
        self._pool: tuple[int, int] | None = None  # one graph is replayed at a time, so they may share memory

    def __call__(self, inputs: tuple[Tensor, ...], truth: Tensor, noise: torch.Generator) -> Found:
        """The work's result; `noise` is the generator that it draws from."""
        shapes = tuple(x.shape for x in inputs)
        if self.works and shapes not in self._graphs and self._seen[shapes] >= WARM_UP:
            self._capture(shapes, inputs, truth, noise)
        captured = self._graphs.get(shapes)
        if captured is None:
            self._seen[shapes] += 1
            return self._aside(inputs, truth)
        for held, new in zip((*captured.inputs, captured.truth), (*inputs, truth), strict=True):
            held.copy_(new, non_blocking=True)
        captured.graph.replay()
        return captured.found

    def _aside(self, inputs: tuple[Tensor, ...], truth: Tensor) -> Found:
        """Eagerly on a stream of its own, as PyTorch asks for before a capture."""
        here, side = torch.cuda.current_stream(), torch.cuda.Stream()
        side.wait_stream(here)
        with torch.cuda.stream(side):
            found = self.work(inputs, truth)
        here.wait_stream(side)
        return found

    def _capture(self, shapes: Shapes, inputs: tuple[Tensor, ...], truth: Tensor, noise: torch.Generator) -> None:
        """Records the work without doing it."""
        held, held_truth = tuple(x.clone() for x in inputs), truth.clone()
        try:
            graph = torch.cuda.CUDAGraph()
            self._pool = self._pool or torch.cuda.graph_pool_handle()
            graph.register_generator_state(noise)
            # other threads may go on using the GPU
            with torch.cuda.graph(graph, pool=self._pool, capture_error_mode="thread_local"):
                found = self.work(held, held_truth)
        except torch.OutOfMemoryError:
            raise
        except RuntimeError:
            log.warning("CUDA graph capture failed; fine-tuning goes on without", exc_info=True)
            self.works = False
            return
        self._graphs[shapes] = _Graph(graph, held, held_truth, found)
