"""A visitor's music file, by its ending: what it has for the piano roll."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import numpy as np

from engines.messages import ConfigError
from engines.music.grid import RANGES, VOICES, Chorale, to_grid
from engines.music.notes import Piece
from engines.music.score.melodies import under
from engines.music.score.midi import melody_of, read_midi
from engines.music.score.musicxml import read_musicxml

MOST_MB = 8
READERS: Mapping[str, Callable[[bytes], Piece]] = MappingProxyType(
    {
        ".mid": read_midi,
        ".midi": read_midi,
        ".musicxml": read_musicxml,
        ".xml": read_musicxml,
        ".mxl": read_musicxml,
    }
)


def read_piece(path: str | Path | None) -> Piece:
    """The notes of a file; ConfigError if it cannot be read."""
    if not path:
        raise ConfigError("Choose a file first.")
    path = Path(path)
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise ConfigError("Music files that can be read here end in {known}.", known=", ".join(READERS))
    if path.stat().st_size > MOST_MB * 10**6:
        raise ConfigError("The file is too large: at most {most} MB.", most=MOST_MB)
    return reader(path.read_bytes())


def for_roll(piece: Piece) -> Chorale:
    """All of a piece in four voices that lie where Bach's do; of any other its melody, over voices to be found.

    ConfigError if it is too long, or its melody spans too much for a soprano.
    """
    if {note.voice for note in piece.notes} == set(range(len(VOICES))):
        whole = to_grid(piece)
        pitches = whole.sounding.astype(int)
        low, high = np.array(RANGES).T
        if ((pitches == 0) | (pitches >= low) & (pitches <= high)).all():
            return _paced(whole)
    found = to_grid(melody_of(piece), voices=1)
    return _paced(under(found.grid[:, 0], found.bar, found.pickup, found.tempo))


def _paced(chorale: Chorale) -> Chorale:
    """With a tempo that the roll has."""
    return replace(chorale, tempo=float(min(160, max(40, round(chorale.tempo)))))
