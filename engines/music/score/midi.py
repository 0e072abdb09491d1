"""Reads and writes Standard MIDI Files (MIDI 1.0, 1988). What a visitor brings is hostile until shown otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction

from engines.messages import ConfigError
from engines.music.notes import Note, Piece

MOST_EVENTS = 300_000
MOST_NOTES = 100_000
TICKS = 480  # a quarter note, of what is written
DRUMS = 9  # the channel, counted from 0
ORGAN, HARP = 19, 46  # instruments of General MIDI, counted from 0
USUAL_TEMPO = 500_000  # microseconds a quarter note, where a file tells none
DATA = {0x8: 2, 0x9: 2, 0xA: 2, 0xB: 2, 0xC: 1, 0xD: 1, 0xE: 2}  # bytes after a status


def write_midi(piece: Piece, about: str = "", names: Sequence[str] = (), instrument: int = ORGAN) -> bytes:
    """A file of type 1 with a track for each voice, called by its name; `about` says in it what it is."""
    beats, unit = piece.meter
    tempo = round(60e6 / piece.tempo).to_bytes(3, "big")
    said = [(0x51, tempo), (0x58, bytes([beats, unit.bit_length() - 1, 24, 8]))]
    if about:
        said.insert(0, (1, about.encode()))
    tracks = [_track([(0, _meta(kind, data)) for kind, data in said])]
    for voice in sorted({note.voice for note in piece.notes}):
        name = names[voice] if voice < len(names) else f"Voice {voice + 1}"
        channel = voice % 16 if voice % 16 < DRUMS else (voice + 1) % 16
        events = [(0, _meta(3, name.encode())), (0, bytes([0xC0 | channel, instrument]))]
        for note in (note for note in piece.notes if note.voice == voice):
            begin, end = (round(place * TICKS) for place in (note.start, note.start + note.length))
            events += [(begin, bytes([0x90 | channel, note.pitch, 80])), (end, bytes([0x80 | channel, note.pitch, 0]))]
        tracks.append(_track(events))
    head = b"".join(value.to_bytes(2, "big") for value in (1, len(tracks), TICKS))
    return b"MThd" + len(head).to_bytes(4, "big") + head + b"".join(tracks)


def _track(events: list[tuple[int, bytes]]) -> bytes:
    """A chunk of (tick, message), those that end a note before others of the same tick."""
    now, body = 0, b""
    for tick, message in sorted(events, key=lambda one: (one[0], one[1][0] >> 4 != 0x8)):
        body += _number(tick - now) + message
        now = tick
    body += _number(0) + _meta(0x2F, b"")
    return b"MTrk" + len(body).to_bytes(4, "big") + body


def _meta(kind: int, data: bytes) -> bytes:
    return bytes([0xFF, kind]) + _number(len(data)) + data


def _number(value: int) -> bytes:
    """A number of variable length: seven bits a byte, the highest bit set in all but the last."""
    found = [value & 0x7F]
    while value := value >> 7:
        found.append(value & 0x7F | 0x80)
    return bytes(reversed(found))


def read_midi(data: bytes) -> Piece:
    """The notes of a file, each track and channel a voice, drums left out; of type 2 the first track with notes.

    A track that breaks off is read as far as it goes. ConfigError if it is no MIDI file, is too long, or has no notes.
    """
    if data[:4] != b"MThd" or len(data) < 14:
        raise ConfigError("This is no MIDI file: it does not begin with MThd.")
    kind, division = (int.from_bytes(data[at : at + 2], "big") for at in (8, 12))
    if division & 0x8000 or not division:
        raise ConfigError("This MIDI file counts in film frames, not in beats; export it again with beats.")
    reader = _Reader(division)
    for track in _chunks(data, 8 + int.from_bytes(data[4:8], "big")):
        reader.read(track)
        if kind == 2 and reader.notes:
            break
    if not reader.notes:
        raise ConfigError("The file has only drums." if reader.drums else "The file has no notes.")
    notes = sorted(reader.notes, key=lambda note: (note.start, note.voice, note.pitch))
    return Piece(tuple(notes), reader.meter, None, 60e6 / reader.tempo)


def _chunks(data: bytes, at: int) -> Iterator[bytes]:
    """The content of each track."""
    while at + 8 <= len(data):
        length = int.from_bytes(data[at + 4 : at + 8], "big")
        if data[at : at + 4] == b"MTrk":
            yield data[at + 8 : at + 8 + length]
        at += 8 + length


class _Reader:
    """Takes in one track after another."""

    def __init__(self, division: int) -> None:
        self.division = division
        self.notes: list[Note] = []
        self.meter, self.tempo = (4, 4), USUAL_TEMPO
        self.told = False  # whether a tempo was
        self.drums = False
        self.events = 0
        self.voices: dict[tuple[int, int], int] = {}
        self.tracks = 0

    def read(self, track: bytes) -> None:
        """All events of a track, as far as they are whole."""
        self.tracks += 1
        sounding: dict[tuple[int, int], int] = {}  # (channel, pitch) -> tick
        at, tick, status = 0, 0, 0
        while at < len(track):
            self._count()
            delta, at = self._length(track, at)
            tick += delta
            if at >= len(track):
                break
            if track[at] & 0x80:
                status, at = track[at], at + 1
            if status in (0xFF, 0xF0, 0xF7):
                kind, at = (track[at], at + 1) if status == 0xFF and at < len(track) else (-1, at)
                length, at = self._length(track, at)
                self._told(kind, track[at : at + length])
                at += length
                continue
            size = DATA.get(status >> 4)
            if size is None or at + size > len(track):
                break
            self._play(status, track[at : at + size], tick, sounding)
            at += size
        for (channel, pitch), begin in sounding.items():
            self._add(channel, pitch, begin, tick)

    def _count(self) -> None:
        self.events += 1
        if self.events > MOST_EVENTS:
            raise ConfigError("The file has more than {most} events.", most=f"{MOST_EVENTS:,}")

    @staticmethod
    def _length(track: bytes, at: int) -> tuple[int, int]:
        """A number of variable length, at most four bytes, and where it ends."""
        value = 0
        for _ in range(4):
            if at >= len(track):
                break
            value, last, at = value << 7 | track[at] & 0x7F, track[at] < 0x80, at + 1
            if last:
                break
        return value, at

    def _told(self, kind: int, data: bytes) -> None:
        """The first tempo and time signature that can be."""
        if kind == 0x51 and len(data) == 3 and not self.told:
            tempo = int.from_bytes(data, "big")
            if 150_000 <= tempo <= 6_000_000:
                self.tempo, self.told = tempo, True
        if kind == 0x58 and len(data) >= 2 and self.meter == (4, 4) and 1 <= data[0] <= 64 and data[1] <= 5:
            self.meter = (data[0], 2 ** data[1])

    def _play(self, status: int, data: bytes, tick: int, sounding: dict[tuple[int, int], int]) -> None:
        kind, channel, pitch = status >> 4, status & 0xF, data[0] & 0x7F
        if kind not in (0x8, 0x9):
            return
        if channel == DRUMS:
            self.drums = True
            return
        if (begin := sounding.pop((channel, pitch), None)) is not None:
            self._add(channel, pitch, begin, tick)
        if kind == 0x9 and data[1]:
            sounding[channel, pitch] = tick

    def _add(self, channel: int, pitch: int, begin: int, end: int) -> None:
        if end <= begin:
            return
        voice = self.voices.setdefault((self.tracks, channel), len(self.voices))
        self.notes.append(Note(pitch, Fraction(begin, self.division), Fraction(end - begin, self.division), voice))
        if len(self.notes) > MOST_NOTES:
            raise ConfigError("The file has more than {most} notes.", most=f"{MOST_NOTES:,}")


def melody_of(piece: Piece) -> Piece:
    """The highest note at each moment, of the voice that lies highest, as the only voice."""
    voices: dict[int, list[Note]] = {}
    for note in piece.notes:
        voices.setdefault(note.voice, []).append(note)
    highest = max(voices.values(), key=lambda notes: sum(note.pitch for note in notes) / len(notes))
    found: list[Note] = []
    for note in sorted(highest, key=lambda note: (note.start, -note.pitch)):
        if found and note.start < found[-1].start + found[-1].length:
            if note.start == found[-1].start or note.pitch < found[-1].pitch:
                continue  # below one that sounds
            found[-1] = replace(found[-1], length=note.start - found[-1].start)
        found.append(replace(note, voice=0))
    return replace(piece, notes=tuple(found))
