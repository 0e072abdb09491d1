"""MIDI files: what is written is read again, and what is broken is said."""

from contextlib import suppress
from fractions import Fraction

import pytest

from engines.messages import ConfigError
from engines.music.notes import Note, Piece
from engines.music.score import midi

NOTES = tuple(Note(60 + 4 * voice, Fraction(start), Fraction(1, 2), voice) for start in (0, 1) for voice in range(4))
PIECE = Piece(NOTES, (3, 4), None, 100.0)


def made(*tracks, kind=1, division=480):
    head = b"".join(value.to_bytes(2, "big") for value in (kind, len(tracks), division))
    chunks = b"".join(b"MTrk" + len(track).to_bytes(4, "big") + track for track in tracks)
    return b"MThd" + (6).to_bytes(4, "big") + head + chunks


def note(pitch=60, channel=0, length=96):
    return bytes([0, 0x90 | channel, pitch, 64, length, 0x80 | channel, pitch, 0])


def test_what_is_written_is_read_again():
    data = midi.write_midi(PIECE, "Machine-made", ("Soprano",))
    again = midi.read_midi(data)
    assert (again.notes, again.meter) == (NOTES, (3, 4))
    assert again.tempo == pytest.approx(100)
    assert b"Machine-made" in data
    assert b"Soprano" in data
    assert b"Voice 4" in data


def test_forty_tracks_are_forty_voices():
    piece = midi.read_midi(made(*(note(40 + i) for i in range(40))))
    assert len({one.voice for one in piece.notes}) == 40


@pytest.mark.slow
@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "no MIDI file"),
        (b"RIFF" + bytes(20), "no MIDI file"),
        (made(note(channel=9)), "only drums"),
        (made(b""), "no notes"),
        (made(note(), division=0xE728), "film frames"),
        (made(note(), division=0), "film frames"),
        (made(note() * 200_000), "more than"),
    ],
)
def test_what_cannot_be_read_is_said(data, says):
    with pytest.raises(ConfigError, match=says):
        midi.read_midi(data)


def test_a_tempo_of_nothing_and_a_broken_end_are_passed_over():
    zero = bytes([0, 0xFF, 0x51, 3, 0, 0, 0])
    piece = midi.read_midi(made(zero + note() + bytes([0, 0x90])))
    assert piece.tempo == pytest.approx(120)
    assert len(piece.notes) == 1


def test_of_type_2_the_first_track_with_notes_counts():
    piece = midi.read_midi(made(b"", note(60), note(70), kind=2))
    assert [one.pitch for one in piece.notes] == [60]


@pytest.mark.parametrize("cut", range(0, 200, 7))
def test_a_file_that_breaks_off_anywhere_is_read_or_refused(cut):
    data = midi.write_midi(PIECE, "x")[:cut]
    with suppress(ConfigError):
        assert midi.read_midi(data).notes


def test_the_melody_is_the_highest_voice_and_of_chords_the_top():
    notes = (Note(72, 0, 1, 0), Note(76, 0, 1, 0), Note(74, 1, 2, 0), Note(79, 2, 1, 0), Note(48, 0, 4, 1))
    found = midi.melody_of(Piece(notes))
    assert [(one.pitch, one.start, one.length) for one in found.notes] == [(76, 0, 1), (74, 1, 1), (79, 2, 1)]
