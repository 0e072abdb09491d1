import struct

from engines.music.midi import midi_bytes
from engines.music.notes import Note, Piece

PIECE = Piece((Note(60, 0, 1), Note(64, 1, 0.5), Note(48, 0, 2, voice=1)), (6, 8), "C", 120.0)


def chunks(data):
    """(name, content) of each chunk."""
    found = []
    while data:
        size = struct.unpack(">I", data[4:8])[0]
        found.append((data[:4], data[8 : 8 + size]))
        data = data[8 + size :]
    return found


def test_a_file_has_a_head_and_a_track_for_each_voice():
    (head, told), *tracks = chunks(midi_bytes(PIECE, about="by a machine"))
    assert (head, struct.unpack(">HHH", told)) == (b"MThd", (1, 3, 480))
    assert [name for name, _ in tracks] == [b"MTrk"] * 3
    assert all(content.endswith(b"\x00\xff\x2f\x00") for _, content in tracks)


def test_tempo_metre_and_what_it_is_stand_in_the_first_track():
    first = chunks(midi_bytes(PIECE, about="by a machine"))[1][1]
    assert b"\xff\x01\x0cby a machine" in first
    assert b"\xff\x51\x03" + (500_000).to_bytes(3, "big") in first
    assert b"\xff\x58\x04\x06\x03" in first


def test_notes_begin_and_end_at_their_ticks():
    voice = chunks(midi_bytes(PIECE))[2][1]
    #             harp        C begins          C ends, after 480     E begins        E ends, after 240
    expected = b"\x00\xc0\x2e\x00\x90\x3c\x58\x83\x60\x80\x3c\x00\x00\x90\x40\x58\x81\x70\x80\x40\x00"
    assert voice.startswith(expected)


def test_a_piece_without_notes_is_a_file_all_the_same():
    assert len(chunks(midi_bytes(Piece((), (4, 4), None, 120.0)))) == 2
