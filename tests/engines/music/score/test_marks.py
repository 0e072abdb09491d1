from fractions import Fraction

import pytest

from engines.music.score.marks import BAR, NOTE, UNKNOWN, factor, lengths, scan, usual_unit

EIGHTH = Fraction(1, 2)


def test_ornaments_slurs_chord_names_and_words_are_left_out():
    marks = list(scan('u"Am"(.G{ABc}~A) !trill!B|', EIGHTH))
    assert [(mark.kind, mark.text) for mark in marks] == [(NOTE, "G"), (NOTE, "A"), (NOTE, "B"), (BAR, "|")]


@pytest.mark.parametrize(
    ("said", "times"),
    [("", 1), ("2", 2), ("/", Fraction(1, 2)), ("//", Fraction(1, 4)), ("3/2", Fraction(3, 2)), ("/4", Fraction(1, 4)),
     ("3/", Fraction(3, 2)), ("0", 0), ("/0", 0)],
)  # fmt: skip
def test_lengths_are_read(said, times):
    assert factor(said) == times


@pytest.mark.parametrize(
    ("body", "eighths"),
    [
        ("A>B", ["3/2", "1/2"]), ("A<<B", ["1/4", "7/4"]), ("(3ABc d", ["2/3", "2/3", "2/3", "1"]),
        ("(2AB", ["3/2", "3/2"]), ("(3:2:2A2B c", ["4/3", "2/3", "1"]), ("[CEG]2", ["2"]),
    ],
)  # fmt: skip
def test_broken_rhythm_and_tuplets_change_what_is_written(body, eighths):
    marks = list(scan(body, EIGHTH))
    sounding = [length for mark, length in zip(marks, lengths(marks), strict=True) if mark.kind == NOTE]
    assert sounding == [Fraction(one) * EIGHTH for one in eighths]


def test_bars_repeats_and_endings_are_one_mark_each():
    marks = scan("|:A|1B:|2c||d|]::[1e", EIGHTH)
    assert [mark.text for mark in marks if mark.kind == BAR] == ["|:", "|1", ":|2", "||", "|]::", "[1"]


def test_what_is_no_abc_is_called_so():
    assert [mark.text for mark in scan("A <é B", EIGHTH) if mark.kind == UNKNOWN] == ["é"]


def test_the_unit_follows_the_metre_as_the_standard_says():
    assert (usual_unit((2, 4)), usual_unit((6, 8)), usual_unit((4, 4))) == (Fraction(1, 4), EIGHTH, EIGHTH)
