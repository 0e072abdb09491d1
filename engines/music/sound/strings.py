"""Renders notes as sound: a plucked string by Karplus and Strong (1983, Computer Music Journal 7:2)."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from engines.messages import ConfigError
from engines.music.notes import Piece
from engines.music.sound.wav import wav_bytes

RATE = 32_000  # samples a second
RING = 1.2  # seconds that a string sounds on after its note
DAMPED = 0.1  # seconds in which it falls to a third then
MOST_SECONDS = 600
LOUDEST = 0.9  # of what a sample holds


def strings_wav(piece: Piece, about: str = "") -> bytes:
    """A WAV file; `about` stands in it as a comment. ConfigError if it would be too long."""
    return wav_bytes(rendered(piece) * LOUDEST, RATE, about)


def rendered(piece: Piece) -> np.ndarray:
    """The sound from the first note on, float32 [T] from -1 to 1."""
    beat = 60 / piece.tempo
    first = min((note.start for note in piece.notes), default=0)
    end = max((note.start + note.length for note in piece.notes), default=0)
    seconds = float(end - first) * beat + RING
    if seconds > MOST_SECONDS:
        raise ConfigError("The music lasts {seconds} s; at most {most} s are rendered.",
                          seconds=round(seconds), most=MOST_SECONDS)  # fmt: skip
    whole = np.zeros(round(seconds * RATE) + 1, np.float32)
    longest = max((float(note.length) for note in piece.notes), default=0) * beat + RING
    for note in piece.notes:
        begin = round(float(note.start - first) * beat * RATE)
        count = round((float(note.length) * beat + RING) * RATE)
        tone = plucked(note.pitch, round(longest * RATE))[: min(count, len(whole) - begin)]
        held = min(len(tone), round(float(note.length) * beat * RATE))
        whole[begin : begin + held] += tone[:held]
        damped = np.exp(-np.arange(len(tone) - held, dtype=np.float32) / (DAMPED * RATE))
        whole[begin + held : begin + len(tone)] += tone[held:] * damped  # the finger lies on the string
    return whole / max(1e-6, float(np.abs(whole).max()))


@lru_cache(maxsize=64)
def plucked(pitch: int, count: int) -> np.ndarray:
    """A string of this MIDI pitch, float32 [count]: noise that goes round, the mean of two neighbours each time."""
    period = RATE / (440 * 2 ** ((pitch - 69) / 12)) - 0.5  # the mean delays by half a sample
    size = max(2, int(period))
    part = np.float32(period - size)  # of a sample, by which it is read between two
    tone = np.zeros(count + size + 2, np.float32)
    noise = np.random.default_rng(pitch).uniform(-1, 1, size + 1).astype(np.float32)
    tone[: size + 1] = (noise + np.roll(noise, 1)) / 2
    for begin in range(size + 2, len(tone), size):
        end = min(begin + size, len(tone))
        near = tone[begin - size - 2 : end - size]
        mean = (near[1:] + near[:-1]) / 2
        tone[begin:end] = 0.997 * ((1 - part) * mean[1:] + part * mean[:-1])
    return tone[:count] * min(1.0, 0.5 + 40 / size)
