"""A drawing as text."""

import numpy as np
import pytest

from engines.messages import ConfigError
from engines.points_training.drawing import read_strokes, write_strokes


def test_what_is_written_is_read_again():
    strokes = [np.array([[0, 1]], np.float32), np.array([[0.2, 0.4], [1, 0]], np.float32)]
    text = write_strokes(strokes)
    assert text == "00ff.3366ff00"
    for one, other in zip(read_strokes(text), strokes, strict=True):
        assert np.allclose(one, other)


def test_an_empty_text_is_an_empty_drawing():
    assert read_strokes("") == []


@pytest.mark.parametrize("text", ["x", "80", "8080.", ".8080", "8080..8080", "80 80", "FFFF", "8080\n"])
def test_any_other_text_is_refused_in_a_sentence(text):
    with pytest.raises(ConfigError, match="drawing can't be read"):
        read_strokes(text)
