"""Where and how a family's trainer computes; what it learns is its own. A family may do without, see family.py."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from engines.device import keep_freed_memory, usual
from engines.device.tuning import Choice
from engines.live_training.team import Team, stream_seed
from engines.messages import ConfigError

log = logging.getLogger(__name__)

Optimiser = TypeVar("Optimiser", bound=torch.optim.Optimizer)
WARM_UP = 3  # eager steps on CUDA before a graph of one is captured


def check_images(images: np.ndarray, size: int) -> None:
    """Raises ValueError unless they are uint8 [N, size, size, C]."""
    if images.dtype != np.uint8 or images.shape[1:3] != (size, size):
        raise ValueError(f"images must be uint8 [N, {size}, {size}, C]")


class BaseTrainer:
    """Device, team, number type, threads, lanes, memory layout and CUDA graph. Not for use by two threads at once.

    A subclass calls this __init__, makes its networks in the layout of `choice`, and then calls `use(self.choice)`.
    """

    def __init__(
        self, config: Any, device: str | torch.device, team: Team | None = None, choice: Choice | None = None
    ) -> None:
        """`choice` is how to compute; else it is the usual way. ConfigError for a batch that the team can't share."""
        self.config, self.device, self.team = config, torch.device(device), team
        self.batch = config.batch // (team.size if team else 1)
        if team and config.batch % team.size:
            raise ConfigError("Batch size must be a multiple of {count}, the number of processes.", count=team.size)
        if self.device.type == "cpu":
            keep_freed_memory()
        self.rng = torch.Generator(self.device).manual_seed(stream_seed(config.seed, team))
        self.choice = choice or usual(self.device, team.local_size if team else 1)
        self.steps, self.planned = 0, config.steps
        self._together = team is not None and team.size > 1
        self._second_lane: ThreadPoolExecutor | None = None
        self._graph: torch.cuda.CUDAGraph | None = None
        self._warm_up = WARM_UP

    @property
    def done(self) -> float:
        """How far the training has come, from 0 to 1; a race plans its steps by its pace."""
        return min(1.0, self.steps / self.planned)

    def nets(self) -> dict[str, nn.Module]:
        """All networks by name, for checkpoints."""
        raise NotImplementedError

    def optimisers(self) -> dict[str, torch.optim.Optimizer]:
        """All optimisers by name, for checkpoints."""
        raise NotImplementedError

    def use(self, choice: Choice) -> None:
        """Compute so from the next step on, in the thread that calls this."""
        other_layout = choice.layout != self.choice.layout
        self.choice, self.dtype = choice, choice.type
        if self._second_lane:
            self._second_lane.shutdown()
            self._second_lane = None
        if self.device.type == "cpu":
            torch.set_num_threads(choice.threads)
            if choice.lanes > 1 and self._may_part() and not self._together:
                self._second_lane = ThreadPoolExecutor(1, "lane", torch.set_num_threads, (choice.threads,))
        if other_layout:
            self._lay_out(choice.memory_format)

    def begin_anew(self) -> None:
        """To be called when weights and optimisers were replaced: a captured graph is of the old ones."""
        self._graph, self._warm_up = None, WARM_UP

    def _with_changing_rate(self, optimiser: Optimiser) -> Optimiser:
        """The optimiser itself; on CUDA its rate becomes a tensor, which a captured graph reads anew."""
        if self.device.type == "cuda":
            for group in optimiser.param_groups:
                group["lr"] = torch.tensor(group["lr"], device=self.device)
        return optimiser

    def _set_rate(self, optimiser: torch.optim.Optimizer, rate: float) -> None:
        """Learn at this rate from the next step on."""
        for group in optimiser.param_groups:
            if isinstance(group["lr"], Tensor):
                group["lr"].fill_(rate)
            else:
                group["lr"] = rate

    def _may_part(self) -> bool:
        """Whether a step can have its batch in two lanes."""
        return True

    def _lay_out(self, layout: torch.memory_format) -> None:
        """Networks, and Adam's moments, whose fused kernels take it that both lie alike."""
        for net in self.nets().values():
            net.to(memory_format=layout)
        for optimiser in self.optimisers().values():
            for weight, moments in optimiser.state.items():
                moments |= {name: torch.empty_like(weight).copy_(m) for name, m in moments.items() if m.dim()}

    def _autocast(self) -> AbstractContextManager:
        # A CUDA graph must hold the casts itself, so nothing may be cached across its borders.
        return torch.autocast(self.device.type, self.dtype, enabled=self.dtype != torch.float32, cache_enabled=False)

    def _update(self) -> None:
        """One step, of which a graph can be captured: it waits for no number."""
        raise NotImplementedError

    def _step_cuda(self) -> None:
        """A few eager steps on a side stream, then one CUDA graph of the whole step, replayed."""
        if self._together:
            self._update()  # a graph with messages inside would tie the mates' replays together
            return
        if self._graph is not None:
            self._graph.replay()
            return
        side = torch.cuda.Stream(self.device)
        side.wait_stream(torch.cuda.current_stream(self.device))
        with torch.cuda.stream(side):
            self._update()
        torch.cuda.current_stream(self.device).wait_stream(side)
        self._warm_up -= 1
        if self._warm_up == 0:
            self._capture()

    def _capture(self) -> None:
        """Records a step without running it. Where that fails, steps go on eagerly."""
        graph = torch.cuda.CUDAGraph()
        try:
            graph.register_generator_state(self.rng)
            for optimiser in self.optimisers().values():
                optimiser.zero_grad()
            with torch.cuda.graph(graph, capture_error_mode="thread_local"):  # other runs go on meanwhile
                self._update()
        except RuntimeError:
            log.warning("CUDA graph capture failed; training goes on without", exc_info=True)
        else:
            self._graph = graph
