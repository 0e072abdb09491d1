import numpy as np
import pytest
from PIL import Image, ImageDraw

from engines.image_generation.emoji.combining.placing import LAYOUTS, cut_out, ground_of, layout, put_together
from engines.image_generation.emoji.combining.plan import Plan, Thing

SHAPES = ((100, 100), (120, 40), (30, 120))


def disc(colour, side=64, inner=None):
    """A disc on white, maybe with another one in it."""
    picture = Image.new("RGB", (side, side), "white")
    pen = ImageDraw.Draw(picture)
    pen.ellipse((side // 4, side // 4, 3 * side // 4, 3 * side // 4), fill=colour)
    if inner:
        pen.ellipse((side * 0.4, side * 0.4, side * 0.6, side * 0.6), fill=inner)
    return np.array(picture)


def where(picture, channel):
    """The middle (x, y), in shares, of what is of one of the colours red, green and blue."""
    rows, columns = np.nonzero((picture[..., channel] > 150) & (np.delete(picture, channel, 2).max(2) < 100))
    return columns.mean() / len(picture), rows.mean() / len(picture)


@pytest.mark.parametrize("relation", LAYOUTS)
@pytest.mark.parametrize("first", SHAPES)
@pytest.mark.parametrize("second", SHAPES)
def test_everything_is_on_the_picture_and_keeps_its_shape(relation, first, second):
    for count in (1, 2):
        plan = Plan((Thing("a", count=count), Thing("b")), relation)
        spots = layout(plan, [first] * count + [second])
        assert {spot.item for spot in spots} == set(range(count + 1))
        for spot in spots:
            shape = second if spot.item == count else first
            assert spot.width / spot.height == pytest.approx(shape[0] / shape[1])
            assert min(spot.left, spot.top) > -0.02
            assert max(spot.left + spot.width, spot.top + spot.height) < 1.02


@pytest.mark.parametrize("count", range(1, 7))
@pytest.mark.parametrize("shape", SHAPES)
def test_things_side_by_side_do_not_overlap(count, shape):
    spots = layout(Plan((Thing("a", count=count),)), [shape] * count)
    assert sorted(spot.item for spot in spots) == list(range(count))
    for i, one in enumerate(spots):
        assert min(one.left, one.top) > -1e-9
        assert max(one.left + one.width, one.top + one.height) < 1 + 1e-9
        for other in spots[i + 1 :]:
            apart = one.left + one.width <= other.left + 1e-9 or other.left + other.width <= one.left + 1e-9
            assert apart or one.top + one.height <= other.top + 1e-9 or other.top + other.height <= one.top + 1e-9


def test_small_stands_beside_big():
    big, small = layout(Plan((Thing("a", size="big"), Thing("b", size="small"))), [(100, 100), (100, 100)])
    assert big.width > 1.5 * small.width
    assert big.top + big.height == pytest.approx(small.top + small.height)


def test_the_first_is_where_the_relation_says():
    red, green = disc((220, 0, 0)), disc((0, 200, 0))
    things = (Thing("a"), Thing("b"))
    for relation in ("on", "above", "in", "scene", "before", "behind", "under", "beside"):
        made = put_together(Plan(things, relation), [red, green], 128)
        assert made.shape == (128, 128, 3)
        (red_x, red_y), (green_x, green_y) = where(made, 0), where(made, 1)
        assert (red_y < green_y - 0.2) == (relation in ("on", "above", "in")), relation
        assert (red_y > green_y + 0.2) == (relation in ("under", "scene", "before")), relation
        assert (red_x < green_x - 0.3) == (relation in ("beside", "behind")), relation


def test_the_front_covers_and_leaves_no_white_rim():
    made = put_together(Plan((Thing("a"), Thing("b")), "before"), [disc((220, 0, 0), inner=(255, 255, 255)),
                                                                  disc((0, 0, 220))], 128)  # fmt: skip
    cut = cut_out(disc((220, 0, 0), inner=(255, 255, 255)))
    assert cut[len(cut) // 2, len(cut) // 2].tolist() == [255] * 4  # white inside belongs to the thing
    edge = where(made, 0)
    row = made[round(edge[1] * 128)]
    into_blue = row[round(edge[0] * 128) :]
    first_blue = int(np.flatnonzero((into_blue[:, 2] > 150) & (into_blue[:, 0] < 80))[0])
    assert into_blue[first_blue - 4 : first_blue, 1].max() < 60  # on the way from red to blue nothing is bright


def test_ground_is_what_white_reaches_the_border():
    picture = disc((0, 0, 200), inner=(255, 255, 255))
    ground = ground_of(picture)
    assert ground[0].all()
    assert not ground[32, 32]
    assert (
        abs(int((~ground).sum()) - int((picture.min(2) < 255).sum() + (picture[20:44, 20:44].min(2) == 255).sum()))
        < 150
    )


def test_an_empty_picture_and_a_full_one_do_no_harm():
    white, black = np.full((64, 64, 3), 255, np.uint8), np.zeros((64, 64, 3), np.uint8)
    for pictures in ([white, black], [black, white], [white, white]):
        for relation in (*LAYOUTS, "beside"):
            made = put_together(Plan((Thing("a"), Thing("b")), relation), pictures, 64)
            assert made.shape == (64, 64, 3)
    assert (put_together(Plan((Thing("a"), Thing("b"))), [white, white], 64) == 255).all()
