"""Flow matching that predicts the clean data: the training loss and the samplers.

On the path z = t x + (1 - t) e from noise e at t = 0 to data x at t = 1 the velocity is v = x - e
= (x - z) / (1 - t) (Lipman 2023; Li and He 2025, "Back to Basics", for predicting x with the loss on v).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType

import torch

Predictor = Callable[[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]
NEAR_END = 0.05  # 1 - t is never taken smaller, which bounds the loss's weight


def flow_loss(net: Predictor, clean: torch.Tensor, text: torch.Tensor, style: torch.Tensor) -> torch.Tensor:
    """Mean squared error of the velocity for `clean` [N, ...]; times are logit-normal, more of them near the noise."""
    time = torch.sigmoid(torch.randn(len(clean), device=clean.device) - 0.4)
    t = time.view(-1, *[1] * (clean.ndim - 1))
    noise = torch.randn_like(clean)
    noisy = t * clean + (1 - t) * noise
    predicted = net(noisy, time, text, style).float()
    return ((predicted - clean) / (1 - t).clamp(min=NEAR_END)).square().mean()


# --- samplers -----------------------------------------------------------------------------------------------------

Denoiser = Callable[[torch.Tensor, float], torch.Tensor]  # (z, t) -> the predicted clean data


def guided(net: Predictor, text: torch.Tensor, negative: torch.Tensor, style: torch.Tensor, scale: float) -> Denoiser:
    """A Denoiser with classifier-free guidance (Ho and Salimans 2022): away from `negative`, towards `text`.

    text and negative [N, TEXT], style [N]; negative is the network's no_text, or a negative prompt's embedding.
    Guiding the clean data is guiding the velocity, which is linear in it. At scale 1 `negative` has no say.
    """
    n = len(text)
    both, styles = torch.cat([text, negative]), torch.cat([style, style])

    def denoise(z: torch.Tensor, t: float) -> torch.Tensor:
        if scale == 1:
            return net(z, z.new_full((n,), t), text, style)
        towards, away = net(torch.cat([z, z]), z.new_full((2 * n,), t), both, styles).chunk(2)
        return away + scale * (towards - away)

    return denoise


@torch.inference_mode()
def sample(
    denoise: Denoiser,
    noise: torch.Tensor,
    steps: int,
    sampler: str = "heun",
    begin: float = 0.0,
    clean: torch.Tensor | None = None,
    mask: torch.Tensor | None = None,
) -> Iterator[torch.Tensor]:
    """Yields after each of `steps` steps the clean data as predicted now; the last is the result.

    With `clean` (encoded pictures) the path starts at time `begin` between noise and them (SDEdit, Meng 2022).
    With `mask` (1 where to draw, 0 where to keep) the kept part is held on its own path at every step
    (as in RePaint, Lugmayr 2022, without resampling). All of noise's shape or broadcast to it.
    """
    step_of = SAMPLERS[sampler]
    times = [*(begin + (1 - begin) * i / steps for i in range(steps)), 1.0]
    z = noise if clean is None else begin * clean + (1 - begin) * noise
    history = History()
    for t, after in pairwise(times):
        z, predicted = step_of(denoise, z, t, after, history)
        if clean is not None and mask is not None:
            z = mask * z + (1 - mask) * (after * clean + (1 - after) * noise)
            predicted = mask * predicted + (1 - mask) * clean
        yield z if after == 1 else predicted


@dataclass
class History:
    """What a multistep sampler remembers of the step before."""

    predicted: torch.Tensor | None = None
    width: float = math.inf  # of that step, in half log signal-to-noise


Step = Callable[[Denoiser, torch.Tensor, float, float, History], tuple[torch.Tensor, torch.Tensor]]


def _euler(
    denoise: Denoiser, z: torch.Tensor, t: float, after: float, history: History
) -> tuple[torch.Tensor, torch.Tensor]:
    """(z at `after`, predicted clean data): straight on with the velocity at t."""
    predicted = denoise(z, t)
    return z + (after - t) / (1 - t) * (predicted - z), predicted


def _heun(
    denoise: Denoiser, z: torch.Tensor, t: float, after: float, history: History
) -> tuple[torch.Tensor, torch.Tensor]:
    """Euler, corrected by the velocity at its end: two predictions a step (Karras 2022, algorithm 1)."""
    there, predicted = _euler(denoise, z, t, after, history)
    if after == 1:
        return there, predicted
    second = denoise(there, after)
    velocity = ((predicted - z) / (1 - t) + (second - there) / (1 - after)) / 2
    return z + (after - t) * velocity, second


def _dpmpp_2m(
    denoise: Denoiser, z: torch.Tensor, t: float, after: float, history: History
) -> tuple[torch.Tensor, torch.Tensor]:
    """DPM-Solver++(2M) (Lu 2022, algorithm 2) with alpha = t and sigma = 1 - t: one prediction a step.

    Its two ends, where the signal-to-noise ratio is 0 or infinite, are steps of first order.
    """
    predicted = denoise(z, t)
    width = math.inf if t == 0 or after == 1 else _half_log_snr(after) - _half_log_snr(t)
    data = predicted
    if history.predicted is not None and math.isfinite(width) and math.isfinite(history.width):
        share = width / history.width / 2
        data = (1 + share) * predicted - share * history.predicted
    history.predicted, history.width = predicted, width
    ratio = (1 - after) / (1 - t)
    return ratio * z + (after - ratio * t) * data, predicted


def _half_log_snr(t: float) -> float:
    return math.log(t / (1 - t))


SAMPLERS: Mapping[str, Step] = MappingProxyType({"euler": _euler, "heun": _heun, "dpmpp_2m": _dpmpp_2m})
