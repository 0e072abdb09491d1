"""What a page says of its canvas becomes pixels; what can't be is refused with a sentence."""

import json

import numpy as np
import pytest

from engines.messages import ConfigError
from tabs.page.canvas.view import MOST, SIDE, filled, read_drawing


def test_a_picture_comes_back_as_it_was():
    picture = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)
    drawing = read_drawing(filled(picture))
    assert (drawing.ground == picture).all()
    assert drawing.mask() is None
    whole = drawing.whole()
    assert (whole[..., :3] == picture).all()
    assert (whole[..., 3] == 255).all()


def test_an_empty_canvas_holds_nothing():
    assert read_drawing(None).whole() is read_drawing(filled()).whole() is None


@pytest.mark.parametrize(
    "value",
    [
        "[]",
        "{",
        '{"ground": null}',
        '{"ground": 3, "strokes": null}',
        '{"ground": "data:image/png;base64,AAAA", "strokes": null}',
        filled(np.zeros((SIDE + 1, 3, 3), np.uint8)),
        "x" * (MOST + 1),
    ],
)
def test_what_is_no_canvas_is_refused(value):
    with pytest.raises(ConfigError, match="can't be read"):
        read_drawing(value)


def test_strokes_of_another_size_are_refused():
    one, other = (json.loads(filled(np.zeros((side, side, 3), np.uint8))) for side in (8, 9))
    with pytest.raises(ConfigError):
        read_drawing(json.dumps({**one, "strokes": other["ground"]}))
