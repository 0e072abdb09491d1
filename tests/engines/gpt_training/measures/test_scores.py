import math

import pytest

from engines.gpt_training.measures.copies import Copies
from engines.gpt_training.measures.scores import Words, plain, score
from tests.engines.gpt_training.tiny import ENGLISH, POEMS


def test_shares_are_of_those_they_can_be_asked_of():
    found = score([POEMS[1], "七平东：" + POEMS[1], "白日", "白日"])
    assert (found.count, found.form, found.rhyme, found.tones) == (4, 0.5, 1.0, 1.0)
    assert found.different == 0.75
    assert math.isnan(found.copied)
    assert score([]).form == 0.0


def test_copied_runs_are_counted_without_punctuation():
    copies = Copies([plain(poem) for poem in POEMS])
    assert plain("五平东：" + POEMS[1]).startswith("白日依山尽黄河")
    assert score([POEMS[0], "白日依山尽，黄河流。"], copies).copied == 0.5


def test_words_are_known_or_not():
    words = Words([ENGLISH])
    assert words.useful([ENGLISH])
    assert not words.useful(POEMS)
    assert words.share(["The Cat xat on the mat and"]) == pytest.approx(5 / 6)  # the last may be cut
    assert words.share([""]) == 0.0
