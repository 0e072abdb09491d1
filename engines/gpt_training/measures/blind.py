"""A blind test: a text that nothing was learnt from beside one that a model writes, alike in form."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from functools import lru_cache

import numpy as np

from engines.gpt_training.config import NAMES, OF_TUNES, OWN, OWN_TUNES, POEMS, GptConfig
from engines.gpt_training.measures.form import lines_of, prosody
from engines.gpt_training.text.corpus import split
from engines.gpt_training.text.poems import plan_of, without_plan
from engines.gpt_training.text.sources import load_documents
from engines.gpt_training.use import Writer, bundled
from engines.messages import EngineError, Message
from engines.running.events import Weights
from engines.running.votes.pair import Pair

DRAWN, TEMPERATURE = 8, 0.9  # texts, of which the first with the real one's form is taken
BEGINNING, PASSAGE = 60, 160  # characters of a longer text that a model goes on from, and that are shown
FIELDS = re.compile(r"(\[[A-Z]:[^\]]*\])*")  # before a tune


def pair(config: GptConfig | None, weights: Weights | None, seed: int) -> Pair:
    """Two texts, both whole or both cut from the middle; fixed by the seed. `None` is the bundled poem model.

    EngineError of a run on a visitor's own text, which those who watch it are not to read; ConfigError of a model
    that does not write on.
    """
    if config is None or weights is None:
        config, weights = bundled()
    if config.data in (OWN, OWN_TUNES):
        raise EngineError("This run learns from a text of somebody's own, which is not shown to others.")
    writer, rng = Writer.of(config, weights), np.random.default_rng(seed)
    held, names = _texts(config.data, config.bars)
    if config.whole:
        real = held[rng.integers(len(held))]
        start, fits = _form(config, real, names)
        written = writer.write([start] * DRAWN, TEMPERATURE, seed=seed)
        written = [without_plan(text) for text in written] if config.plan else written
        made = next(filter(fits, written), written[0])
    else:
        real, made = _passage(*_place(held, rng)), _continued(writer, *_place(held, rng), seed)
    return Pair(real, made or "…", bool(rng.random() < 0.5), _source(config))


@lru_cache(maxsize=2)
def _texts(data: str, bars: bool) -> tuple[tuple[str, ...], frozenset[str]]:
    """What is held out of a text, and all of it if it is a list of names."""
    documents = load_documents(GptConfig(data=data, bars=bars))
    return split(documents)[1], frozenset(documents if data == NAMES else ())


def _form(config: GptConfig, real: str, names: Collection[str]) -> tuple[str, Callable[[str], bool]]:
    """What a text of the same form begins with, and what tells that one has it."""
    if config.data == POEMS:
        start = plan_of(real, prosody()) if config.plan else ""
        return start, lambda text: bool(lines_of(text)) and len(text) == len(real)
    return FIELDS.match(real)[0] if config.data in OF_TUNES else "", lambda text: text not in names


def _place(held: Sequence[str], rng: np.random.Generator) -> tuple[str, int]:
    """A text, the longer the likelier, and a place in it with room before and after."""
    rooms = np.array([max(1, len(text) - BEGINNING - PASSAGE) for text in held])
    text = held[rng.choice(len(held), p=rooms / rooms.sum())]
    return text, BEGINNING + int(rng.integers(max(1, len(text) - BEGINNING - PASSAGE)))


def _passage(text: str, at: int) -> str:
    """Whole words from there on."""
    cut = text[at : at + PASSAGE]
    return cut.partition(" ")[2].rpartition(" ")[0] or cut


def _continued(writer: Writer, text: str, at: int, seed: int) -> str:
    """What a model writes where a text comes to that place."""
    beginning = text[max(0, at - BEGINNING) : at]
    written = writer.write([beginning], TEMPERATURE, seed=seed, room=PASSAGE)[0]
    return _passage(written, len(beginning))


def _source(config: GptConfig) -> Message:
    if config.data == POEMS:
        return Message("The real one is a quatrain of the Tang or the Song that the model has not learnt from.")
    return Message("The real one is of the text that was held out: the model has not learnt from it.")
