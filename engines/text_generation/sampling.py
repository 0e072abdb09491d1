"""Choosing the next token for many texts at once, each with settings and a seed of its own.

The model's device finds the likeliest few hundred tokens of every row; the choice among them is made on the
CPU in numpy. The result is that of transformers' RepetitionPenalty, Temperature, TopK, TopP and MinP
processors, in that order (a test compares them), without sorting the whole vocabulary for every token.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from engines.text_generation.config import TextConfig

SHORTLIST = 256  # candidates per row; when top-p needs more, the whole vocabulary is sorted
ALTERNATIVES = 5


@dataclass(frozen=True)
class Choice:
    """The token chosen for a row, its probability and the likeliest (token id, probability), best first.

    Probabilities are the model's own: softmax of its logits, before penalty and temperature.
    """

    token_id: int
    probability: float
    alternatives: tuple[tuple[int, float], ...]


class Sampler:
    """The settings and chance of one text."""

    def __init__(self, config: TextConfig) -> None:
        self.greedy = config.greedy
        self.temperature = config.temperature
        self.top_k, self.top_p, self.min_p = config.top_k, config.top_p, config.min_p
        self.penalty = config.repetition_penalty
        self._chance = np.random.default_rng(config.seed)

    def pick(self, logits: np.ndarray, log_total: float) -> int | None:
        """An index into `logits`, which are the row's highest in descending order, or None if they are too few.

        log_total: log of the sum of exp(logit / temperature) over the whole vocabulary.
        """
        if self.greedy:
            return 0
        whole = np.exp(logits.astype(np.float64) / self.temperature - log_total)  # shares of the vocabulary
        shares = whole[: self.top_k] if self.top_k else whole
        total = shares.sum() if self.top_k else 1.0
        if self.top_k > len(whole):
            return None
        if self.top_p < 1.0:
            before = np.cumsum(shares) - shares
            count = max(1, int(np.searchsorted(before, self.top_p * total)))
            if count == len(whole) and before[-1] + shares[-1] < self.top_p * total - 1e-6:
                return None
            shares = shares[:count]
        if self.min_p:
            shares = shares[shares >= self.min_p * shares[0]]
        ends = np.cumsum(shares)
        reached_all = len(shares) < len(whole) or self.top_k or ends[-1] > 1 - 1e-6
        if not reached_all:
            return None
        return min(int(np.searchsorted(ends, self._chance.random() * ends[-1], side="right")), len(shares) - 1)


def penalised(logits: Tensor, seen: Tensor, penalties: Tensor) -> Tensor:
    """Logits float32 [N, V] of tokens in `seen` (bool [N, V]) made less likely (Keskar et al. 2019, arXiv 1909.05858).

    penalties: float32 [N, 1], 1 for none.
    """
    return torch.where(seen, torch.where(logits < 0, logits * penalties, logits / penalties), logits)


def choose(logits: Tensor, seen: Tensor | None, samplers: Sequence[Sampler]) -> list[Choice]:
    """The next token of each row: logits [N, V]; seen: bool [N, V], or None where no sampler has a penalty."""
    logits = logits.float()
    size = min(SHORTLIST, logits.shape[1])
    own = torch.log_softmax(logits, -1)
    scores = logits
    if seen is not None:
        scores = penalised(logits, seen, _column([s.penalty for s in samplers], logits))
    temperatures = _column([s.temperature for s in samplers], logits)
    log_totals = torch.logsumexp(scores / temperatures, -1)
    top, ids = scores.topk(size)
    best, best_ids = own.topk(min(ALTERNATIVES, size))
    own_top = own.gather(1, ids)
    top, ids, log_totals, best, best_ids, own_top = (
        tensor.cpu().numpy() for tensor in (top, ids, log_totals, best, best_ids, own_top)
    )
    choices = []
    for row, sampler in enumerate(samplers):
        index = sampler.pick(top[row], log_totals[row])
        if index is None:  # rare: a high temperature spreads over more than the shortlist
            ordered, order = scores[row].sort(descending=True, stable=True)
            index = sampler.pick(ordered.cpu().numpy(), log_totals[row])
            token = int(order[index])
            probability = float(own[row, token].exp())
        else:
            token, probability = int(ids[row, index]), float(np.exp(own_top[row, index]))
        alternatives = tuple(zip(best_ids[row].tolist(), np.exp(best[row]).tolist(), strict=True))
        choices.append(Choice(token, probability, alternatives))
    return choices


def _column(values: list[float], like: Tensor) -> Tensor:
    return torch.tensor(values, dtype=torch.float32, device=like.device)[:, None]
