"""What lies between two vectors of noise, or of meaning."""

from __future__ import annotations

import torch


def slerp(start: torch.Tensor, end: torch.Tensor, share: float) -> torch.Tensor:
    """The point `share` of the way along the great circle from `start` to `end`, as if both were one vector each.

    It keeps the length that Gaussian noise and unit vectors have (White 2016, arXiv 1609.04468). A share of 0 or 1
    gives exactly `start` or `end`.
    """
    cosine = (start * end).sum() / (start.norm() * end.norm()).clamp(min=1e-12)
    angle = torch.acos(cosine.clamp(-0.9999, 0.9999))
    if share in (0, 1) or bool(cosine > 0.9999):
        return torch.lerp(start, end, share)
    return (torch.sin((1 - share) * angle) * start + torch.sin(share * angle) * end) / torch.sin(angle)
