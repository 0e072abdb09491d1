"""The bundled model's two networks: an autoencoder, and a transformer that turns noise into its latents."""

from __future__ import annotations

import math

import torch
from torch import nn
from torch.nn import functional as F

from engines.image_generation.emoji.texts import SENTENCE, TEXT, WORD, WORDS, parts_of

FREQUENCIES = 64  # of the time's encoding


class Residual(nn.Module):
    """x + two 3x3 convolutions of it, each after a group norm and SiLU."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.GroupNorm(8, channels), nn.SiLU(), nn.Conv2d(channels, channels, 3, padding=1),
            nn.GroupNorm(8, channels), nn.SiLU(), nn.Conv2d(channels, channels, 3, padding=1),
        )  # fmt: skip

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """[N, C, H, W] to the same."""
        return x + self.body(x)


class Autoencoder(nn.Module):
    """Pictures [N, 3, S, S] in -1..1 to latents [N, L, S/8, S/8] of about unit variance, and back."""

    def __init__(self, latent: int = 16, width: int = 48) -> None:
        super().__init__()
        w = width
        self.encoder = nn.Sequential(
            nn.PixelUnshuffle(2), nn.Conv2d(12, w, 3, padding=1), Residual(w),
            nn.Conv2d(w, 2 * w, 4, stride=2, padding=1), Residual(2 * w),
            nn.Conv2d(2 * w, 4 * w, 4, stride=2, padding=1), Residual(4 * w),
            nn.GroupNorm(8, 4 * w), nn.SiLU(), nn.Conv2d(4 * w, latent, 1),
        )  # fmt: skip
        self.decoder = nn.Sequential(
            nn.Conv2d(latent, 4 * w, 3, padding=1), Residual(4 * w), Residual(4 * w),
            nn.Conv2d(4 * w, 8 * w, 3, padding=1), nn.PixelShuffle(2), Residual(2 * w),
            nn.Conv2d(2 * w, 4 * w, 3, padding=1), nn.PixelShuffle(2), Residual(w),
            nn.GroupNorm(8, w), nn.SiLU(), nn.Conv2d(w, 12, 3, padding=1), nn.PixelShuffle(2),
        )  # fmt: skip
        # Set once the autoencoder is trained, so that the flow sees latents of mean 0 and variance 1.
        self.register_buffer("mean", torch.zeros(1, latent, 1, 1))
        self.register_buffer("std", torch.ones(1, latent, 1, 1))

    def encode(self, pictures: torch.Tensor) -> torch.Tensor:
        """Normalised latents of pictures in -1..1."""
        return (self.encoder(pictures) - self.mean) / self.std

    def decode(self, latents: torch.Tensor) -> torch.Tensor:
        """Pictures, about -1..1, of normalised latents."""
        return self.decoder(latents * self.std + self.mean)


class Block(nn.Module):
    """A transformer block: attention among the picture's tokens, from these to the prompt's words, and an MLP.

    Its norms are scaled, shifted and gated by the condition (adaLN-zero, Peebles and Xie 2023), all blocks by one map
    and an offset of their own; attention to the words is not (both as PixArt-alpha, Chen 2024).
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.offset = nn.Parameter(torch.zeros(6, width))
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.ask, self.told = nn.Linear(width, width), nn.Linear(width, 2 * width)
        self.heard = nn.Linear(width, width)
        nn.init.zeros_(self.heard.weight)
        nn.init.zeros_(self.heard.bias)
        self.grow, self.shrink = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(
        self, x: torch.Tensor, condition: torch.Tensor, words: torch.Tensor, bias: torch.Tensor
    ) -> torch.Tensor:
        """Tokens [N, T, W] to tokens; condition [N, 6, W], words [N, K, W], bias [N, 1, 1, K]: -inf for no word."""
        shift1, scale1, gate1, shift2, scale2, gate2 = (condition + self.offset).unsqueeze(2).unbind(1)
        q, k, v = self._split(self.qkv(normed(x) * (1 + scale1) + shift1), 3)
        x = x + gate1 * self.out(attention(q, k, v))
        (q,), (k, v) = self._split(self.ask(normed(x)), 1), self._split(self.told(words), 2)
        x = x + self.heard(attention(q, k, v, bias))
        grown = F.relu(self.grow(normed(x) * (1 + scale2) + shift2)).square()
        return x + gate2 * self.shrink(grown)

    def _split(self, x: torch.Tensor, parts: int) -> torch.Tensor:
        """[N, T, parts W] as [parts, N, heads, T, W / heads]."""
        return x.unflatten(2, (parts, self.heads, -1)).permute(2, 0, 3, 1, 4)


def normed(x: torch.Tensor) -> torch.Tensor:
    """A layer norm without weights."""
    return F.layer_norm(x, x.shape[-1:])


def attention(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, bias: torch.Tensor | float = 0.0) -> torch.Tensor:
    """[N, heads, T, D] each to [N, T, heads D], queries and keys of length sqrt(D) (Henry 2020).

    Written out: for 16 tokens on a CPU the backward pass of the fused kernel takes ten times as long.
    """
    q, k = F.rms_norm(q, q.shape[-1:]), F.rms_norm(k, k.shape[-1:])
    weights = torch.softmax(q @ k.transpose(-1, -2) * q.shape[-1] ** -0.5 + bias, dim=-1)
    return (weights.to(v.dtype) @ v).transpose(1, 2).flatten(2)


class FlowTransformer(nn.Module):
    """Predicts the clean latents from noisy ones, a time, a text and a style.

    A diffusion transformer (Peebles and Xie 2023) that predicts the clean data, as Li and He 2025 advise. The time,
    the sentence and the style steer its norms; the prompt's words are attended to.
    """

    def __init__(
        self,
        latent: int = 16,
        side: int = 8,
        patch: int = 2,
        width: int = 384,
        depth: int = 8,
        heads: int = 6,
        styles: int = 2,
    ) -> None:
        super().__init__()
        self.patch, self.side, self.latent = patch, side, latent
        tokens = (side // patch) ** 2
        self.patchify = nn.Linear(latent * patch**2, width)
        self.positions = nn.Parameter(torch.randn(1, tokens, width) * 0.02)
        self.time = nn.Sequential(nn.Linear(2 * FREQUENCIES, width), nn.SiLU(), nn.Linear(width, width))
        self.sentence = nn.Sequential(nn.Linear(SENTENCE, width), nn.SiLU(), nn.Linear(width, width))
        self.words = nn.Linear(WORD, width)
        self.places = nn.Parameter(torch.randn(WORDS, width) * 0.02)  # of words in the prompt
        self.nothing = nn.Parameter(torch.randn(1, 1, width) * 0.02)  # to attend to where no word matters
        self.no_text = nn.Parameter(torch.zeros(TEXT))  # stands for "no prompt", for guidance
        self.style = nn.Embedding(styles, width)
        self.modulation = nn.Linear(width, 6 * width)
        self.blocks = nn.ModuleList([Block(width, heads) for _ in range(depth)])
        self.last = nn.Linear(width, 2 * width)
        self.unpatchify = nn.Linear(width, latent * patch**2)
        for layer in (self.modulation, self.last, self.unpatchify):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(
        self, noisy: torch.Tensor, time: torch.Tensor, text: torch.Tensor, style: torch.Tensor
    ) -> torch.Tensor:
        """Clean latents [N, L, S, S] from noisy ones; time [N] from 0 (noise) to 1, text [N, TEXT], style int [N]."""
        sentence, words, there = parts_of(text)
        told = self.time(encode_time(time)) + self.sentence(sentence * math.sqrt(SENTENCE)) + self.style(style)
        condition = F.silu(told)
        words = torch.cat([self.nothing.expand(len(words), -1, -1), self.words(words) + self.places], dim=1)
        bias = torch.zeros(there.shape, dtype=words.dtype, device=words.device).masked_fill(~there, -torch.inf)
        bias = F.pad(bias, (1, 0))[:, None, None]
        p = self.patch
        x = self.patchify(F.pixel_unshuffle(noisy, p).flatten(2).transpose(1, 2)) + self.positions
        each = self.modulation(condition).unflatten(1, (6, -1))
        for block in self.blocks:
            x = block(x, each, words, bias)
        shift, scale = self.last(condition).unsqueeze(1).chunk(2, dim=-1)
        x = self.unpatchify(normed(x) * (1 + scale) + shift)
        side = self.side // p
        return F.pixel_shuffle(x.transpose(1, 2).unflatten(2, (side, side)), p)


def encode_time(time: torch.Tensor) -> torch.Tensor:
    """Times [N] in 0..1 as cosines and sines [N, 2 F] (Vaswani 2017)."""
    frequencies = torch.exp(torch.linspace(0, math.log(1000), FREQUENCIES, device=time.device))
    angles = time[:, None].float() * frequencies
    return torch.cat([angles.cos(), angles.sin()], dim=-1)
