"""Best match first: pictures of emoji in the order in which they fit a prompt, and what is said where none is told."""

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest

from engines.clip_training.config import ENGINE, TITLE, ClipConfig
from engines.clip_training.pairs import load
from engines.image_generation.config import ImageConfig
from engines.image_generation.gallery import Gallery
from engines.limits import Limits
from engines.running.events import Note, Pictures
from engines.running.runs import Runs
from engines.running.workers.pool import Here
from tabs.image_generation.keeping import Keeper
from tabs.image_generation.matching.ranking import Ranker
from tabs.page.gate import Gate
from tabs.page.runs.actions import RunActions

NAMES = ("dog face", "red apple", "car")


@pytest.fixture(scope="module")
def shared():
    runs = Runs()
    yield SimpleNamespace(runs=runs, computer=Here(), openings={ENGINE: None})
    runs.stop_all()


@pytest.fixture(scope="module")
def ranker(shared):
    RunActions(ENGINE, ClipConfig, TITLE, shared.runs, Gate(Limits()), shared.computer)  # brings the example
    return Ranker(shared)


def batch(prompt: str) -> Pictures:
    """Real emoji as if they were drawn for the prompt."""
    pairs = load()
    places = pairs.first_pictures(np.array([pairs.names[0].index(name) for name in NAMES if name in pairs.names[0]]))
    config = ImageConfig(prompt=prompt, seed=10, batch=len(places))
    return Pictures(pairs.images[places], config, "Emoji", 1.0)


@pytest.mark.parametrize("prompt", ["red apple", "红苹果"])
def test_the_picture_that_fits_comes_first_and_keeps_its_seed(ranker, prompt):
    made = batch(prompt)
    ranking = ranker.rank(True, made, "me")
    assert ranking[0][0] == 1
    assert sorted(place for place, _ in ranking) == list(range(len(made.images)))
    scores = [float(about.values["score"]) for _, about in ranking]
    assert scores == sorted(scores, reverse=True)
    kept = Keeper(Gallery()).keep_pictures("me", made, ranking)
    assert kept[0].path.name.endswith("-11.png")
    assert f"match {scores[0]:.2f}" in str(kept[0].about)


def test_words_that_no_name_has_leave_the_order_and_say_so(ranker):
    made = batch("qwrtz")
    ranking = ranker.rank(True, made, "me")
    assert [place for place, _ in ranking] == list(range(len(made.images)))
    assert "not put in order: No name of an emoji has a word of" in str(ranking[0][1])


def test_nothing_is_put_in_order_unless_it_is_asked_for_and_there_are_words(ranker):
    made = batch("red apple")
    assert not ranker.rank(False, made, "me")
    assert not ranker.rank(True, Note("stopped"), "me")
    own = dataclasses.replace(made, config=ImageConfig(model="gan:mine", seed=1))
    assert not ranker.rank(True, own, "me")
