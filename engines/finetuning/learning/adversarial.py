"""Adversarial training of text classifiers: the fast gradient method on word embeddings.

Miyato, Dai and Goodfellow 2017, "Adversarial Training Methods for Semi-Supervised Text Classification"
(arXiv 1605.07725), equation 3 and section 3: a text's word embeddings are moved by r = epsilon g / |g|, g being
the loss's gradient for them, and the loss there is added.
"""

from __future__ import annotations

import torch
from torch import Tensor

TINY = 1e-12


def push(gradient: Tensor, epsilon: float) -> Tensor:
    """r = epsilon g / |g|, the norm taken over each whole text; gradient and result [B, T, H]."""
    norm = gradient.float().flatten(1).norm(dim=1).clamp(min=TINY)
    return (gradient.float() * (epsilon / norm)[:, None, None]).to(gradient.dtype)


def adversarial_gradients(
    net: torch.nn.Module, inputs: tuple[Tensor, Tensor], losses, weights: list[Tensor], epsilon: float
) -> tuple[list[Tensor], Tensor]:
    """(gradients of the plain and the adversarial loss together, logits of the plain pass [B, K]).

    `inputs` are tokens and mask of a TextNet; `losses` turns logits into the loss.
    """
    tokens, mask = inputs
    words = net.embed(tokens).requires_grad_()  # a leaf where the embeddings are frozen, as with LoRA
    logits = net.read(words, mask)
    *plain, gradient = torch.autograd.grad(losses(logits), [*weights, words], materialize_grads=True)
    pushed = net.read(net.embed(tokens) + push(gradient, epsilon), mask)
    worst = torch.autograd.grad(losses(pushed), weights, materialize_grads=True)
    return [a.add_(b) for a, b in zip(plain, worst, strict=True)], logits
