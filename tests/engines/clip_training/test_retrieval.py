"""How often the right one is found."""

from dataclasses import replace

import numpy as np
import pytest

from engines.clip_training.retrieval import LEVELS, found_within, matrix, mean_of, names_shown, retrieval
from tests.engines.clip_training.tiny import few


def test_ties_are_no_finds():
    assert found_within(np.ones((4, 4)), np.eye(4, dtype=bool), (1, 4)) == (0.0, 1.0)


def test_the_nearest_counts_at_once_and_the_second_among_more():
    similar = np.array([[0.9, 0.1, 0.0], [0.8, 0.5, 0.0], [0.3, 0.2, 0.1]])
    assert found_within(similar, np.eye(3, dtype=bool), (1, 2)) == (pytest.approx(1 / 3), pytest.approx(2 / 3))


def test_who_knows_all_finds_all_and_the_matrix_is_bright_on_its_diagonal_alone():
    pairs = few()
    axes = np.eye(len(pairs.names[0]), dtype=np.float32)
    pictures, words = axes[pairs.emoji], np.stack([axes, axes])
    found = retrieval(pairs, pictures, words, pairs.held)
    assert set(found.values()) == {1.0}
    assert mean_of(found, "word", 5) == 1.0
    shades = np.array([LEVELS.index(letter) for letter in matrix(pairs, axes[pairs.shown], words)]).reshape(24, 24)
    assert (np.diag(shades) > 50).all()
    assert shades.sum() == np.diag(shades).sum()


def test_one_language_may_be_found_and_the_other_not():
    pairs = few()
    axes = np.eye(len(pairs.names[0]), dtype=np.float32)
    found = retrieval(pairs, axes[pairs.emoji], np.stack([axes, axes[::-1]]), pairs.held)
    assert found["en picture 1"] == 1.0
    assert found["zh picture 1"] == 0.0


def test_names_fit_into_what_a_run_keeps():
    long = replace(few(), names=(("x" * 90,) * 789, ("很" * 90,) * 789))
    assert all(len(text) <= 600 and text.count("\n") == 23 for text in names_shown(long))
