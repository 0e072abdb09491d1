"""Two-bar melodies on a grid of sixteenths, and how one is cut from a tune.

A melody is int8 [ROWS]: p > 0 is the MIDI pitch of a note that begins there, -p the same held on, 0 a rest, and END
what lies behind its second bar.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise

import numpy as np

from engines.music.grid import A_QUARTER
from engines.music.grid import LOWEST as LETTER_A
from engines.music.notes import Note, Piece
from engines.music.score.keys import Key
from engines.music.score.marks import BAR, NOTE, REST, Tune, lengths
from engines.music.score.playing import pitch_of

BARS = 2
ROWS = 32  # sixteenths: two bars of four quarters
LOWEST, HIGHEST = 52, 88  # pitches that are known; nearly all tunes, moved to D, lie within
END = -128
HOME = 2  # the pitch class of D, on which all melodies close
TEMPO = 112.0  # quarter notes a minute
METRES = {"4/4": 16, "6/8": 12}  # rows of a bar
FEWEST = 4  # notes of a melody


def melodies_of(tune: Tune) -> Iterator[np.ndarray]:
    """Each two bars that follow one another in a part of a tune, moved so that its tonic is D.

    Left out are bars that do not add up, pitches beyond LOWEST to HIGHEST, and melodies of fewer notes than FEWEST.
    """
    parts: list[list[np.ndarray]] = [[]]
    for cells, ends in _bars(tune):
        if cells is None:
            parts.append([])
        else:
            parts[-1].append(cells)
        if ends:
            parts.append([])
    for part in parts:
        for one, other in pairwise(part):
            melody = np.concatenate([one, other])
            melody[0] = abs(melody[0])  # a note that was held from before begins
            pitches = np.abs(melody[melody != 0])
            known = len(pitches) and pitches.min() >= LOWEST and pitches.max() <= HIGHEST
            if known and (melody > 0).sum() >= FEWEST:
                yield np.pad(melody, (0, ROWS - len(melody)), constant_values=END).astype(np.int8)


def _bars(tune: Tune) -> Iterator[tuple[np.ndarray | None, bool]]:
    """Each bar's cells, int16 [rows], None where it doesn't add up; and whether a part ends with it."""
    rows = int(tune.full * A_QUARTER)
    shift = (HOME - tune.key.home + 6) % 12 - 6
    notes: list[tuple[Fraction, Fraction, int, bool]] = []
    at, moved, tied = Fraction(0), {}, False
    for mark, length in zip(tune.marks, lengths(tune.marks), strict=True):
        if mark.kind == BAR:
            if at or notes:
                ends = mark.text != "|"
                yield (_cells(notes, rows, shift) if at == tune.full else None), ends
            notes, at, moved = [], Fraction(0), {}
        elif mark.kind in (NOTE, REST):
            if mark.kind == NOTE and length:
                notes.append((at, length, pitch_of(mark.text, tune.key, moved), tied))
            tied = mark.kind == NOTE and mark.tied
            at += length


def _cells(notes: list[tuple[Fraction, Fraction, int, bool]], rows: int, shift: int) -> np.ndarray:
    """A bar's notes on the grid, each moved to the nearest sixteenth."""
    cells = np.zeros(rows, np.int16)
    for start, length, pitch, tied in notes:
        begin, end = (int(place * A_QUARTER + Fraction(1, 2)) for place in (start, start + length))
        cells[begin:end] = -(pitch + shift)
        if begin < end and not tied:
            cells[begin] = pitch + shift
    return cells


# --- as text, and as notes -------------------------------------------------------------------------------------


def to_line(melody: np.ndarray) -> str:
    """A character for each sixteenth, as in engines/music/grid.py, up to the end of its second bar."""
    signs = {0: ".", **{-pitch: "-" for pitch in range(LOWEST, HIGHEST + 1)}}
    cells = melody[melody != END].tolist()
    return "".join(signs.get(cell) or chr(ord("A") + cell - LETTER_A) for cell in cells)


def from_line(line: str) -> np.ndarray:
    """The inverse of to_line; ValueError if it is something else."""
    if not isinstance(line, str) or len(line) not in (BARS * rows for rows in METRES.values()):
        raise ValueError("not two bars")
    melody, before = np.full(ROWS, END, np.int8), 0
    for row, letter in enumerate(line):
        pitch = ord(letter) - ord("A") + LETTER_A
        if letter not in ".-" and not LOWEST <= pitch <= HIGHEST:
            raise ValueError("no pitch")
        cell = 0 if letter == "." else -before if letter == "-" else pitch
        melody[row], before = cell, abs(cell)
    return melody


def bar_of(melody: np.ndarray) -> int:
    """Rows of one of its bars."""
    return int((melody != END).sum()) // BARS


def to_piece(melody: np.ndarray) -> Piece:
    """Its notes."""
    bar, notes = bar_of(melody), []
    for row, cell in enumerate(melody[melody != END].tolist()):
        if cell > 0:
            notes.append(Note(cell, Fraction(row, A_QUARTER), Fraction(1, A_QUARTER)))
        elif cell < 0 and notes and notes[-1].pitch == -cell:
            notes[-1] = Note(-cell, notes[-1].start, notes[-1].length + Fraction(1, A_QUARTER))
    metre = next((name for name, rows in METRES.items() if rows == bar), "4/4")
    beats, unit = map(int, metre.split("/"))
    return Piece(tuple(notes), (beats, unit), str(Key("D")), TEMPO)
