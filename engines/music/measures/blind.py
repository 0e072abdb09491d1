"""A blind test: a passage by Bach beside one that a network made."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engines.messages import Message
from engines.music.chorales import TEST, everything
from engines.music.composing import ComposeConfig, fill
from engines.music.config import MusicConfig
from engines.music.grid import FREE, VOICES, tidy
from engines.running.events import Weights
from engines.running.votes.pair import Pair

BARS, WHOLE = 4, 8  # that are heard, and that are composed, so that neither passage comes to an end


def pair(config: MusicConfig | None, weights: Weights | None, seed: int) -> Pair:
    """The beginnings of a chorale that nothing was learnt from, and of one made for this; fixed by the seed.

    `config` and `weights` are those of a run, None for the bundled model. Both passages have one length and metre.
    """
    rng = np.random.default_rng(seed)
    names, pieces, parts = everything()
    chosen = int(rng.choice(np.flatnonzero(parts == TEST)))
    bach = pieces[chosen]
    empty = np.full((WHOLE * bach.bar - bach.pickup, len(VOICES)), FREE, np.int8)
    made = fill(config, weights, replace(bach, grid=empty), ComposeConfig(seed=seed)).chorale
    rows = min(len(bach), BARS * bach.bar - bach.pickup)
    cut = [replace(one, grid=tidy(one.grid[:rows]), tempo=84.0) for one in (bach, made)]
    source = Message("Bach's is the beginning of BWV {bwv}.", bwv=names[chosen])
    return Pair(*cut, first=bool(rng.random() < 0.5), source=source)
