"""One training step of a language model, fast: text on the device, a fused optimiser, no waiting for numbers."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engines.device import keep_freed_memory, usual
from engines.device.tuning import Choice
from engines.gpt_training.config import GptConfig
from engines.gpt_training.corpus import Corpus, Part
from engines.gpt_training.networks import build

log = logging.getLogger(__name__)

WARM_UP = 3  # eager steps on CUDA before a graph of one is captured
RISE = 0.03  # share of a run in which the learning rate rises; then it falls as a cosine to a tenth
LOWEST = 0.1
CLIP = 1.0  # norm of a gradient
GAPS = 0.15  # share of tokens that a masked model must fill (Devlin et al. 2018)
IGNORED = -100
SIGNALS = ("Training", "grad_norm")


class Pieces:
    """A part of the text on a device, and pieces of it."""

    def __init__(self, part: Part, context: int, device: torch.device) -> None:
        self.tokens = torch.tensor(part.tokens, dtype=torch.int64, device=device)
        self.starts = torch.tensor(part.starts, dtype=torch.int64, device=device)
        self.ends = torch.tensor(part.ends, dtype=torch.int64, device=device)
        self.reach = torch.arange(context + 1, device=device)

    def at(self, index: Tensor) -> tuple[Tensor, Tensor]:
        """Tokens and the ones to predict, int64 [N, context] each; IGNORED beyond a document's end."""
        place = self.starts[index, None] + self.reach
        ids = self.tokens[place.clamp(max=len(self.tokens) - 1)]
        return ids[:, :-1], ids[:, 1:].masked_fill(place[:, 1:] >= self.ends[index, None], IGNORED)


class Trainer:
    """The network, its optimiser and the text on one device. Not for use by two threads at once.

    Two trainers with the same config, seed included, make the same weights on the same machine.
    """

    team = None

    def __init__(
        self, config: GptConfig, corpus: Corpus, device: str | torch.device = "cpu", choice: Choice | None = None
    ) -> None:
        """`choice` is how to compute; else it is the usual way."""
        self.config, self.device = config, torch.device(device)
        if self.device.type == "cpu":
            keep_freed_memory()
        self.characters = corpus.held.characters
        self.train, self.held = (Pieces(p, config.context, self.device) for p in (corpus.train, corpus.held))
        self.vocabulary = len(corpus.vocabulary)
        self.net = build(config, self.vocabulary).to(self.device)
        self.optimiser = self._adamw()
        self.rng = torch.Generator(self.device).manual_seed(config.seed)
        self.steps = 0
        self.use(choice or usual(self.device))
        self._sums = torch.zeros(len(SIGNALS) + 1, device=self.device)  # the last one counts
        self._graph: torch.cuda.CUDAGraph | None = None
        self._warm_up = WARM_UP
        if self.device.type == "cuda":
            torch.cuda.manual_seed(config.seed)  # dropout

    def use(self, choice: Choice) -> None:
        """Compute so from the next step on, in the thread that calls this."""
        self.choice, self.dtype = choice, choice.type
        if self.device.type == "cpu":
            torch.set_num_threads(choice.threads)

    def step(self, share: float | None = None) -> None:
        """One update; `share` is how much of the run is over, from 0 to 1: steps of the config's, if left out."""
        self._set_rate(self.steps / self.config.steps if share is None else share)
        if self.device.type == "cuda":
            self._step_cuda()
        else:
            self._update()
        self.steps += 1

    def signals(self) -> dict[str, float]:
        """Means since the last call: the loss in nats a token, the gradient's norm; {} before the first step."""
        *sums, count = self._sums.tolist()
        if not count:
            return {}
        self._sums.zero_()
        return {name: value / count for name, value in zip(SIGNALS, sums, strict=True)}

    @torch.no_grad()
    def held_out(self, pieces: int = 4096) -> float:
        """Nats a character on up to so many pieces of the held-out text, spread over it, with all weights in use.

        Of a masked model nats for each character that it must fill.
        """
        count = len(self.held.starts)
        places = np.unique(np.linspace(0, count - 1, min(count, pieces)).astype(np.int64))
        rng = torch.Generator(self.device).manual_seed(0)  # of a masked model's gaps
        total = torch.zeros(2, dtype=torch.float64, device=self.device)
        with self.resting():
            for some in torch.tensor(places, device=self.device).split(256):
                ids, targets = self._task(*self.held.at(some), rng)
                loss = self._loss(ids, targets, "sum")
                total += torch.stack([loss.double(), (targets != IGNORED).sum().double()])
        nats, characters = total.tolist()
        return nats / max(1.0, characters)

    @contextmanager
    def resting(self) -> Iterator[nn.Module]:
        """The network in evaluation mode, and in its number type."""
        self.net.eval()
        try:
            with self._autocast():
                yield self.net
        finally:
            self.net.train()

    def weights(self) -> dict[str, np.ndarray]:
        """Copies of the parameters."""
        return {k: v.to("cpu", copy=True).contiguous().numpy() for k, v in self.net.state_dict().items()}

    def nets(self) -> dict[str, nn.Module]:
        """All networks by name, for checkpoints."""
        return {"net": self.net}

    def optimisers(self) -> dict[str, torch.optim.Optimizer]:
        """All optimisers by name, for checkpoints."""
        return {"optimiser": self.optimiser}

    def begin_anew(self) -> None:
        """To be called when weights and optimisers were replaced: sums and a captured graph are of the old ones."""
        self._sums.zero_()
        self._graph, self._warm_up = None, WARM_UP

    def _adamw(self) -> torch.optim.AdamW:
        """Without decay of biases and norms; the rate is a tensor on CUDA, so that a graph sees it change."""
        parameters = list(self.net.parameters())
        groups = [
            {"params": [p for p in parameters if p.dim() > 1], "weight_decay": self.config.decay},
            {"params": [p for p in parameters if p.dim() < 2], "weight_decay": 0.0},
        ]
        cuda = self.device.type == "cuda"
        lr = torch.tensor(self.config.lr, device=self.device) if cuda else self.config.lr
        return torch.optim.AdamW(
            groups, lr=lr, betas=(0.9, 0.99), fused=self.device.type in ("cpu", "cuda"), capturable=cuda
        )

    def _set_rate(self, share: float) -> None:
        falling = LOWEST + (1 - LOWEST) * 0.5 * (1 + math.cos(math.pi * min(1.0, share)))
        rate = self.config.lr * min(1.0, (share + 1 / self.config.steps) / RISE) * falling
        for group in self.optimiser.param_groups:
            if isinstance(group["lr"], Tensor):
                group["lr"].fill_(rate)
            else:
                group["lr"] = rate

    def _autocast(self) -> AbstractContextManager:
        # A CUDA graph must hold the casts itself, so nothing may be cached across its borders.
        low = self.dtype != torch.float32
        return torch.autocast(self.device.type, self.dtype, enabled=low, cache_enabled=self.device.type != "cuda")

    def _task(self, ids: Tensor, targets: Tensor, rng: torch.Generator) -> tuple[Tensor, Tensor]:
        """What the network sees and must say, int64 [N, context] each: the next token, or those in the gaps.

        Of the gaps 80 % are shown as such, 10 % as any token and 10 % as they are.
        """
        if self.config.model != "masked":
            return ids, targets
        real = F.pad(targets[:, :-1] != IGNORED, (1, 0), value=True)
        draw = torch.rand(ids.shape, generator=rng, device=self.device)
        gap = real & (draw < GAPS)
        other = torch.randint(self.vocabulary, ids.shape, generator=rng, device=self.device)
        seen = torch.where(draw < 0.8 * GAPS, self.vocabulary, torch.where(draw < 0.9 * GAPS, other, ids))
        return torch.where(gap, seen, ids), ids.masked_fill(~gap, IGNORED)

    def _loss(self, ids: Tensor, targets: Tensor, reduction: str = "mean") -> Tensor:
        logits, _ = self.net(ids)
        return F.cross_entropy(logits.flatten(0, 1).float(), targets.flatten(), reduction=reduction)

    def _update(self) -> None:
        index = torch.randint(len(self.train.starts), (self.config.batch,), generator=self.rng, device=self.device)
        ids, targets = self._task(*self.train.at(index), self.rng)
        self.optimiser.zero_grad()
        with self._autocast():
            loss = self._loss(ids, targets)
        loss.backward()
        norm = nn.utils.clip_grad_norm_(self.net.parameters(), CLIP)
        self.optimiser.step()
        self._sums += torch.stack([loss.detach(), norm.detach(), torch.ones_like(norm)])

    def _step_cuda(self) -> None:
        """A few eager steps on a side stream, then one CUDA graph of the whole step, replayed."""
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
            self.optimiser.zero_grad()
            with torch.cuda.graph(graph, capture_error_mode="thread_local"):  # other runs go on meanwhile
                self._update()
        except RuntimeError:
            log.warning("CUDA graph capture failed; training goes on without", exc_info=True)
        else:
            self._graph = graph
