"""What a network makes of holes: only those change, and the same seed makes the same."""

import numpy as np
import pytest

from engines.messages import ConfigError, EngineError
from engines.music.chorales import load
from engines.music.composing import ComposeConfig, Composer, broken, broken_notes, check, digits, worth
from engines.music.grid import FREE, VOICES, Chorale
from tests.engines.music.tiny import trainer

QUICK = {"passes": 6, "tries": 2, "seed": 3}


@pytest.fixture(scope="module")
def composer():
    one = trainer(40, lr=0.02)
    return Composer(one.config, one.weights())


def holed(rows=slice(16, 32), voices=slice(0, 4), length=160):
    piece = load().held[0]
    grid = piece.grid[:length].copy()
    grid[rows, voices] = FREE
    return Chorale(grid, piece.bar, piece.pickup)


def test_only_holes_are_filled_and_all_of_them(composer):
    given = holed()
    made = composer.fill(given, ComposeConfig(**QUICK))
    kept = given.grid != FREE
    assert not (made.chorale.grid == FREE).any()
    assert np.array_equal(made.chorale.sounding[kept], given.sounding[kept])
    assert (made.sure[kept] == 1).all()
    assert (made.sure[~kept] < 1).any()
    assert len(made.frames) >= QUICK["passes"]
    assert made.frames[-1][0].count("\n") == 3


def test_a_melody_stays_and_a_piece_from_nothing_has_sounds(composer):
    made = composer.fill(holed(slice(None), slice(1, 4)), ComposeConfig(**QUICK))
    assert np.array_equal(made.chorale.grid[:, 0], load().held[0].grid[:160, 0])
    empty = Chorale(np.full((32, len(VOICES)), FREE, np.int8))
    assert composer.fill(empty, ComposeConfig(**QUICK)).chorale.sounding.any()


def test_the_same_seed_makes_the_same_and_another_something_else(composer):
    one, same, other = (composer.fill(holed(), ComposeConfig(**QUICK | {"seed": seed})) for seed in (3, 3, 4))
    assert np.array_equal(one.chorale.grid, same.chorale.grid)
    assert not np.array_equal(one.chorale.grid, other.chorale.grid)
    drawn = composer.fill(holed(), ComposeConfig(**QUICK | {"seed": -1}))
    assert drawn.seed >= 0


def test_a_repair_comes_out_as_if_all_of_the_piece_were_seen(composer, monkeypatch):
    config = ComposeConfig(**QUICK | {"temperature": 0.0, "tries": 1})
    given = holed(slice(150, 154))
    near = composer.fill(given, config)
    assert composer.reach < 150
    monkeypatch.setattr(composer, "reach", 10_000)
    assert np.array_equal(near.chorale.grid, composer.fill(given, config).chorale.grid)


def test_what_cannot_be_filled_is_said(composer):
    with pytest.raises(ConfigError, match="There is no hole"):
        composer.fill(holed(slice(0, 0)), ComposeConfig(**QUICK))
    high = holed()
    high.grid[0, 0] = 90
    with pytest.raises(ConfigError, match="beyond all four voices"):
        check(high)
    with pytest.raises(EngineError, match="another model"):
        Composer(trainer().config, {"net": np.zeros(3)})


def test_parallels_are_mended_where_there_were_holes_and_nowhere_else(composer):
    """The soprano and the alto are given in parallel fifths, which stay; the other voices have none left."""
    column = np.array([67, -67, 69, -69, 71, -71, 72, -72] * 4, np.int8)
    grid = np.full((32, 4), FREE, np.int8)
    grid[:, 0], grid[:, 1] = column, np.sign(column) * (np.abs(column) - 7)
    given = Chorale(grid)
    raw, mended = (composer.fill(given, ComposeConfig(**QUICK | {"mend": mend})) for mend in (False, True))
    assert np.array_equal(mended.chorale.grid[:, :2], grid[:, :2])
    least = broken(np.where(grid == FREE, 0, grid).astype(np.int8))
    assert least <= broken(mended.chorale.grid) <= broken(raw.chorale.grid)
    assert broken_notes(grid[:4, :2])[:4].all()


def test_parallels_count_against_a_piece():
    grid = np.array([[67, 60, 0, 0], [69, 62, 0, 0]], np.int8)
    sure = np.ones((2, 4), np.float32)
    assert worth(grid, sure) < worth(grid[:1], sure[:1])
    assert digits(np.array([[0.0, 1.0, 0.55, np.nan]])) == "0\n9\n5\n0"
