"""One decoding step as a CUDA graph: the GPU is told of hundreds of small operations at once.

A small model's step is otherwise bound by the time Python takes to start each operation.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from engines.text_generation.slots import SlotCache

log = logging.getLogger(__name__)


@dataclass
class _Graph:
    """A captured step for a number of rows and a length: fill `inputs`, replay, read `logits`."""

    graph: torch.cuda.CUDAGraph
    inputs: Tensor  # int64 [3, rows]: token, tokens held, place of the new one
    logits: Tensor


class GraphedStep:
    """A model's `forward_step` through graphs, one for each power of two of rows; None once one fails."""

    def __init__(self, forward: Callable[[Tensor, Tensor, SlotCache], Tensor], device: torch.device) -> None:
        self.forward, self.device = forward, device
        self.works = True
        self._graphs: dict[int, _Graph] = {}
        self._pool = torch.cuda.graph_pool_handle()  # one is replayed at a time, so they may share memory
        self._shape: tuple[int, int] | None = None  # rows and length of the cache that the graphs write to

    def __call__(self, tokens: Sequence[int], lengths: Sequence[int], slots: SlotCache) -> Tensor | None:
        if self._shape != (slots.rows, slots.length):  # the cache has grown, so its tensors are new ones
            self._graphs.clear()
            self._pool = torch.cuda.graph_pool_handle()  # a pool ends with the last of its graphs
            self._shape = (slots.rows, slots.length)
        count = len(tokens)
        rows = 1 << (count - 1).bit_length()  # rows not in use get token 0 at place 0 of their own
        idle = [0] * (rows - count)
        held = [*lengths, *idle]
        places = [row * slots.length + length for row, length in enumerate(held)]
        inputs = torch.tensor([[*tokens, *idle], held, places], pin_memory=True)
        graph = self._graphs.get(rows) or self._capture(rows, inputs, slots)
        if graph is None:
            return None
        graph.inputs.copy_(inputs, non_blocking=True)
        graph.graph.replay()
        return graph.logits[:count]

    def _capture(self, rows: int, values: Tensor, slots: SlotCache) -> _Graph | None:
        """Capture the step for so many rows; None, and `works` is false from then on, if that fails."""
        inputs = values.to(self.device)

        def run() -> Tensor:
            slots.seen, slots.places = slots.length, inputs[2]
            return self.forward(inputs[0], inputs[1], slots)

        try:
            side = torch.cuda.Stream()
            side.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(side):
                for _ in range(2):  # kernels are chosen and workspaces made before the capture
                    run()
            torch.cuda.current_stream().wait_stream(side)
            graph = torch.cuda.CUDAGraph()
            # other threads, such as a GAN's training, may go on using the GPU
            with torch.cuda.graph(graph, pool=self._pool, capture_error_mode="thread_local"):
                logits = run()
        except torch.OutOfMemoryError:
            raise
        except RuntimeError:
            log.exception("no CUDA graph; going on without")
            self.works = False
            return None
        self._graphs[rows] = _Graph(graph, inputs, logits)
        return self._graphs[rows]
