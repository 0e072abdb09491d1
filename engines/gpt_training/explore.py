"""What one can ask of trained weights, or of the bundled poem model: acrostics, gaps, attention, what comes next.

Plain functions, so that a worker can be told to call them. `config` and `weights` are those of a run, None for the
bundled model.
"""

from __future__ import annotations

import numpy as np

from engines.gpt_training.config import GptConfig
from engines.gpt_training.use import Writer
from engines.running.events import Weights


def writer(config: GptConfig | None, weights: Weights | None) -> Writer:
    """The model itself."""
    return Writer.bundled() if config is None or weights is None else Writer.of(config, weights)


def acrostic(config: GptConfig | None, weights: Weights | None, characters: str, form: str, seed: int) -> list[str]:
    """See Writer.acrostic."""
    return writer(config, weights).acrostic(characters, form, seed=seed)


def fill(config: GptConfig | None, weights: Weights | None, text: str) -> str:
    """See Writer.fill."""
    return writer(config, weights).fill(text)


def attention(config: GptConfig | None, weights: Weights | None, text: str, layer: int, head: int) -> np.ndarray:
    """See Writer.attention."""
    return writer(config, weights).attention(text, layer, head)


def likely(config: GptConfig | None, weights: Weights | None, text: str) -> list[tuple[str, float]]:
    """See Writer.likely."""
    return writer(config, weights).likely(text)
