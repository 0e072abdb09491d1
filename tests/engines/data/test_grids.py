import numpy as np

from engines.data.grids import animate, encode, encode_grid, make_grid
from tests.fakes import pictures


def test_a_grid_shows_the_pictures_row_by_row_and_pads_with_white():
    images = np.concatenate([pictures(1, 2, 1, value) for value in (10, 20, 30)])
    grid = np.asarray(make_grid(images))
    assert grid.shape == (4, 4)
    assert [grid[0, 0], grid[0, 2], grid[2, 0], grid[2, 2]] == [10, 20, 30, 255]


def test_columns_set_the_width():
    assert make_grid(pictures(6, 4, 3), columns=3).size == (12, 8)


def test_small_grids_are_kept_to_the_pixel():
    images = np.random.default_rng(0).integers(0, 256, (4, 28, 28, 3), np.uint8)
    picture = encode_grid(images)
    assert picture.mime == "image/png"
    assert np.array_equal(np.asarray(picture.open()), np.asarray(make_grid(images)))


def test_large_grids_stay_small_in_bytes():
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 64, 3), np.uint8)
    picture = encode_grid(noise)
    assert picture.mime == "image/jpeg"
    assert len(picture.data) < 700_000
    assert picture.data_uri().startswith("data:image/jpeg;base64,")


def test_an_animation_has_every_frame_is_enlarged_and_rests_at_its_end():
    frames = [make_grid(pictures(4, 8, 1, value)) for value in (0, 90, 200)]
    for kind, mime in (("WEBP", "image/webp"), ("GIF", "image/gif")):
        film = animate(frames, kind, seconds=0.3, rest=2.0)
        image = film.open()
        assert film.mime == mime
        assert image.n_frames == 3
        assert image.size == (448, 448)
        image.seek(2)
        image.load()
        assert image.info["duration"] == 2000


def test_encode_keeps_the_size():
    assert encode(make_grid(pictures(1, 300, 3))).open().size == (300, 300)
