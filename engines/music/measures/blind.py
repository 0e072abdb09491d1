"""A blind test: a passage by Bach beside one that a network made, and what the answers say."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from engines.music.chorales import TEST, everything
from engines.music.composing import ComposeConfig, fill
from engines.music.config import MusicConfig
from engines.music.grid import FREE, VOICES, Chorale, tidy
from engines.running.events import Weights

BARS, WHOLE = 4, 8  # that are heard, and that are composed, so that neither passage comes to an end
ENOUGH = 30  # answers after which something can be said
SURE = 1.96  # standard deviations of a normal distribution within which 95 % lie


@dataclass(frozen=True, eq=False)
class Pair:
    """Two passages of one length and meter."""

    bach: Chorale
    made: Chorale
    bwv: str
    first: bool  # whether Bach's is the first of the two


def pair(config: MusicConfig | None, weights: Weights | None, seed: int) -> Pair:
    """The beginning of a chorale that nothing was learnt from, and of one made for this; fixed by the seed."""
    rng = np.random.default_rng(seed)
    names, pieces, parts = everything()
    chosen = int(rng.choice(np.flatnonzero(parts == TEST)))
    bach = pieces[chosen]
    empty = np.full((WHOLE * bach.bar - bach.pickup, len(VOICES)), FREE, np.int8)
    made = fill(config, weights, replace(bach, grid=empty), ComposeConfig(seed=seed)).chorale
    rows = min(len(bach), BARS * bach.bar - bach.pickup)
    cut = [replace(one, grid=tidy(one.grid[:rows]), tempo=84.0) for one in (bach, made)]
    return Pair(*cut, bwv=names[chosen], first=bool(rng.random() < 0.5))


def interval(right: int, answers: int) -> tuple[float, float]:
    """Between which shares the true one lies with 95 % confidence (Wilson 1927); (0, 1) without answers."""
    if not answers:
        return 0.0, 1.0
    share, square = right / answers, SURE**2
    middle = (share + square / (2 * answers)) / (1 + square / answers)
    half = SURE / (1 + square / answers) * math.sqrt(share * (1 - share) / answers + square / (4 * answers**2))
    return max(0.0, middle - half), min(1.0, middle + half)
