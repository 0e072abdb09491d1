"""Four voices on a grid of sixteenths: what the chorale models see and write.

A grid is int8 [T, 4], a row a sixteenth, a column a voice from the soprano to the bass. In a cell p > 0 is the MIDI
pitch of a note that begins there, -p the same held on, 0 a rest, and FREE what is to be found.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from engines.messages import ConfigError
from engines.music.notes import Note, Piece

VOICES = ("Soprano", "Alto", "Tenor", "Bass")
A_QUARTER = 4  # rows
FREE = -128
LOWEST, HIGHEST = 36, 81  # the lowest and highest note of Bach's chorales
RANGES = ((57, 81), (52, 74), (48, 69), (36, 64))  # of each voice there
MOST_ROWS = 512  # of a piece: 32 bars of four quarters


@dataclass(frozen=True, eq=False)
class Chorale:
    """A grid, and how it lies in its bars."""

    grid: np.ndarray  # int8 [T, 4]
    bar: int = 16  # rows
    pickup: int = 0  # rows of the first bar that are not there
    tempo: float = 90.0  # quarter notes a minute

    def __len__(self) -> int:
        return len(self.grid)

    @property
    def phases(self) -> np.ndarray:
        """Each row's place in its bar, int64 [T]."""
        return (np.arange(len(self.grid)) + self.pickup) % self.bar

    @property
    def sounding(self) -> np.ndarray:
        """The pitch that sounds in each cell, 0 for none, int8 [T, 4]."""
        return np.where(self.grid == FREE, 0, np.abs(self.grid))

    def to_piece(self) -> Piece:
        """The notes, in quarter notes from the beginning of the first bar."""
        quarters = Fraction(self.bar, A_QUARTER)
        meter = (int(quarters), 4) if quarters.denominator == 1 else (2 * self.bar // A_QUARTER, 8)
        notes = [
            Note(pitch, Fraction(self.pickup + start, A_QUARTER), Fraction(length, A_QUARTER), voice)
            for voice in range(self.grid.shape[1])
            for pitch, start, length in runs(self.grid[:, voice])
        ]
        return Piece(tuple(sorted(notes, key=lambda note: (note.start, note.voice))), meter, None, self.tempo)


def runs(column: np.ndarray) -> Iterator[tuple[int, int, int]]:
    """(pitch, first row, rows) of each note of a voice, int8 [T]; a hold of another pitch begins a note."""
    cells, start = np.where(column == FREE, 0, column).tolist(), 0
    while start < len(cells):
        pitch, end = abs(cells[start]), start + 1
        while end < len(cells) and cells[end] == -pitch:
            end += 1
        if pitch:
            yield pitch, start, end - start
        start = max(end, start + 1)


def tidy(grid: np.ndarray) -> np.ndarray:
    """The same, where a cell that holds a pitch that did not sound before begins it instead."""
    before = np.vstack([np.zeros((1, grid.shape[1]), grid.dtype), np.abs(grid[:-1])])
    return np.where((grid < 0) & (before != -grid), -grid, grid).astype(np.int8)


def to_grid(piece: Piece, voices: int = len(VOICES), most: int = MOST_ROWS) -> Chorale:
    """The piece's voices 0 to `voices` - 1, each note moved to the nearest sixteenth; at most so many of them.

    Where several notes of a voice sound at once, the one that began last is kept, of those the highest. ConfigError if
    the piece is too long, or its bar is no number of sixteenths.
    """
    bar = Fraction(4 * A_QUARTER * piece.meter[0], piece.meter[1])
    if bar.denominator != 1 or not 1 <= bar <= 64:
        raise ConfigError("A bar of {beats}/{unit} is no number of sixteenths.", beats=piece.meter[0],
                          unit=piece.meter[1])  # fmt: skip
    notes = [note for note in piece.notes if note.voice < voices]
    if not notes:
        raise ConfigError("The file has no notes.")
    first = int(min(_row(note.start) for note in notes) // bar * bar)
    rows = max(max(_row(note.start + note.length), _row(note.start) + 1) for note in notes) - first
    if rows > most:
        raise ConfigError("The piece is too long: at most {most} sixteenths.", most=most)
    grid = np.zeros((rows, voices), np.int8)
    for note in sorted(notes, key=lambda note: (note.start, note.pitch)):
        start = _row(note.start) - first
        end = max(start + 1, _row(note.start + note.length) - first)
        grid[start:end, note.voice] = -note.pitch
        grid[start, note.voice] = note.pitch
    sounds = np.flatnonzero(grid.any(1))
    pickup = int(sounds[0]) if len(sounds) else 0
    return Chorale(tidy(grid[pickup:]), int(bar), pickup % int(bar), piece.tempo)


def _row(place: Fraction | float) -> int:
    """The sixteenth nearest to a place in quarter notes."""
    return int(place * A_QUARTER + Fraction(1, 2))


# --- as text ------------------------------------------------------------------------------------------------------

HELD, SILENT, HOLE = "-", ".", "?"  # besides them a letter for each pitch, A for LOWEST and on through Unicode


def to_text(grid: np.ndarray) -> str:
    """The grid as a line for each voice, a character for each sixteenth."""
    letters = np.array([SILENT, HELD, HOLE, *(chr(ord("A") + i) for i in range(HIGHEST - LOWEST + 1))])
    pitches = 3 + np.clip(grid.astype(int) - LOWEST, 0, HIGHEST - LOWEST)
    places = np.select([grid == 0, grid == FREE, grid < 0], [0, 2, 1], pitches)
    return "\n".join("".join(letters[column]) for column in places.T)


def from_text(text: str) -> np.ndarray:
    """The inverse of to_text; ValueError if it is something else."""
    lines = text.split("\n")
    if len(lines) != len(VOICES) or len({len(line) for line in lines}) != 1 or not 1 <= len(lines[0]) <= MOST_ROWS:
        raise ValueError("not four voices of one length")
    grid = np.zeros((len(lines[0]), len(lines)), np.int8)
    for voice, line in enumerate(lines):
        before = 0
        for row, letter in enumerate(line):
            pitch = ord(letter) - ord("A") + LOWEST
            if letter == HOLE:
                grid[row, voice] = FREE
            elif letter == HELD:
                grid[row, voice] = -before
            elif letter != SILENT:
                if not LOWEST <= pitch <= HIGHEST:
                    raise ValueError("no pitch")
                grid[row, voice] = pitch
            before = abs(int(grid[row, voice])) if letter != HOLE else 0
    return grid
