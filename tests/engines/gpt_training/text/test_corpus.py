import numpy as np
import pytest

from engines.gpt_training.text.corpus import build
from engines.messages import ConfigError
from tests.engines.gpt_training.tiny import ENGLISH, POEMS


def pieces(part, context):
    """What each piece predicts, as places in the tokens."""
    return [range(start + 1, min(start + context + 1, end)) for start, end in zip(part.starts, part.ends, strict=True)]


def test_of_many_documents_whole_ones_are_held_out():
    documents = [f"{i:03} {poem}" for i, poem in enumerate(POEMS)]
    one = build(documents, 64)
    assert len(one.held_texts) == 6
    assert set(one.train_texts) | set(one.held_texts) == set(documents)
    assert not set(one.train_texts) & set(one.held_texts)
    assert build(documents, 64).held_texts == one.held_texts
    assert len(one.train.starts) == len(one.train_texts)  # each is one piece
    assert one.longest == 29


def test_of_few_the_end_of_each_is_held_out_and_nothing_is_in_both():
    texts = ["a" * 500 + "b" * 500, "c" * 800 + "d" * 200]
    one = build(texts, 16)
    assert [a + b for a, b in zip(one.train_texts, one.held_texts, strict=True)] == texts
    assert [len(text) for text in one.held_texts] == [50, 50]


@pytest.mark.parametrize("context", [4, 16, 40])
def test_each_held_out_character_is_asked_for_once_and_each_of_the_others_can_be_learnt(context):
    for documents in ([ENGLISH], POEMS):
        one = build(documents, context)
        held = [place for piece in pieces(one.held, context) for place in piece]
        assert sorted(held) == sorted(set(held))
        assert len(held) == sum(len(text) + 1 for text in one.held_texts)
        learnt = {place for piece in pieces(one.train, context) for place in piece}
        assert learnt == set(range(1, len(one.train.tokens)))


def test_a_share_leaves_the_held_out_part_as_it_is():
    whole, part = build(POEMS, 30), build(POEMS, 30, share=0.1)
    assert part.held_texts == whole.held_texts
    assert len(part.train_texts) == round(0.1 * len(whole.train_texts))
    assert set(part.train_texts) <= set(whole.train_texts)
    assert len(build([ENGLISH], 30, share=0.5).train_texts[0]) == round(0.5 * 0.95 * len(ENGLISH))


def test_a_context_longer_than_the_text_is_refused():
    with pytest.raises(ConfigError, match="Context must be below 191"):
        build(["ab" * 100], 191)
    build(["ab" * 100], 190)


def test_tokens_are_the_texts_with_ends_around_them():
    one = build(POEMS, 30)
    assert one.vocabulary.decode(one.train.tokens) == "\n" + "\n".join(one.train_texts) + "\n"
    assert one.train.tokens.dtype == np.int32


def test_the_first_pieces_can_be_had_alone():
    for documents, count in ((POEMS, 3), ([ENGLISH * 9], 5)):
        part = build(documents, 30).train
        few = part.first(count)
        assert len(few.tokens) < len(part.tokens)
        for old, new in zip(pieces(part, 30)[:count], pieces(few, 30), strict=True):
            assert old == new
            assert (part.tokens[old.start : old.stop - 1] == few.tokens[new.start : new.stop - 1]).all()
