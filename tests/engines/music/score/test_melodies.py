"""Melodies to harmonise, of the list and of files."""

import numpy as np
import pytest

from engines.messages import ConfigError
from engines.music.grid import FREE, RANGES, VOICES, Chorale
from engines.music.notes import Note, Piece
from engines.music.score.files import for_roll, read_piece
from engines.music.score.melodies import TUNES, melody, names, under
from engines.music.score.midi import write_midi


@pytest.mark.parametrize("name", names())
def test_every_melody_is_a_whole_number_of_bars_that_a_soprano_can_sing(name):
    piece = melody(name)
    sung = piece.sounding[:, 0]
    assert (piece.grid[:, 1:] == FREE).all()
    assert RANGES[0][0] <= sung[sung > 0].min() <= sung.max() <= RANGES[0][1]
    if name in TUNES:
        assert (len(piece) + piece.pickup) % piece.bar == 0


def test_an_unknown_melody_is_said():
    with pytest.raises(ConfigError, match="There is no melody called"):
        melody("nonsense")


def test_a_melody_is_put_where_a_soprano_sings():
    assert under(np.array([40, -40, 43], np.int8), 16, 0).grid[:, 0].tolist() == [64, -64, 67]
    with pytest.raises(ConfigError, match="spans too much"):
        under(np.array([40, 90], np.int8), 16, 0)


def test_four_voices_of_a_file_come_whole_and_of_others_the_melody(tmp_path):
    bach = Chorale(np.array([[67, 62, 59, 43]] * 4, np.int8))
    path = tmp_path / "a.mid"
    path.write_bytes(write_midi(bach.to_piece(), "x", VOICES))
    assert np.array_equal(for_roll(read_piece(path)).grid, bach.grid)
    tune = Piece((Note(52, 0, 1), Note(55, 1, 1)), (4, 4), None, 300.0)
    path.write_bytes(write_midi(tune, "x"))
    found = for_roll(read_piece(path))
    assert [found.grid[0, 0], found.grid[4, 0], found.grid[0, 1], found.tempo] == [64, 67, FREE, 160]


@pytest.mark.parametrize(("name", "says"), [("a.pdf", "Music files that can be read here"), ("", "Choose a file")])
def test_what_is_no_music_file_is_said(tmp_path, name, says):
    path = tmp_path / name if name else None
    with pytest.raises(ConfigError, match=says):
        read_piece(path)


def test_a_melody_in_seven_eighths_of_one_note_or_of_none_is_taken_or_said():
    one = for_roll(Piece((Note(60, 0, 3.5), Note(60, 3.5, 3.5)), (7, 8)))
    assert (one.bar, len(one)) == (14, 28)
    with pytest.raises(ConfigError, match="no number of sixteenths"):
        for_roll(Piece((Note(60, 0, 1),), (1, 32)))
