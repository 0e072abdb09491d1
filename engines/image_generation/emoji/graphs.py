"""A small network's forward pass as a CUDA graph: the GPU is told of its hundred operations at once."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

log = logging.getLogger(__name__)


@dataclass
class _Graph:
    """A captured pass for one shape: fill `inputs`, replay, read `output`."""

    graph: torch.cuda.CUDAGraph
    inputs: tuple[Tensor, ...]
    output: Tensor


class Graphed:
    """A function of tensors on the GPU, captured once for each shape of its inputs; eager once a capture fails."""

    def __init__(self, function: Callable[..., Tensor]) -> None:
        self.function, self.works = function, True
        self._graphs: dict[tuple[torch.Size, ...], _Graph] = {}

    def __call__(self, *inputs: Tensor) -> Tensor:
        shapes = tuple(tensor.shape for tensor in inputs)
        if self.works and shapes not in self._graphs:
            self._capture(shapes, inputs)
        captured = self._graphs.get(shapes)
        if captured is None:
            return self.function(*inputs)
        for kept, tensor in zip(captured.inputs, inputs, strict=True):
            kept.copy_(tensor)
        captured.graph.replay()
        return captured.output.clone()  # the next replay writes over it

    def _capture(self, shapes: tuple[torch.Size, ...], inputs: tuple[Tensor, ...]) -> None:
        inputs = tuple(tensor.clone() for tensor in inputs)
        try:
            side = torch.cuda.Stream()
            side.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(side):
                for _ in range(2):  # kernels are chosen and workspaces made before the capture
                    self.function(*inputs)
            torch.cuda.current_stream().wait_stream(side)
            graph = torch.cuda.CUDAGraph()
            # other threads, such as a GAN's training, may go on using the GPU
            with torch.cuda.graph(graph, capture_error_mode="thread_local"):
                output = self.function(*inputs)
        except torch.OutOfMemoryError:
            raise
        except RuntimeError:
            log.exception("no CUDA graph; going on without")
            self.works = False
            return
        self._graphs[shapes] = _Graph(graph, inputs, output)
