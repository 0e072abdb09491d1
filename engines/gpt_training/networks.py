"""The networks: a Transformer that writes on or fills gaps, an LSTM and a plain RNN, all from tokens to logits.

The Transformer is GPT-2 (Radford et al. 2019: normalised before each part, learnt positions, tied head), weight by
weight, so that it can be saved as one.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engines.gpt_training.config import LSTM, MASKED, RNN, GptConfig

EVEN = 64  # columns; a GPU multiplies matrices of other widths at a fraction of its pace
State = Any  # what a network remembers of the tokens before: keys and values, or a recurrent state


def head(x: Tensor, tokens: nn.Embedding) -> Tensor:
    """Logits [N, T, vocabulary] of x [N, T, width] by the tokens' own vectors."""
    weight, count = tokens.weight, tokens.num_embeddings
    if not x.is_cuda or count % EVEN == 0:
        return F.linear(x, weight)
    return F.linear(x, F.pad(weight, (0, 0, 0, -count % EVEN)))[..., :count]


class Attention(nn.Module):
    """Multi-head self-attention over [N, T, width]."""

    def __init__(self, width: int, heads: int, dropout: float, causal: bool) -> None:
        super().__init__()
        self.heads, self.dropout, self.causal = heads, dropout, causal
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)

    def parts(self, x: Tensor) -> Tensor:
        """Queries, keys and values [3, N, H, T, D] of x [N, T, width]."""
        n, t, width = x.shape
        return self.qkv(x).view(n, t, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)

    def forward(self, x: Tensor, past: tuple[Tensor, Tensor] | None = None) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """x [N, T, width]; with a `past` of keys and values [N, H, P, D], T must be 1. Returns those of now also."""
        q, k, v = self.parts(x)
        if past is not None:
            k, v = torch.cat([past[0], k], 2), torch.cat([past[1], v], 2)
        dropout = self.dropout if self.training else 0.0
        with torch.autocast(x.device.type, enabled=x.is_cuda):
            if not x.is_cuda:  # PyTorch goes back through attention in bfloat16 four times as slowly on a CPU
                q, k, v = q.float(), k.float(), v.float()
            y = F.scaled_dot_product_attention(q, k, v, dropout_p=dropout, is_causal=self.causal and past is None)
        return self.out(y.transpose(1, 2).reshape(x.shape)), (k, v)

    def shares(self, x: Tensor) -> Tensor:
        """How much each place looks at each, float [N, H, T, T], rows adding up to 1."""
        q, k, _ = self.parts(x)
        scores = q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])
        if self.causal:
            scores = scores.masked_fill(torch.ones_like(scores, dtype=torch.bool).triu(1), -torch.inf)
        return scores.softmax(-1)


class Block(nn.Module):
    """A layer of GPT-2."""

    def __init__(self, width: int, heads: int, dropout: float, causal: bool) -> None:
        super().__init__()
        self.norm_1, self.attention = nn.LayerNorm(width), Attention(width, heads, dropout, causal)
        self.norm_2, self.up, self.down = nn.LayerNorm(width), nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.drop = nn.Dropout(dropout)

    def forward(self, x: Tensor, past: State = None) -> tuple[Tensor, State]:
        """x [N, T, width]."""
        y, state = self.attention(self.norm_1(x), past)
        x = x + self.drop(y)
        return x + self.drop(self.down(F.gelu(self.up(self.norm_2(x)), approximate="tanh"))), state


class Transformer(nn.Module):
    """GPT-2, or with `causal` off one that sees both sides."""

    def __init__(
        self, vocabulary: int, context: int, layers: int, width: int, heads: int, dropout: float = 0.0,
        causal: bool = True,
    ) -> None:  # fmt: skip
        super().__init__()
        self.context = context
        self.tokens, self.positions = nn.Embedding(vocabulary, width), nn.Embedding(context, width)
        self.drop = nn.Dropout(dropout)
        self.blocks = nn.ModuleList(Block(width, heads, dropout, causal) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        for name, weight in self.named_parameters():
            if weight.dim() == 2:
                residual = name.endswith(("out.weight", "down.weight"))
                nn.init.normal_(weight, std=0.02 / (math.sqrt(2 * layers) if residual else 1))
            elif name.endswith("bias"):
                nn.init.zeros_(weight)

    def hidden(self, ids: Tensor, state: State = None) -> tuple[Tensor, State]:
        """Before the head, [N, T, width], for tokens int64 [N, T]; with a `state`, T must be 1."""
        past = state[0][0].shape[2] if state else 0
        x = self.drop(self.tokens(ids) + self.positions.weight[past : past + ids.shape[1]])
        states = []
        for i, block in enumerate(self.blocks):
            x, now = block(x, state[i] if state else None)
            states.append(now)
        return self.norm(x), states

    def attention(self, ids: Tensor, layer: int) -> Tensor:
        """What the heads of a layer look at, float [N, H, T, T], for tokens int64 [N, T]."""
        x = self.tokens(ids) + self.positions.weight[: ids.shape[1]]
        for block in self.blocks[:layer]:
            x, _ = block(x)
        return self.blocks[layer].attention.shares(self.blocks[layer].norm_1(x))

    def forward(self, ids: Tensor, state: State = None) -> tuple[Tensor, State]:
        """Logits [N, T, vocabulary] for tokens int64 [N, T], and what the next call may go on from."""
        x, state = self.hidden(ids, state)
        return head(x, self.tokens), state


class Recurrent(nn.Module):
    """An LSTM (Hochreiter and Schmidhuber 1997) or a plain RNN (Elman 1990) with a tied head."""

    def __init__(self, kind: str, vocabulary: int, layers: int, width: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.tokens, self.drop = nn.Embedding(vocabulary, width), nn.Dropout(dropout)
        between = dropout if layers > 1 else 0.0
        self.net = (nn.LSTM if kind == LSTM else nn.RNN)(width, width, layers, batch_first=True, dropout=between)
        nn.init.normal_(self.tokens.weight, std=0.02)

    def hidden(self, ids: Tensor, state: State = None) -> tuple[Tensor, State]:
        """As Transformer.hidden; any T with any state."""
        x, state = self.net(self.drop(self.tokens(ids)), state)
        return self.drop(x), state

    def forward(self, ids: Tensor, state: State = None) -> tuple[Tensor, State]:
        """As Transformer.forward; any T with any state."""
        x, state = self.hidden(ids, state)
        return head(x, self.tokens), state


def build(config: GptConfig, vocabulary: int) -> Transformer | Recurrent:
    """The config's network with fresh weights, the same for the same seed; a masked one has a token more, the gap."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        if config.model in (LSTM, RNN):
            return Recurrent(config.model, vocabulary, config.layers, config.width, config.dropout)
        masked = config.model == MASKED
        shape = (vocabulary + masked, config.context, config.layers, config.width, config.heads)
        return Transformer(*shape, config.dropout, causal=not masked)
