"""Writing with a model: many texts at once, a token a step, some tokens given and the others drawn."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

FREE = -1  # a token that is to be drawn


@torch.no_grad()
def write(
    net: nn.Module, given: Tensor, temperature: float = 1.0, top_p: float = 1.0, seed: int = 0, end: int = 0
) -> Tensor:
    """Fills the FREE ones of `given`, int64 [N, T], from left to right; returns int64 [N, T].

    The first of each must be given. Where `end` was written, the rest is `end`. A temperature of 0 takes the
    likeliest. What is drawn is fixed by the seed on the same machine.
    """
    ids, state = given.clone(), None
    rng = torch.Generator(given.device).manual_seed(seed)
    over = torch.zeros(len(given), dtype=torch.bool, device=given.device)
    first = int((given != FREE).all(0).cumprod(0).sum())  # columns that are all given go in at once
    for t in range(first, given.shape[1]):
        new = ids[:, :first] if t == first else ids[:, t - 1 : t]
        logits, state = net(new, state)
        drawn = _draw(logits[:, -1].float(), temperature, top_p, rng)
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


def texts(ids: Tensor, decode: Sequence[str], end: int = 0) -> list[str]:
    """Each row of int64 [N, T] as text: from after its first token to the next `end`."""
    found = []
    for row in ids.tolist():
        rest = row[1:]
        found.append("".join(decode[i] for i in (rest[: rest.index(end)] if end in rest else rest)))
    return found
