"""Rules of four-part writing, counted on grids; and figures by which music is compared with other music."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from engines.music.grid import A_QUARTER, RANGES, VOICES, Chorale

FIFTH, OCTAVE = 7, 0
# Major, minor and diminished triads, and the sevenths on them: semitones above the root.
CHORDS = ((0, 4, 7, 10), (0, 4, 7, 11), (0, 3, 7, 10), (0, 3, 6, 10), (0, 3, 6, 9))
MAJOR, MINOR = (0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 11)  # minor with the raised seventh


@dataclass(frozen=True)
class Score:
    """Means over pieces."""

    fifths: float  # parallel ones, in 100 chords
    octaves: float
    crossings: float  # chords of 100 in which a voice lies above the one above it
    in_range: float  # share of sounding cells within the ranges of Bach's voices, 0 to 1
    chords: float  # share of the quarters whose notes are all of one triad or seventh chord, 0 to 1
    entropy: float  # of the pitch classes, bits
    scale: float  # the largest share of notes in one major or harmonic minor scale, 0 to 1
    groove: float  # how alike the rhythms of neighbouring bars are, 0 to 1


def score(pieces: Sequence[Chorale]) -> Score:
    """Of all pieces together, each chord or note counting alike. ValueError without pieces."""
    if not pieces:
        raise ValueError("no pieces")
    chords = max(1, sum(int(begins(piece.grid).sum()) for piece in pieces))
    return Score(
        fifths=100 * sum(parallels(piece.grid, FIFTH) for piece in pieces) / chords,
        octaves=100 * sum(parallels(piece.grid, OCTAVE) for piece in pieces) / chords,
        crossings=100 * sum(crossings(piece.grid) for piece in pieces) / chords,
        in_range=float(np.mean([in_range(piece.grid) for piece in pieces])),
        chords=float(np.mean([known_chords(piece) for piece in pieces])),
        entropy=float(np.mean([entropy(piece.grid) for piece in pieces])),
        scale=float(np.mean([scale_consistency(piece.grid) for piece in pieces])),
        groove=float(np.mean([groove(piece) for piece in pieces])),
    )


def begins(grid: np.ndarray) -> np.ndarray:
    """The rows in which a note begins: a chord each, bool [T]."""
    return (grid > 0).any(1)


def parallels(grid: np.ndarray, interval: int) -> int:
    """How often two voices that are `interval` apart (octaves aside) both move the same way and are so again."""
    return len(parallel_places(grid, interval))


def parallel_places(grid: np.ndarray, interval: int) -> list[tuple[int, int, int]]:
    """Where they do: (the row to which they move, the upper voice, the lower one)."""
    pitch, found = np.abs(grid).astype(int), []
    for upper, lower in combinations(range(grid.shape[1]), 2):
        one, other = pitch[:, upper], pitch[:, lower]
        sounds = (one > 0) & (other > 0)
        apart = sounds & ((one - other) % 12 == interval)
        moves, follows = np.diff(one), np.diff(other)
        broken = apart[:-1] & apart[1:] & (moves != 0) & (np.sign(moves) == np.sign(follows))
        found += [(row + 1, upper, lower) for row in np.flatnonzero(broken).tolist()]
    return found


def crossings(grid: np.ndarray) -> int:
    """In how many chords a voice lies below the one under it."""
    pitch = np.abs(grid)
    pairs = [(pitch[:, i] < pitch[:, i + 1]) & (pitch[:, i] > 0) for i in range(grid.shape[1] - 1)]
    return int((np.any(pairs, axis=0) & begins(grid)).sum())


def in_range(grid: np.ndarray) -> float:
    """The share of sounding cells within their voice's range."""
    pitch = np.abs(grid)
    low, high = np.array(RANGES[: grid.shape[1]]).T
    sounds = pitch > 0
    return float(((pitch >= low) & (pitch <= high))[sounds].mean()) if sounds.any() else 1.0


def known_chords(piece: Chorale) -> float:
    """The share of quarters on which all notes belong to one of CHORDS."""
    rows = np.flatnonzero(piece.phases % A_QUARTER == 0)
    sets = [frozenset(int(pitch) % 12 for pitch in piece.sounding[row] if pitch) for row in rows]
    sets = [found for found in sets if found]
    return float(np.mean([found in KNOWN for found in sets])) if sets else 1.0


def _known() -> frozenset[frozenset[int]]:
    """All sets of pitch classes that lie within one of CHORDS on any root."""
    found = set()
    for chord in CHORDS:
        for root in range(12):
            notes = [(root + step) % 12 for step in chord]
            for size in range(1, 5):
                found |= {frozenset(some) for some in combinations(notes, size)}
    return frozenset(found)


KNOWN = _known()


def _classes(grid: np.ndarray) -> np.ndarray:
    """How many notes begin in each pitch class, [12]."""
    return np.bincount(grid[grid > 0].astype(int) % 12, minlength=12)


def entropy(grid: np.ndarray) -> float:
    """Of the pitch classes of all notes, in bits, 0 to 3.58 (as MusPy's pitch_class_entropy)."""
    counts = _classes(grid)
    shares = counts[counts > 0] / max(1, counts.sum())
    return float(-(shares * np.log2(shares)).sum())


def scale_consistency(grid: np.ndarray) -> float:
    """The largest share of notes in one scale (as MusPy's scale_consistency, with the harmonic minor)."""
    counts = _classes(grid)
    totals = [sum(counts[(root + step) % 12] for step in scale) for scale in (MAJOR, MINOR) for root in range(12)]
    return float(max(totals) / max(1, counts.sum()))


def groove(piece: Chorale) -> float:
    """1 - the mean Hamming distance of the rhythms of neighbouring bars (as MusPy's groove_consistency)."""
    padded = np.zeros(piece.pickup + len(piece), bool)
    padded[piece.pickup :] = begins(piece.grid)
    bars = padded[: len(padded) // piece.bar * piece.bar].reshape(-1, piece.bar)
    return float(1 - (bars[1:] != bars[:-1]).mean()) if len(bars) > 1 else 1.0


def by_voice(values: np.ndarray) -> tuple[tuple[str, ...], tuple[float, ...]]:
    """Names and values, as Bars want them."""
    return VOICES, tuple(map(float, values))
