"""A prompt as the drawing network is given it: what the sentence means, and its words apart, in few numbers each.

A text is one vector [TEXT]: MiniLM's sentence vector, of length 1, and the last hidden states of the first WORDS
word pieces on the WORD main axes of such states; zeros stand for no word. So two texts can be mixed as two vectors.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from engines.image_generation.blending import slerp

SENTENCE = 384  # width of MiniLM's vectors
WORDS, WORD = 16, 64  # word pieces of a prompt that are kept, and numbers of each
TEXT = SENTENCE + WORDS * WORD


@dataclass(frozen=True)
class Axes:
    """The main axes of word pieces' states, scaled so that the numbers on them have a mean square of 1."""

    mean: Tensor  # [SENTENCE]
    axes: Tensor  # [SENTENCE, WORD]

    @classmethod
    def of(cls, states: Tensor) -> Axes:
        """Those of states [N, SENTENCE] (principal components)."""
        states = states.float()
        mean = states.mean(0)
        _, _, axes = torch.pca_lowrank(states - mean, WORD, center=False, niter=4)
        scale = ((states - mean) @ axes).square().mean().sqrt()
        return cls(mean, axes / scale)

    def words(self, states: Tensor) -> Tensor:
        """States of word pieces [N, SENTENCE] as numbers [N, WORD]."""
        return (states.float() - self.mean) @ self.axes


def text_of(vector: Tensor, words: Tensor) -> Tensor:
    """A text [TEXT] of a sentence vector [SENTENCE] and its words [N, WORD], of which the first WORDS count."""
    words = words[:WORDS].float()
    return torch.cat([F.normalize(vector.float(), dim=0), F.pad(words, (0, 0, 0, WORDS - len(words))).flatten()])


def parts_of(texts: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """(sentence vectors [N, SENTENCE], words [N, WORDS, WORD], bool [N, WORDS]: where one is) of texts [N, TEXT]."""
    words = texts[:, SENTENCE:].unflatten(1, (WORDS, WORD))
    return texts[:, :SENTENCE], words, words.abs().amax(-1) > 0


def mixed(start: Tensor, end: Tensor, share: float) -> Tensor:
    """The text `share` of the way from one text [TEXT] to another; 0 and 1 give exactly these."""
    meant = slerp(start[:SENTENCE], end[:SENTENCE], share)
    return torch.cat([meant, torch.lerp(start[SENTENCE:], end[SENTENCE:], share)])
