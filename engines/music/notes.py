"""Music as every part of the program passes it on: notes with a pitch, a start and a length."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True)
class Note:
    """One sounding note."""

    pitch: int  # MIDI, 0 to 127; 60 is the middle C
    start: Fraction | float  # in quarter notes from the beginning
    length: Fraction | float  # in quarter notes, above 0
    voice: int = 0


@dataclass(frozen=True)
class Piece:
    """Notes in the order of their starts, and what is written before them."""

    notes: tuple[Note, ...]
    meter: tuple[int, int] = (4, 4)  # as (3, 4)
    key: str | None = None  # as "G" or "E minor"; None where it is not known
    tempo: float = 90.0  # quarter notes a minute
