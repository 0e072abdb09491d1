"""Rules counted by hand on small pieces, and on Bach."""

import numpy as np
import pytest

from engines.music.chorales import everything, load
from engines.music.grid import Chorale
from engines.music.measures import rules
from engines.music.measures.copies import Copies


def grid(*columns):
    return np.array(columns, np.int8).T


def test_parallel_fifths_are_found_and_what_only_looks_like_them_is_not():
    up = grid([67, 69], [60, 62])
    assert (rules.parallels(up, 7), rules.parallels(up, 0)) == (1, 0)
    assert rules.parallels(grid([72, 74], [60, 62]), 0) == 1
    assert rules.parallels(grid([67, -67], [60, -60]), 7) == 0, "nothing moves"
    assert rules.parallels(grid([67, 67], [60, 60]), 7) == 0, "the same notes again"
    assert rules.parallels(grid([67, 62], [60, 67 - 12]), 7) == 1, "both move down"
    assert rules.parallels(grid([67, 74], [60, 55]), 7) == 0, "they move apart"
    assert rules.parallels(grid([67, 0, 69], [60, 0, 62]), 7) == 0, "a rest lies between"


@pytest.mark.parametrize(
    ("bwv", "row", "upper", "lower", "before", "after"),
    [("156.6", 12, 0, 1, (72, 65), (74, 67)), ("153.1", 96, 2, 3, (54, 47), (59, 52))],
)
def test_the_parallel_fifths_of_real_chorales(bwv, row, upper, lower, before, after):
    """Read off the notes: C5 over F4 goes to D5 over G4, and F sharp 3 over B2 to B3 over E3; there is no other."""
    names, pieces, _ = everything()
    piece = pieces[names.index(bwv)]
    assert tuple(piece.sounding[row - 1, [upper, lower]]) == before
    assert tuple(piece.sounding[row, [upper, lower]]) == after
    assert rules.parallels(piece.grid[row - 1 : row + 1, [upper, lower]], 7) == 1
    assert (rules.parallels(piece.grid, 7), rules.parallels(piece.grid, 0)) == (1, 0)


def test_crossings_ranges_and_chords():
    crossed = grid([60, -60], [64, 62], [55, 55], [48, 48])
    assert rules.crossings(crossed) == 2
    assert rules.in_range(grid([20], [60], [55], [48])) == 0.75
    assert rules.known_chords(Chorale(grid([72], [64], [55], [48]))) == 1
    assert rules.known_chords(Chorale(grid([73], [64], [55], [48]))) == 0


def test_figures_of_known_pieces():
    scale = np.array([[60, 62, 64, 65, 67, 69, 71, 72]], np.int8).T
    assert rules.scale_consistency(scale) == 1
    assert rules.entropy(np.array([[60], [60]], np.int8)) == 0
    assert rules.entropy(np.array([[60], [61]], np.int8)) == 1
    regular = Chorale(np.tile(np.array([[60], [-60]], np.int8), (16, 1)), 16)
    assert rules.groove(regular) == 1
    with pytest.raises(ValueError, match="no pieces"):
        rules.score([])


def test_bach_breaks_few_rules():
    found = rules.score(load().test)
    assert found.fifths + found.octaves < 0.5
    assert found.in_range == 1
    assert found.chords > 0.85


def test_a_copied_run_is_found_in_any_key():
    piece = Chorale(grid([60, 62, 64, 65, 67, 60], [55] * 6, [50] * 6, [40] * 6))
    moved = Chorale(grid([63, 65, 67, 68, 70, 50], [0] * 6, [0] * 6, [0] * 6))
    assert Copies([piece]).longest(moved) == 5
    assert Copies([piece]).longest(piece) == 6
    assert Copies([piece]).longest(Chorale(grid([60, 80, 61, 79], *[[0] * 4] * 3))) == 0
