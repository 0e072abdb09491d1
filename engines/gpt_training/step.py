"""One training step of a language model, fast: text on the device, a fused optimiser, no waiting for numbers."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from engines.device.tuning import Choice
from engines.gpt_training.config import MASKED, GptConfig
from engines.gpt_training.loss import HeadLoss
from engines.gpt_training.networks import build, head
from engines.gpt_training.text.corpus import Corpus, Part
from engines.live_training.one_net import OneNetTrainer

GAPS = 0.15  # share of tokens that a masked model must fill (Devlin et al. 2018)
IGNORED = -100
PIECES = 64  # of the held-out text at a time


class Pieces:
    """A part of the text on a device, and pieces of it."""

    def __init__(self, part: Part, length: int, device: torch.device) -> None:
        """Pieces of `length` tokens, and as many to predict."""
        self.tokens = torch.tensor(part.tokens, device=device)
        self.starts = torch.tensor(part.starts, device=device)
        self.ends = torch.tensor(part.ends, device=device)
        self.reach = torch.arange(length + 1, device=device)

    def __len__(self) -> int:
        return len(self.starts)

    def at(self, index: Tensor) -> tuple[Tensor, Tensor]:
        """Tokens and the ones to predict, int64 [N, length] each; beyond a document's end END and IGNORED."""
        place = self.starts[index, None] + self.reach
        over = place >= self.ends[index, None]
        ids = self.tokens[place.clamp(max=len(self.tokens) - 1)].long().masked_fill(over, 0)
        return ids[:, :-1], ids[:, 1:].masked_fill(over[:, 1:], IGNORED)

    def spread(self, most: int, first: int = 0, step: int = 1) -> Iterator[Tensor]:
        """Numbers of up to so many pieces, spread over all, or every `step`th from the first on; some at a time."""
        numbers = np.arange(first, len(self), step)
        places = numbers[np.unique(np.linspace(0, len(numbers) - 1, min(len(numbers), most)).astype(np.int64))]
        yield from torch.tensor(places, device=self.starts.device).split(PIECES)


class Trainer(OneNetTrainer):
    """The network, its optimiser and the text on one device. Not for use by two threads at once."""

    rise, lowest = 40, 0.1

    def __init__(
        self, config: GptConfig, corpus: Corpus, device: str | torch.device = "cpu", choice: Choice | None = None
    ) -> None:
        """`choice` is how to compute; else it is the usual way."""
        super().__init__(config, device, choice=choice)
        self.length = min(config.context, corpus.longest)  # tokens of a piece
        self.train, self.held = (Pieces(part, self.length, self.device) for part in (corpus.train, corpus.held))
        self.vocabulary = len(corpus.vocabulary)
        lengths = np.append(corpus.vocabulary.lengths, 1)  # the last is a masked model's gap
        self.lengths = torch.tensor(lengths, device=self.device)
        self.begin(build(config, self.vocabulary))

    def held_out(self, most: int = 4096) -> float:
        """Nats a character on up to so many pieces of the held-out text, spread over it, with all weights in use.

        Of a masked model nats for each character that it must fill.
        """
        nats, characters = self.by_place(most)
        return float(nats.sum() / max(1.0, characters.sum()))

    def held_out_part(self, number: int, of: int, most: int = 512) -> float:
        """The same of one of several parts, each of every so manyth piece."""
        nats, characters = self.by_place(most, number, of)
        return float(nats.sum() / max(1.0, characters.sum()))

    @torch.no_grad()
    def by_place(self, most: int = 4096, first: int = 0, step: int = 1) -> tuple[np.ndarray, np.ndarray]:
        """The same as sums for each place in a piece: nats, and characters, float64 [length] each."""
        rng = torch.Generator(self.device).manual_seed(0)  # of a masked model's gaps
        total = torch.zeros(2, self.length, dtype=torch.float64, device=self.device)
        with self.resting():
            for some in self.held.spread(most, first, step):
                ids, targets = self._task(*self.held.at(some), rng)
                logits, _ = self.net(ids)
                nats = F.cross_entropy(logits.flatten(0, 1).float(), targets.flatten(), reduction="none")
                total += torch.stack([nats.view_as(targets), self._characters(targets)]).sum(1)
        nats, characters = total.cpu().numpy()
        return nats, characters

    def _task(self, ids: Tensor, targets: Tensor, rng: torch.Generator) -> tuple[Tensor, Tensor]:
        """What the network sees and must say, int64 [N, length] each: the next token, or those in the gaps.

        Of the gaps 80 % are shown as such, 10 % as any token and 10 % as they are.
        """
        if self.config.model != MASKED:
            return ids, targets
        real = F.pad(targets[:, :-1] != IGNORED, (1, 0), value=True) & (ids != 0)
        draw = torch.rand(ids.shape, generator=rng, device=self.device)
        gap = real & (draw < GAPS)
        other = torch.randint(self.vocabulary, ids.shape, generator=rng, device=self.device)
        seen = torch.where(draw < 0.8 * GAPS, self.vocabulary, torch.where(draw < 0.9 * GAPS, other, ids))
        return torch.where(gap, seen, ids), ids.masked_fill(~gap, IGNORED)

    def _characters(self, targets: Tensor) -> Tensor:
        """How many characters each target stands for, 0 where it does not count."""
        real = targets != IGNORED
        return torch.where(real, self.lengths[targets.clamp(min=0)], 0)

    def _nats(self, ids: Tensor, targets: Tensor) -> Tensor:
        """The sum of the losses of all targets."""
        with self._autocast():
            x, _ = self.net.hidden(ids)
            if self.device.type != "cpu":
                logits = head(x, self.net.tokens).flatten(0, 1).float()
                return F.cross_entropy(logits, targets.flatten(), reduction="sum")
        real = targets != IGNORED
        return HeadLoss.apply(x[real], self.net.tokens.weight, targets[real], self.dtype)

    def _update(self) -> None:
        index = torch.randint(len(self.train), (self.config.batch,), generator=self.rng, device=self.device)
        ids, targets = self._task(*self.train.at(index), self.rng)
        self.optimiser.zero_grad()
        count = (targets != IGNORED).sum()
        loss = self._nats(ids, targets) / count.clamp(min=1)
        self.learn(loss, loss.detach() * count / self._characters(targets).sum().clamp(min=1))
