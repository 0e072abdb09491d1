"""Melodies cut from tunes, as text and as notes."""

import numpy as np
import pytest

from engines.music.melody_vae.bars import END, bar_of, from_line, melodies_of, to_line, to_piece
from engines.music.score.abc import read_line

JIG = "[M:6/8][K:D]D2DFED|A3A2B|c/B/A/B/cd3|A|D6|D6|"


def lines(tune):
    return [to_line(melody) for melody in melodies_of(read_line(tune))]


def test_two_bars_that_follow_one_another_are_a_melody():
    """Of the seven bars the fourth is short: so 1+2, 2+3, and not 5+6, which has two notes only."""
    found = lines(JIG)
    assert [len(line) for line in found] == [24, 24]
    d, f = chr(ord("A") + 62 - 36), chr(ord("A") + 66 - 36)  # D4 and F sharp 4, as the key says
    assert found[0].startswith(f"{d}---{d}-{f}-")
    assert found[0][12:] == found[1][:12]


def test_melodies_are_moved_to_d_and_a_tied_note_is_held():
    in_d, in_g = lines("[M:4/4][K:D]DEFGABcd-|d4D4|"), lines("[M:4/4][K:G]GABcdefg-|g4G4|")
    assert in_d == in_g
    assert in_d[0][14:24] == f"{chr(ord('A') + 74 - 36)}{'-' * 9}"  # D5 from the last eighth into the second bar


def test_a_part_ends_at_its_repeat():
    assert len(lines("[M:4/4][K:D]DEFGABcd|dcBAGFED:|DDEEFFGG|GGFFEEDD|")) == 2


def test_a_melody_is_the_same_after_text_and_notes():
    for melody in melodies_of(read_line(JIG)):
        assert np.array_equal(from_line(to_line(melody)), melody)
        assert bar_of(melody) == 12
        assert (melody[24:] == END).all()
        piece = to_piece(melody)
        assert piece.meter == (6, 8)
        assert sum(note.length for note in piece.notes) == 6
    with pytest.raises(ValueError, match="pitch"):
        from_line("!" * 32)
    with pytest.raises(ValueError, match="two bars"):
        from_line("-" * 31)
