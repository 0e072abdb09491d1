import math
import time

import pytest

from engines.gpt_training.measures import ngrams
from engines.gpt_training.measures.ngrams import held_out_nats
from engines.gpt_training.text.corpus import build
from engines.gpt_training.text.poems import poems
from engines.gpt_training.text.vocabulary import Vocabulary
from tests.engines.gpt_training.tiny import ENGLISH


def textbook(train, held, order, size):
    """The same by dictionaries, as Chen and Goodman write it."""
    pad = "\n" * (order - 1)
    grams = {k: {} for k in range(1, order + 1)}
    for text in train:
        whole = pad + text + "\n"
        for end in range(len(pad), len(whole)):
            gram = whole[end - order + 1 : end + 1]
            grams[order][gram] = grams[order].get(gram, 0) + 1
    for k in range(order - 1, 0, -1):
        for gram in grams[k + 1]:
            grams[k][gram[1:]] = grams[k].get(gram[1:], 0) + 1

    def share(gram):
        if not gram:
            return 1 / size
        counts = grams[len(gram)]
        once, twice = (sum(count == n for count in counts.values()) for n in (1, 2))
        discount = once / max(1, once + 2 * twice)
        following = [count for other, count in counts.items() if other[:-1] == gram[:-1]]
        lower = share(gram[1:])
        if not following:
            return lower
        return (max(counts.get(gram, 0) - discount, 0) + discount * len(following) * lower) / sum(following)

    nats = []
    for text in held:
        whole = pad + text + "\n"
        nats += [-math.log(share(whole[end - order + 1 : end + 1])) for end in range(len(pad), len(whole))]
    return sum(nats) / len(nats)


@pytest.mark.parametrize("order", [1, 2, 3, 5])
def test_it_is_kneser_ney_as_the_textbook_has_it(order):
    train, held = ["abracadabra", "abba", "cab", "dad ba"], ["abrac", "bad", "bcd"]
    vocabulary = Vocabulary.of([*train, *held])
    found = held_out_nats(train, held, vocabulary, (order,))
    assert found[order] == pytest.approx(textbook(train, held, order, len(vocabulary)))


def test_longer_ones_know_more_of_a_regular_text():
    one = build([ENGLISH], 30)
    found = held_out_nats(one.train_texts, one.held_texts, one.vocabulary)
    assert found[1] > found[2] > found[5]
    assert found[5] < 0.4


def test_of_a_long_text_the_first_part_is_counted(monkeypatch):
    monkeypatch.setattr(ngrams, "MOST", 200)
    few = held_out_nats(["ab" * 100, "cd" * 100], ["cd" * 10], Vocabulary.of(["abcd"]))
    assert few[2] > 2


@pytest.mark.slow
def test_the_poems_are_counted_in_a_few_seconds():
    one = build(poems(), 64)
    began = time.process_time()
    found = held_out_nats(one.train_texts, one.held_texts, one.vocabulary)
    assert time.process_time() - began < 5
    assert found[1] > found[2] > found[5] > 4
