"""Writes notes as a Standard MIDI File (MMA 1996, RP-001): a track for each voice, after one with tempo and metre."""

from __future__ import annotations

import struct

from engines.music.notes import Note, Piece

TICKS = 480  # of a quarter note
LOUD = 88  # how hard each note is struck, of 127
HARP = 46  # General MIDI's number of the instrument, from 0
CHANNELS = 16


def midi_bytes(piece: Piece, about: str = "") -> bytes:
    """The file; `about` is kept in it as a text."""
    above, below = piece.meter
    tempo = struct.pack(">I", round(60e6 / piece.tempo))[1:]
    head = [
        *([(0, _meta(1, about.encode("utf-8")))] if about else []),
        (0, _meta(0x51, tempo)),
        (0, _meta(0x58, bytes([above, below.bit_length() - 1, 24, 8]))),
    ]
    voices = sorted({note.voice for note in piece.notes})
    tracks = [_track(head)] + [_track(_voice(piece.notes, voice, i % CHANNELS)) for i, voice in enumerate(voices)]
    return b"MThd" + struct.pack(">IHHH", 6, 1, len(tracks), TICKS) + b"".join(tracks)


def _voice(notes: tuple[Note, ...], voice: int, channel: int) -> list[tuple[int, bytes]]:
    """The events of a voice with their ticks; where a note ends when the next begins, it ends first."""
    found = [(0, 0, bytes([0xC0 | channel, HARP]))]
    for note in notes:
        if note.voice == voice:
            begin, end = round(note.start * TICKS), round((note.start + note.length) * TICKS)
            found.append((begin, 2, bytes([0x90 | channel, note.pitch, LOUD])))
            found.append((max(end, begin + 1), 1, bytes([0x80 | channel, note.pitch, 0])))
    return [(tick, event) for tick, _, event in sorted(found)]


def _meta(kind: int, data: bytes) -> bytes:
    return bytes([0xFF, kind]) + _variable(len(data)) + data


def _track(events: list[tuple[int, bytes]]) -> bytes:
    """A chunk of events, each after the ticks since the one before."""
    body, last = b"", 0
    for tick, event in events:
        body += _variable(tick - last) + event
        last = tick
    body += _variable(0) + _meta(0x2F, b"")
    return b"MTrk" + struct.pack(">I", len(body)) + body


def _variable(number: int) -> bytes:
    """A number in groups of seven bits, all but the last marked."""
    groups = [number & 0x7F]
    while number := number >> 7:
        groups.append(0x80 | number & 0x7F)
    return bytes(reversed(groups))
