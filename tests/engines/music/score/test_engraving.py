"""Scores are written, and are the same music when they are read again."""

from fractions import Fraction
from xml.etree.ElementTree import fromstring

import numpy as np
import pytest

from engines.music.chorales import everything
from engines.music.grid import VOICES, to_grid
from engines.music.notes import Note, Piece
from engines.music.score.abc import read
from engines.music.score.engraving import usual, write_musicxml
from engines.music.score.musicxml import read_musicxml
from engines.music.score.playing import piece_of


@pytest.mark.parametrize("number", range(0, 354, 29))
def test_a_chorale_is_the_same_when_it_is_read_again(number):
    chorale = everything()[1][number]
    again = to_grid(read_musicxml(write_musicxml(chorale.to_piece(), "", VOICES)))
    sounding = np.flatnonzero(chorale.grid.any(1))
    rows = slice(int(sounding[0]), int(sounding[-1]) + 1)
    assert np.array_equal(again.grid, chorale.grid[rows])
    assert (again.bar, again.tempo) == (chorale.bar, chorale.tempo)


def test_a_tune_with_a_pickup_triplets_and_ties_is_the_same_again():
    piece = piece_of(read("X:1\nM:6/8\nK:Bb\nF|B2d (3fed f-|f2d c2B|A3 B2|]\n"))
    again = read_musicxml(write_musicxml(piece))
    assert again.meter == (6, 8)
    assert again.key == "Bb"
    heard, wanted = (
        [(n.pitch, *(round(24 * n.start), round(24 * n.length))) for n in one.notes] for one in (again, piece)
    )
    assert heard == wanted


def test_it_says_what_it_is_and_who_sings():
    chorale = everything()[1][0]
    data = write_musicxml(chorale.to_piece(), 'Machine-made <by> "us" & them', VOICES)
    root = fromstring(data)
    assert root.findtext(".//miscellaneous-field") == 'Machine-made <by> "us" & them'
    assert [one.text for one in root.iter("part-name")] == list(VOICES)
    clefs = [one.text for one in root.iter("sign")]
    assert (clefs[0], clefs[-1]) == ("G", "F")
    for measure in list(root.find("part"))[1:-1]:
        lasts = sum(int(note.findtext("duration")) for note in measure.iter("note"))
        assert lasts == chorale.bar * int(root.findtext(".//divisions")) // 4, "each bar is full"


def test_pitches_are_spelled_in_the_key_that_is_heard():
    flat = Piece(
        tuple(Note(pitch, Fraction(i), Fraction(1)) for i, pitch in enumerate((65, 67, 69, 70, 72, 74, 76, 77)))
    )
    root = fromstring(write_musicxml(flat))
    assert root.findtext(".//fifths") == "-1"
    assert [(one.findtext("step"), one.findtext("alter")) for one in root.iter("pitch")][3] == ("B", "-1")


def test_lengths_are_those_of_notation():
    assert list(usual(Fraction(5, 2))) == [(2, "half", 0, False), (Fraction(1, 2), "eighth", 0, False)]
    assert list(usual(Fraction(3))) == [(3, "half", 1, False)]
    assert list(usual(Fraction(1, 3))) == [(Fraction(1, 3), "eighth", 0, True)]
