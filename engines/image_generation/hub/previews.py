"""Quick previews of a latent diffusion model: one pixel for each latent, without the cost of its decoder."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

FLAT = 64  # pixels on a side of the flat pictures


class Colours:
    """Which colour a latent stands for: an affine map, found by encoding 27 flat colours once."""

    def __init__(self, vae: Any) -> None:
        """Of a VAE of another kind than AutoencoderKL nothing is learned, and previews are gray."""
        self._map: Tensor | None = None  # [L + 1, 3]
        if vae is None or not hasattr(vae.config, "scaling_factor"):
            return
        levels = (-1.0, 0.0, 1.0)
        colours = torch.tensor([(r, g, b) for r in levels for g in levels for b in levels])
        try:
            latents = torch.cat([_encode(vae, colour) for colour in colours])
        except (AttributeError, RuntimeError, ValueError, TypeError):
            return
        latents = (latents - (getattr(vae.config, "shift_factor", None) or 0)) * vae.config.scaling_factor
        rows = torch.cat([latents, torch.ones(len(latents), 1)], 1)
        self._map = torch.linalg.lstsq(rows, colours, driver="gelsd").solution

    def preview(self, latents: Tensor) -> np.ndarray:
        """Noisy latents [N, L, h, w] as uint8 [N, h, w, 3]."""
        values = latents.float().cpu()
        values = values / values.std().clamp(min=1)  # some samplers keep the noise at its full size
        if self._map is None or len(self._map) != values.shape[1] + 1:
            picture = values.mean(1, keepdim=True).expand(-1, 3, -1, -1)
        else:
            picture = torch.einsum("nlhw,lc->nchw", values, self._map[:-1]) + self._map[-1].view(1, 3, 1, 1)
        return picture.clamp(-1, 1).add(1).mul(127.5).byte().permute(0, 2, 3, 1).contiguous().numpy()


@torch.inference_mode()
def _encode(vae: Any, colour: Tensor) -> Tensor:
    """The mean latent [1, L] of a flat picture."""
    flat = colour.view(1, 3, 1, 1).expand(-1, -1, FLAT, FLAT)
    weight = next(vae.parameters())
    return vae.encode(flat.to(weight.device, weight.dtype)).latent_dist.mean.float().mean((2, 3)).cpu().clone()
