"""Pictures to try a classifier on: what the canvas shows of a test row is what the classifier sees."""

import numpy as np
import pytest

from tabs.finetuning.pictures import enlarge, like_training
from tabs.page.canvas.view import filled, read_drawing


@pytest.mark.parametrize(("size", "channels"), [(28, 1), (32, 3), (48, 3)])
def test_a_test_row_comes_back_from_the_canvas_as_it_was(size, channels):
    rows = np.random.default_rng(0).integers(0, 256, (4, size, size, channels), np.uint8)
    rows[:, [0, -1]] = rows[:, :, [0, -1]] = 0  # on a dark ground, as Fashion-MNIST is
    drawn = read_drawing(filled(enlarge(rows[1]))).whole()
    assert np.array_equal(like_training(drawn, rows), rows[1:2])
