"""Gradients of a batch as CUDA graphs: the GPU is told of thousands of small operations at once.

A small encoder's step is otherwise bound by the time Python takes to start each operation (LOG.md, 2026-11-26).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

log = logging.getLogger(__name__)

WARM_UP = 2  # eager runs of a shape, in which kernels are chosen and workspaces made before its capture
MOST = 12  # graphs that are kept; each holds the activations of its shape

Gradients = tuple[list[Tensor], Tensor]
Key = tuple[int | torch.Size, ...]
Work = Callable[[Sequence[Tensor]], Gradients]


@dataclass
class _Graph:
    """A captured computation: fill `inputs`, replay, read `found`."""

    graph: torch.cuda.CUDAGraph
    inputs: list[Tensor]
    found: Gradients


class GraphedGradients:
    """`work(inputs)` through a graph for each shape of the inputs; eagerly where one can't be captured.

    What it returns is overwritten by the next call. All randomness must come from the generator of the call.
    """

    def __init__(self, work: Work) -> None:
        self.work, self.works = work, True
        self._graphs: dict[Key, _Graph] = {}
        self._seen: dict[Key, int] = {}
        self._pool: tuple[int, int] | None = None  # one graph is replayed at a time, so all share memory

    def __call__(self, inputs: Sequence[Tensor], generator: torch.Generator) -> Gradients:
        """What `work` gives for these inputs, with the generator as it is."""
        key = (id(generator), *(each.shape for each in inputs))
        if key not in self._graphs and self.works:
            self._seen[key] = self._seen.get(key, 0) + 1
            if self._seen[key] <= WARM_UP or len(self._graphs) >= MOST:
                return self._eagerly(inputs)
            state = generator.get_state()
            self._capture(key, inputs, generator)
            generator.set_state(state)  # what was captured did not run
        if not self.works:
            return self.work(inputs)
        graph = self._graphs[key]
        for place, value in zip(graph.inputs, inputs, strict=True):
            place.copy_(value, non_blocking=True)
        graph.graph.replay()
        return graph.found

    def _eagerly(self, inputs: Sequence[Tensor]) -> Gradients:
        """On a side stream, as a capture wants it of what comes before."""
        here, side = torch.cuda.current_stream(), torch.cuda.Stream()
        side.wait_stream(here)
        with torch.cuda.stream(side):
            found = self.work(inputs)
        here.wait_stream(side)
        return found

    def _capture(self, key: Key, inputs: Sequence[Tensor], generator: torch.Generator) -> None:
        graph, own = torch.cuda.CUDAGraph(), [each.clone() for each in inputs]
        self._pool = self._pool or torch.cuda.graph_pool_handle()
        try:
            graph.register_generator_state(generator)
            # other runs go on meanwhile
            with torch.cuda.graph(graph, pool=self._pool, capture_error_mode="thread_local"):
                found = self.work(own)
        except RuntimeError:
            log.warning("no CUDA graph of fine-tuning; going on without", exc_info=True)
            self.works = False
        else:
            self._graphs[key] = _Graph(graph, own, found)
