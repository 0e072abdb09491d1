"""The bundled melodies."""

import numpy as np

from engines.music.melody_vae.corpus import FIRST, HELD, OVER, densities, everything, load, metres, to_cells, to_tokens


def test_held_out_melodies_are_no_others():
    every, held = everything()
    assert len({melody.tobytes() for melody in every.cells}) == len(every) == 17_700
    assert held.sum() == 1675


def test_a_metre_has_its_own_melodies():
    for metre, which in (("4/4", 0), ("6/8", 1)):
        corpus = load(metre)
        assert set(metres(corpus.train.cells)) == set(metres(corpus.held.cells)) == {which}
    assert set(metres(load().train.cells)) == {0, 1}
    assert len(load(share=0.01).train) == 160


def test_tokens_are_melodies_again():
    cells = load().train.cells[:500]
    tokens = to_tokens(cells)
    assert tokens.min() == 0
    assert np.array_equal(to_cells(tokens), cells)


def test_what_is_no_melody_becomes_one():
    """A hold with nothing before is silence, and an end in the middle is none."""
    tokens = np.full((1, 32), HELD)
    tokens[0, 4], tokens[0, 8] = FIRST + 10, OVER
    cells = to_cells(tokens)[0]
    assert not cells[:4].any()
    assert cells[4] == -cells[5] == 62
    assert not cells[8:].any()


def test_how_busy_a_melody_is():
    cells = np.zeros((3, 32), np.int8)
    cells[0, ::8], cells[1, ::2], cells[2, :] = 62, 62, 62
    assert densities(cells).tolist() == [0, 1, 2]
