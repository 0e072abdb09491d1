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

    def pick(self, logits: np.ndarray, log_total: float, complete: bool) -> int | None:
        """An index into `logits`, a row's highest in descending order; None if these are too few to choose from.

        log_total: log of the sum of exp(logit / temperature) over the whole vocabulary. complete: whether
        `logits` are the whole vocabulary.
        """
        if self.greedy:
            return 0
        shares = np.exp(logits.astype(np.float64) / self.temperature - log_total)
        if self.top_k:
            complete = complete or self.top_k <= len(shares)
            shares = shares[: self.top_k] / shares[: self.top_k].sum()
        ends = np.cumsum(shares)
        complete = complete or ends[-1] >= self.top_p - 1e-6
        shares = shares[: max(1, np.searchsorted(ends - shares, self.top_p))]
        likely = shares[shares >= self.min_p * shares[0]]
        if not complete and len(likely) == len(shares):
            return None
        ends = np.cumsum(likely)
        return min(int(np.searchsorted(ends, self._chance.random() * ends[-1], side="right")), len(likely) - 1)


def penalised(logits: Tensor, seen: Tensor, penalties: Tensor) -> Tensor:
    """Logits float32 [N, V] of tokens in `seen` (bool [N, V]) made less likely (Keskar et al. 2019, arXiv 1909.05858).

    penalties: float32 [N, 1], 1 for none.
    """
    return torch.where(seen, torch.where(logits < 0, logits * penalties, logits / penalties), logits)


def choose(logits: Tensor, seen: Tensor | None, samplers: Sequence[Sampler]) -> list[Choice]:
    """The next token of each row: logits [N, V]; seen: bool [N, V], or None where no sampler has a penalty."""
    logits = logits.float()
    size = min(max(SHORTLIST, *(sampler.top_k for sampler in samplers)), logits.shape[1])
    scores = logits
    if seen is not None:
        scores = penalised(logits, seen, _column([sampler.penalty for sampler in samplers], logits))
    temperatures = _column([sampler.temperature for sampler in samplers], logits)
    top, ids = scores.topk(size)
    best, best_ids = logits.topk(min(ALTERNATIVES, size))
    own_total = logits.logsumexp(-1, keepdim=True)
    found = (
        top,
        (scores / temperatures).logsumexp(-1),
        ids,
        logits.gather(1, ids) - own_total,
        best - own_total,
        best_ids,
    )
    top, totals, ids, own, best, best_ids = (tensor.cpu().numpy() for tensor in found)
    choices = []
    for row, sampler in enumerate(samplers):
        index = sampler.pick(top[row], totals[row], complete=size == logits.shape[1])
        if index is None:  # rare: a high temperature spreads over more than the shortlist
            ordered, order = scores[row].sort(descending=True, stable=True)
            token = int(order[sampler.pick(ordered.cpu().numpy(), totals[row], complete=True)])
            probability = float((logits[row, token] - own_total[row]).exp())
        else:
            token, probability = int(ids[row, index]), float(np.exp(own[row, index]))
        alternatives = tuple(zip(best_ids[row].tolist(), np.exp(best[row]).tolist(), strict=True))
        choices.append(Choice(token, probability, alternatives))
    return choices


def _column(values: list[float], like: Tensor) -> Tensor:
    return torch.tensor(values, dtype=torch.float32, device=like.device)[:, None]
