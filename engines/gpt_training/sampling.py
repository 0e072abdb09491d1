"""Writing with a model: many texts at once, a token a step, some given and the others drawn; and filling gaps."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from engines.gpt_training.text.poems import PLAN
from engines.gpt_training.text.vocabulary import Vocabulary

FREE = -1  # a token that is to be drawn
ENDLESS = -2  # no token: a text does not end before its room does


@torch.no_grad()
def write(
    net: nn.Module, given: Tensor, temperature: float = 1.0, top_p: float = 1.0, seed: int = 0, end: int = 0,
    never: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """Fills the FREE ones of `given`, int64 [N, T], from left to right; returns int64 [N, T].

    The first of each must be given. Where `end` was written, the rest is `end`. A temperature of 0 takes the
    likeliest, and tokens in `never`, bool [V], are not drawn. What is drawn is fixed by the seed on the same machine.
    A network that has places for fewer tokens looks, whenever they are full, at the latter half of them anew.
    """
    ids, state, begin = given.clone(), None, 0
    room = getattr(net, "context", given.shape[1])
    rng = torch.Generator(given.device).manual_seed(seed)
    over = torch.zeros(len(given), dtype=torch.bool, device=given.device)
    first = int((given != FREE).all(0).cumprod(0).sum())  # columns that are all given go in at once
    for t in range(first, given.shape[1]):
        if state is None or t - begin > room:
            begin, state = (begin if t - begin <= room else t - max(1, room // 2)), None
            new = ids[:, begin:t]
        else:
            new = ids[:, t - 1 : t]
        logits, state = net(new, state)
        scores = logits[:, -1].float()
        scores = scores if never is None else scores.masked_fill(never, -torch.inf)
        drawn = _draw(scores, temperature, top_p, rng)
        drawn = torch.where(over, end, drawn)
        ids[:, t] = torch.where(given[:, t] == FREE, drawn, given[:, t])
        over |= ids[:, t] == end
        if over.all():
            ids[:, t + 1 :] = end
            break
    return ids


def _draw(logits: Tensor, temperature: float, top_p: float, rng: torch.Generator) -> Tensor:
    """A token for each row of logits [N, V]."""
    if temperature <= 0:
        return logits.argmax(-1)
    shares = (logits / temperature).softmax(-1)
    if top_p < 1:
        ordered, order = shares.sort(-1, descending=True)
        ordered = ordered.masked_fill(ordered.cumsum(-1) - ordered >= top_p, 0.0)
        return order.gather(1, torch.multinomial(ordered, 1, generator=rng))[:, 0]
    return torch.multinomial(shares, 1, generator=rng)[:, 0]


@torch.no_grad()
def likelihoods(net: nn.Module, ids: Tensor) -> Tensor:
    """The mean log-likelihood of the tokens of each row, float [N], for int64 [N, T], as far as there are places."""
    seen = ids[:, :-1][:, : getattr(net, "context", ids.shape[1])]
    logits, _ = net(seen)
    return logits.float().log_softmax(-1).gather(-1, ids[:, 1 : seen.shape[1] + 1, None]).mean((1, 2))


def texts(ids: Tensor, decode: Sequence[str], end: int = 0) -> list[str]:
    """Each row of int64 [N, T] as text: from after its first token to the next `end`."""
    found = []
    for row in ids.tolist():
        rest = row[1:]
        found.append("".join(decode[i] for i in (rest[: rest.index(end)] if end in rest else rest)))
    return found


def begun(starts: Sequence[str], vocabulary: Vocabulary, room: int, plan: bool = False) -> Tensor:
    """What `write` is given, int64 [N, at least room]: END, with `plan` PLAN free places before a start without one.

    KeyError with a character that is not known.
    """
    rows = []
    for start in starts:
        free = [FREE] * (PLAN if plan and "：" not in start else 0)
        rows.append([0, *free, *vocabulary.encode(start).tolist()])
    width = max(room, *(len(row) + 1 for row in rows))
    return torch.tensor([row + [FREE] * (width - len(row)) for row in rows])


@torch.no_grad()
def fill(net: nn.Module, ids: Tensor, gaps: Tensor, gap: int) -> tuple[Tensor, Tensor]:
    """The likeliest tokens int64 [N, T] of a masked model where `gaps` is true, and how likely each was, [N, T].

    Of each row the surest is taken first and seen by the others (Ghazvininejad et al. 2019, a token at a time). `gap`
    is the token that stands for one; it is never written, nor is END.
    """
    ids, sure = torch.where(gaps, gap, ids), torch.ones(ids.shape, device=ids.device)
    left = gaps.clone()
    while left.any():
        logits = net(ids)[0].float()
        logits[..., [0, gap]] = -torch.inf
        shares, tokens = logits.softmax(-1).max(-1)
        best = shares.masked_fill(~left, -1.0).argmax(1, keepdim=True)
        now = left & (torch.arange(ids.shape[1], device=ids.device) == best)
        ids, sure, left = torch.where(now, tokens, ids), torch.where(now, shares, sure), left & ~now
    return ids, sure
