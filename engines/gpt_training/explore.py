"""What one can ask of trained weights, or of the bundled poem model: an acrostic, gaps to fill, a look inside.

Plain functions, so that a worker can be told to call them. `config` and `weights` are those of a run, None for the
bundled model.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engines.gpt_training.config import GPT, MASKED, GptConfig
from engines.gpt_training.use import BUNDLED, Writer, bundled
from engines.messages import ConfigError, Message
from engines.packing import facts_of
from engines.running.events import Weights
from engines.running.shown.moments import Moment


@dataclass(frozen=True, eq=False)
class Inside:
    """What goes on in a model over a text, after so many steps."""

    step: int
    tokens: tuple[str, ...]  # T
    shares: np.ndarray | None  # how much each looks at each, float32 [T, T]; None of a recurrent network
    likely: tuple[tuple[str, float], ...]  # the likeliest tokens after the text; none of a masked model


def acrostic(config: GptConfig | None, weights: Weights | None, characters: str, form: str, seed: int) -> str:
    """The best poem that Writer.acrostic finds."""
    return _writer(config, weights).acrostic(characters, form, seed=seed)[0]


def fill(config: GptConfig | None, weights: Weights | None, text: str) -> str:
    """See Writer.fill."""
    return _writer(config, weights).fill(text)


def look_back(
    config: GptConfig | None, weights: Weights | None, earlier: Sequence[Moment], text: str, layer: int, head: int
) -> list[Inside]:
    """The attention of a layer and head, which are counted from 1, and what is expected next.

    Of earlier states of the model, and of `weights` at last; all see the same tokens. ConfigError if the model has
    fewer layers or heads.
    """
    if config is None or weights is None:
        config, weights = bundled()
    if config.model in (GPT, MASKED):
        for field, asked, most in (("Layer", layer, config.layers), ("Head", head, config.heads)):
            if not 1 <= asked <= most:
                raise ConfigError("{field} must be from 1 to {most} in this model.", field=Message(field), most=most)
    writer, found = Writer.of(config, weights), []
    text = writer.planned(text)
    for state in (*(moment.weights(weights.facts) for moment in earlier), weights):
        writer.take(state.tensors)
        shares = writer.attention(text, layer - 1, head - 1) if config.model in (GPT, MASKED) else None
        likely = () if config.model == MASKED else tuple(writer.likely(text))
        found.append(Inside(state.step, tuple(writer.tokens(text)), shares, likely))
    return found


def bundled_config() -> GptConfig:
    """The settings that the bundled model was trained with; reads no weights."""
    return GptConfig.from_dict(json.loads(facts_of(BUNDLED / "model.safetensors")["config"]))


def _writer(config: GptConfig | None, weights: Weights | None) -> Writer:
    return Writer.bundled() if config is None or weights is None else Writer.of(config, weights)
