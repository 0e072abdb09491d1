"""The memory check finds what was learned by heart, and takes nothing else for it."""

import numpy as np
import pytest
import torch

from engines.data.features import Judge, load_net, to_tensor
from engines.data.pictures import PictureSet, load_bundled
from engines.live_training.exam.memory import NEAREST, SHOWN, Memory
from engines.running.events import Metrics, Sheet

CLOTHES = load_bundled("fashion_mnist").sample(1300, seed=0)


def part(start, stop):
    return PictureSet("fashion_mnist", CLOTHES.images[start:stop], CLOTHES.labels[start:stop], CLOTHES.class_names)


@pytest.fixture(scope="module")
def judge():
    return Judge(part(0, 1000), load_net("fashion_mnist", 1))


@pytest.fixture(scope="module")
def memory(judge):
    return Memory(judge)


def look_up(memory, judge, images):
    return memory.look_up(judge.features(to_tensor(images)))


def test_training_pictures_are_found_and_are_their_own_nearest(memory, judge):
    copies = look_up(memory, judge, CLOTHES.images[:50])
    assert copies.share == 1
    (sheet, _) = memory.tell(7, CLOTHES.images[:50], copies)
    assert sheet.columns == SHOWN
    assert np.array_equal(sheet.images[:SHOWN], sheet.images[SHOWN : 2 * SHOWN])


def test_new_pictures_of_the_same_kind_are_hardly_ever_taken_for_copies(memory, judge):
    assert look_up(memory, judge, CLOTHES.images[1000:]).share < 0.03


def test_blurry_pictures_that_are_near_to_all_are_no_copies(memory, judge):
    mean = CLOTHES.images.mean(0, keepdims=True).astype(np.uint8)
    assert look_up(memory, judge, np.repeat(mean, 10, 0)).share == 0


def test_what_is_told_has_the_pictures_the_share_and_what_real_pictures_have(memory, judge):
    copies = look_up(memory, judge, CLOTHES.images[900:1100])
    sheet, metrics = memory.tell(7, CLOTHES.images[900:1100], copies)
    assert isinstance(sheet, Sheet)
    assert isinstance(metrics, Metrics)
    assert len(sheet.images) == SHOWN * (1 + NEAREST)
    assert "of 200 pictures are near-copies" in sheet.note
    assert metrics.values["Near-copies"] == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize("distinct", [1, 2, 5])
def test_few_pictures_or_one_picture_many_times_are_no_trouble(judge, distinct):
    images = np.concatenate([CLOTHES.images[:distinct]] * 8)
    few = Judge(PictureSet("own", images, np.zeros(len(images), np.int64), ()), judge.net)
    memory = Memory(few)
    copies = look_up(memory, few, CLOTHES.images[:9])
    events = memory.tell(1, CLOTHES.images[:9], copies)
    assert len(events[0].images) == SHOWN * (1 + min(distinct, NEAREST))
    assert (copies.share is None) == (distinct < 3)
    assert torch.isfinite(torch.tensor([e.values["Near-copies"] for e in events[1:]])).all()
