"""Notes, as all that reads, writes and plays music here hands them on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Note:
    """A note that sounds: MIDI pitch (60 is middle C); start and length in quarter notes; its voice, from 0."""

    pitch: int
    start: float
    length: float
    voice: int = 0


@dataclass(frozen=True)
class Piece:
    """Notes by their start; metre such as (6, 8), key such as "Gm", tempo in quarter notes a minute."""

    notes: tuple[Note, ...]
    meter: tuple[int, int]
    key: str | None
    tempo: float
