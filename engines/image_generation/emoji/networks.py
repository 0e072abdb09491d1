"""The bundled model's two networks: an autoencoder, and a transformer that turns noise into its latents."""

from __future__ import annotations

import math

import torch
from torch import nn
from torch.nn import functional as F

TEXT = 384  # width of a MiniLM sentence embedding
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
    """A transformer block whose norms are scaled, shifted and gated by the condition (adaLN-zero, DiT)."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm1 = nn.LayerNorm(width, elementwise_affine=False)
        self.norm2 = nn.LayerNorm(width, elementwise_affine=False)
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.grow, self.shrink = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.modulation = nn.Linear(width, 6 * width)
        nn.init.zeros_(self.modulation.weight)
        nn.init.zeros_(self.modulation.bias)

    def forward(self, x: torch.Tensor, condition: torch.Tensor) -> torch.Tensor:
        """Tokens [N, T, W] and condition [N, W] to tokens."""
        shift1, scale1, gate1, shift2, scale2, gate2 = self.modulation(condition).unsqueeze(1).chunk(6, dim=-1)
        n, t, w = x.shape
        qkv = self.qkv(self.norm1(x) * (1 + scale1) + shift1)
        q, k, v = qkv.view(n, t, 3, self.heads, w // self.heads).permute(2, 0, 3, 1, 4)
        # Written out: for 16 tokens on a CPU the backward pass of the fused kernel takes ten times as long.
        weights = torch.softmax(q @ k.transpose(-1, -2) * (w // self.heads) ** -0.5, dim=-1)
        x = x + gate1 * self.out((weights.to(v.dtype) @ v).transpose(1, 2).reshape(n, t, w))
        grown = F.relu(self.grow(self.norm2(x) * (1 + scale2) + shift2)).square()
        return x + gate2 * self.shrink(grown)


class FlowTransformer(nn.Module):
    """Predicts the clean latents from noisy ones, a time, a sentence embedding and a style.

    A diffusion transformer (Peebles and Xie 2023) that predicts the clean data, as Li and He 2025 advise.
    """

    def __init__(
        self,
        latent: int = 16,
        side: int = 8,
        patch: int = 2,
        width: int = 384,
        depth: int = 6,
        heads: int = 6,
        styles: int = 2,
    ) -> None:
        super().__init__()
        self.patch, self.side, self.latent = patch, side, latent
        tokens = (side // patch) ** 2
        self.patchify = nn.Linear(latent * patch**2, width)
        self.positions = nn.Parameter(torch.randn(1, tokens, width) * 0.02)
        self.time = nn.Sequential(nn.Linear(2 * FREQUENCIES, width), nn.SiLU(), nn.Linear(width, width))
        self.text = nn.Sequential(nn.Linear(TEXT, width), nn.SiLU(), nn.Linear(width, width))
        self.no_text = nn.Parameter(torch.zeros(TEXT))  # stands for "no prompt", for guidance
        self.style = nn.Embedding(styles, width)
        self.blocks = nn.ModuleList([Block(width, heads) for _ in range(depth)])
        self.norm = nn.LayerNorm(width, elementwise_affine=False)
        self.modulation = nn.Linear(width, 2 * width)
        self.unpatchify = nn.Linear(width, latent * patch**2)
        for layer in (self.modulation, self.unpatchify):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(
        self, noisy: torch.Tensor, time: torch.Tensor, text: torch.Tensor, style: torch.Tensor
    ) -> torch.Tensor:
        """Clean latents [N, L, S, S] from noisy ones; time [N] from 0 (noise) to 1, text [N, 384], style int [N]."""
        condition = F.silu(self.time(encode_time(time)) + self.text(text * math.sqrt(TEXT)) + self.style(style))
        p = self.patch
        x = self.patchify(F.pixel_unshuffle(noisy, p).flatten(2).transpose(1, 2)) + self.positions
        for block in self.blocks:
            x = block(x, condition)
        shift, scale = self.modulation(condition).unsqueeze(1).chunk(2, dim=-1)
        x = self.unpatchify(self.norm(x) * (1 + scale) + shift)
        side = self.side // p
        return F.pixel_shuffle(x.transpose(1, 2).unflatten(2, (side, side)), p)


def encode_time(time: torch.Tensor) -> torch.Tensor:
    """Times [N] in 0..1 as cosines and sines [N, 2 F] (Vaswani 2017)."""
    frequencies = torch.exp(torch.linspace(0, math.log(1000), FREQUENCIES, device=time.device))
    angles = time[:, None].float() * frequencies
    return torch.cat([angles.cos(), angles.sin()], dim=-1)
