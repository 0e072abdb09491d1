"""Pieces on the grid and back."""

from fractions import Fraction

import numpy as np
import pytest

from engines.messages import ConfigError
from engines.music.chorales import everything, load, shifts, to_cells, to_tokens
from engines.music.grid import FREE, Chorale, from_text, runs, tidy, to_grid, to_text
from engines.music.notes import Note, Piece


def test_notes_come_back_from_the_grid_as_they_were():
    notes = tuple(Note(60 + voice, Fraction(voice, 4), Fraction(3, 4), voice) for voice in range(4))
    chorale = to_grid(Piece(notes, (3, 4), None, 100.0))
    assert (chorale.bar, chorale.pickup, chorale.tempo) == (12, 0, 100.0)
    assert chorale.grid[:, 0].tolist() == [60, -60, -60, 0, 0, 0]
    back = chorale.to_piece()
    assert (back.notes, back.meter) == (notes, (3, 4))


def test_every_bundled_chorale_survives_the_way_to_notes_and_back():
    _, pieces, parts = everything()
    assert np.bincount(parts).tolist() == [284, 35, 35]
    for piece in pieces[::20]:
        again = to_grid(piece.to_piece(), most=2000)
        assert np.array_equal(again.grid, piece.grid)
        assert (again.bar, again.pickup) == (piece.bar, piece.pickup)
        assert np.array_equal(to_cells(to_tokens(piece.grid)), piece.grid)


def test_a_pickup_is_told_from_a_rest():
    piece = to_grid(Piece((Note(60, 3, 1), Note(62, 4, 4)), (4, 4)), voices=1)
    assert (piece.pickup, len(piece), piece.phases[:5].tolist()) == (12, 20, [12, 13, 14, 15, 0])


def test_the_later_and_higher_of_notes_that_overlap_is_kept():
    piece = to_grid(Piece((Note(60, 0, 2), Note(64, 0, 2), Note(62, 1, 1)), (4, 4)), voices=1)
    assert [pitch for pitch, _, _ in runs(piece.grid[:, 0])] == [64, 62]


@pytest.mark.parametrize(
    ("piece", "says"),
    [
        (Piece((), (4, 4)), "no notes"),
        (Piece((Note(60, 0, 1),), (5, 32)), "is no number of sixteenths"),
        (Piece((Note(60, 0, 1), Note(60, 500, 1)), (4, 4)), "too long"),
    ],
)
def test_what_cannot_lie_on_a_grid_is_said(piece, says):
    with pytest.raises(ConfigError, match=says):
        to_grid(piece)


def test_text_and_grid_say_the_same():
    grid = np.array([[60, 55, 0, FREE], [-60, 55, 0, FREE], [62, -55, 48, 40]], np.int8)
    assert to_text(grid) == "Y-[\nTT-\n..M\n??E"
    assert np.array_equal(from_text(to_text(grid)), grid)
    for bad in ("", "A\nA\nA", "A\nA\nA\nAB", "A\nA\nA\n~", "A\nA\nA\n" + "A" * 2000):
        with pytest.raises(ValueError, match=r"pitch|voices"):
            from_text(bad)


def test_a_hold_of_nothing_begins_a_note():
    assert tidy(np.array([[-60], [-60], [-62]], np.int8))[:, 0].tolist() == [60, -60, 62]


def test_a_piece_is_moved_only_as_far_as_its_voices_reach():
    low, high = shifts(Chorale(np.array([[81, 60, 50, 37]], np.int8)))
    assert (low, high) == (-1, 0)


def test_a_share_of_the_chorales_leaves_the_held_out_ones_alone():
    few, all_of_them = load(0.01), load()
    assert len(few.train) == 3
    assert len(few.held) == len(all_of_them.held)
