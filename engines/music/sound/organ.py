"""A piece as sound: an organ of a few partials for each note, without any sample of a real one."""

from __future__ import annotations

import numpy as np

from engines.music.notes import Piece
from engines.music.sound.wav import wav_bytes

RATE = 44_100  # samples a second
PARTIALS = (1.0, 0.5, 0.33, 0.2, 0.0, 0.12, 0.0, 0.08)  # strengths of a pipe's tone and its overtones
TABLE = 4096  # samples of one period
ATTACK, RELEASE = 0.03, 0.12  # seconds
LOUDEST = 0.89  # of what a file can hold
LONGEST = 600.0  # seconds


def render(piece: Piece) -> np.ndarray:
    """The sound, float32 [samples] at RATE from -LOUDEST to LOUDEST; at most LONGEST seconds of it."""
    beat = 60 / piece.tempo
    end = min(LONGEST, max((float(n.start + n.length) for n in piece.notes), default=0.0) * beat)
    sound = np.zeros(round((end + RELEASE) * RATE) + 1, np.float32)
    table = _table()
    for note in piece.notes:
        begin, length = float(note.start) * beat, float(note.length) * beat
        if begin + length > end + 1e-6:
            continue
        first, count = round(begin * RATE), round((length + RELEASE) * RATE)
        place = np.arange(count, dtype=np.int64) * round(2**32 * frequency(note.pitch) / RATE) >> 20 & TABLE - 1
        sound[first : first + count] += (table[place] * _shape(count, length))[: len(sound) - first]
    loudest = float(np.abs(sound).max())
    return sound * (LOUDEST / loudest) if loudest else sound


def frequency(pitch: int) -> float:
    """Hertz of a MIDI pitch, equal temperament, a' = 440."""
    return 440 * 2 ** ((pitch - 69) / 12)


def _table() -> np.ndarray:
    """One period of the tone, float32 [TABLE]."""
    turn = 2 * np.pi * np.arange(TABLE) / TABLE
    return sum(strength * np.sin(number * turn) for number, strength in enumerate(PARTIALS, 1)).astype(np.float32)


def _shape(count: int, length: float) -> np.ndarray:
    """How loud a note of so many seconds is, float32 [count]: it begins and ends softly."""
    shape = np.ones(count, np.float32)
    rise, fall = round(min(ATTACK, length / 2) * RATE), round(RELEASE * RATE)
    shape[:rise] = np.linspace(0, 1, rise, endpoint=False)
    shape[-fall:] *= np.linspace(1, 0, fall) ** 2
    return shape


def organ_wav(piece: Piece, about: str = "") -> bytes:
    """A WAV file; `about` stands in it as a comment."""
    return wav_bytes(render(piece), RATE, about)
