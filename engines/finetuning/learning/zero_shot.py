"""A guess without any training: the label whose name is most like the text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch

from engines.data.sentences import SentenceEncoder
from engines.device import precision

TEMPERATURE = 0.05  # of the softmax over cosines, which differ by a few hundredths
SLICE = 128  # texts at once


def name_probabilities(
    encoder: SentenceEncoder, texts: Sequence[str], label_names: Sequence[str]
) -> Iterator[np.ndarray | None]:
    """Yields None while at work, and last probabilities, float32 [N, K].

    Cosine similarity between the mean-pooled embedding of a text and that of each label's name (Yin et al. 2019
    tell this and other ways apart, arXiv 1909.00161), through a softmax.
    """
    cpu = torch.device("cpu")
    names = [" ".join(name.replace("_", " ").split()) for name in label_names]
    found = []
    with torch.autocast("cpu", precision(cpu), enabled=precision(cpu) != torch.float32):
        labels = encoder.encode(names)
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
    for start in range(0, len(order), SLICE):
        with torch.autocast("cpu", precision(cpu), enabled=precision(cpu) != torch.float32):
            vectors = encoder.encode([texts[i] for i in order[start : start + SLICE]])
        powers = np.exp(vectors @ labels.T / TEMPERATURE)
        found.append(powers / powers.sum(1, keepdims=True))
        yield None
    probabilities = np.empty((len(texts), len(names)), np.float32)
    if found:
        probabilities[order] = np.concatenate(found)
    yield probabilities
