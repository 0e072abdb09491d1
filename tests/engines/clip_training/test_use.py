"""Search and sorting with the example's model, and how words are understood."""

import numpy as np
import pytest

from engines.clip_training.config import ENGINE, ClipConfig
from engines.clip_training.pairs import load, load_names, load_vectors, projected, small
from engines.clip_training.use import fit, search, sort
from engines.clip_training.wording import understand
from engines.messages import ConfigError, EngineError
from engines.running.run_files import load_run
from tabs.page.runs.actions import example_file

NOTHING = np.zeros((0, 32, 32, 3), np.uint8)


@pytest.fixture(scope="module")
def model():
    board = load_run(example_file(ENGINE))
    return ClipConfig.from_dict(board.config), board.weights


@pytest.mark.parametrize("text", ["red apple", "红苹果", "Red  Apple"])
def test_an_emoji_is_found_by_its_name_in_both_languages(model, text):
    found = search(*model, text, 5, NOTHING)
    assert "red apple" in [hit.names[0] for hit in found.hits]
    near = [hit.similarity for hit in found.hits]
    assert near == sorted(near, reverse=True)
    assert not found.notes


@pytest.mark.slow
def test_pictures_of_ones_own_are_put_in_order(model):
    pairs = load()
    emoji = np.array([pairs.names[0].index(name) for name in ("red apple", "dog face")])
    apple, dog = pairs.first_pictures(emoji)
    found = search(*model, "red apple", 3, pairs.images[[dog, apple]])
    assert [place for place, _ in found.order] == [1, 0]
    near = fit(*model, "red apple", pairs.images[[dog, apple]])
    assert near == pytest.approx([found.order[1][1], found.order[0][1]], abs=1e-5)


def test_classes_in_both_languages_share_a_picture_among_them(model):
    pairs = load()
    dog = pairs.images[pairs.first_pictures(np.array([pairs.names[0].index("dog face")]))]
    shares = sort(*model, dog, ["dog face", "苹果", "car"]).shares
    assert shares.shape == (1, 3)
    assert shares.sum() == pytest.approx(1.0)
    assert shares.argmax() == 0


def test_words_that_are_no_name_are_looked_up_and_it_is_said():
    (wording,) = understand(["happy dogs"])
    assert "looked up" in str(wording.how)
    assert np.linalg.norm(wording.vector) == pytest.approx(1.0, abs=1e-5)


def test_words_that_no_name_has_are_refused_with_what_is_known():
    with pytest.raises(ConfigError, match="No name of an emoji has a word of “qwrtz”"):
        understand(["qwrtz"])


def test_weights_of_another_model_are_refused(model):
    config, weights = model
    with pytest.raises(EngineError, match="another model"):
        search(ClipConfig.from_dict(config.to_dict() | {"width": 8}), weights, "dog", 1, NOTHING)


def test_names_and_vectors_belong_together():
    english, chinese = load_names()
    vectors = load_vectors()
    assert vectors.shape == (2, len(english), 128)
    assert len(chinese) == len(english)
    assert np.allclose(np.linalg.norm(vectors, axis=-1), 1, atol=1e-4)
    near = (vectors[0] @ vectors[1].T).argmax(1)
    assert (near == np.arange(len(english))).mean() > 0.3  # the nearest Chinese name is its own; a guess: 0.001
    assert projected(np.random.default_rng(0).normal(size=(2, 384)).astype(np.float32)).shape == (2, 128)


def test_a_picture_that_is_not_square_gets_white_beside_it():
    wide = np.zeros((10, 40, 3), np.uint8)
    made = small(wide)
    assert made.shape == (32, 32, 3)
    assert made[0].min() == 255
    assert made[16].max() == 0
