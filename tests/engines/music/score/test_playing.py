import pytest

from engines.messages import ConfigError
from engines.music.notes import Note, Piece
from engines.music.score.abc import line_of, read
from engines.music.score.keys import Key
from engines.music.score.playing import piece_of, spelled, tune_of


def pitches(abc):
    return [note.pitch for note in piece_of(read(abc)).notes]


def test_signature_accidentals_and_octaves_make_pitches():
    assert pitches("K:D\nF f ^g g|g =f f'|C,|") == [66, 78, 80, 80, 79, 77, 90, 49]
    assert pitches("K:Gm\nB _e =e|") == [70, 75, 76]


@pytest.mark.parametrize(
    ("body", "order"),
    [
        ("A2|B2|", "AB"), ("|:A2|B2:|c2|", "ABABc"), ("A2|B2:|c2|d2:|", "ABABcdcd"), ("A2::B2:|", "AABB"),
        ("|:A2|1B2:|2c2||d2|", "ABAcd"), ("|:A2[1B2:|[2c2|]d2", "ABAcd"), ("A2||B2:|", "ABB"),
    ],
)  # fmt: skip
def test_repeats_are_played_once_more_with_their_endings(body, order):
    assert pitches("K:C\n" + body) == [{"A": 69, "B": 71, "c": 72, "d": 74}[letter] for letter in order]


def test_ties_join_only_notes_of_one_pitch():
    notes = piece_of(read("M:2/4\nL:1/8\nK:C\nA2-B2|B4-|B2 c2|")).notes
    assert [(note.pitch, note.start, note.length) for note in notes] == [
        (69, 0, 1), (71, 1, 1), (71, 2, 3), (72, 5, 1),
    ]  # fmt: skip


def test_a_pickup_begins_where_it_would_stand_in_a_full_bar():
    notes = piece_of(read("M:6/8\nK:G\nD|G3 B3|d6|")).notes
    assert [note.start for note in notes[:2]] == [2.5, 3.0]


@pytest.mark.parametrize(
    "abc",
    [
        "M:6/8\nK:G\nD|GAB c2d|e>fg (3BAG B2|G6|", "M:2/4\nK:Dm\nA2>d2 ^c2d2|f4-|f2 z2 d4|", "M:3/4\nK:A\nz2 A4|c6|",
        "M:4/4\nK:Bb\nB2 =B2 _B2 c'2|C,8|",
    ],
)  # fmt: skip
def test_notes_become_a_tune_that_has_the_same_notes(abc):
    piece = piece_of(read(abc))
    again = tune_of(piece)
    assert piece_of(again) == piece
    assert line_of(tune_of(piece_of(again))) == line_of(again)


def test_a_note_beyond_a_bar_is_tied_and_voices_beside_the_first_are_left_out():
    piece = Piece((Note(60, 0, 3), Note(72, 0, 4, voice=1)), (2, 4), "C", 120.0)
    assert line_of(tune_of(piece)) == "[M:2/4][K:C]C8-|C4|"


def test_spelling_follows_the_key():
    assert [spelled(pitch, Key.of("Eb"), {}) for pitch in (63, 66, 71)] == ["E", "_G", "=B"]
    assert [spelled(pitch, Key.of("A"), {}) for pitch in (61, 66, 70)] == ["C", "F", "^A"]


@pytest.mark.parametrize(
    ("abc", "reason"), [("K:C\nc''''''''|", "too high or too low"), ("K:C\n" + "|:A" * 3 + ":|", "")]
)
def test_what_cannot_be_played_is_said(abc, reason):
    if not reason:
        assert pitches(abc) == [69, 69, 69, 69]
        return
    with pytest.raises(ConfigError, match=reason):
        pitches(abc)
