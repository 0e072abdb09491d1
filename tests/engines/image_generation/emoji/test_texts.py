"""Texts as the drawing network is given them: the sentence and its words, apart and mixed."""

from __future__ import annotations

import pytest
import torch

from engines.image_generation.emoji.texts import SENTENCE, TEXT, WORD, WORDS, Axes, mixed, parts_of, text_of


@pytest.mark.parametrize("count", [0, 1, WORDS, WORDS + 5])
def test_a_text_gives_back_its_sentence_and_its_first_words(count):
    torch.manual_seed(0)
    vector, words = 3 * torch.randn(SENTENCE), torch.randn(count, WORD)
    text = text_of(vector, words)
    sentence, told, there = parts_of(text[None])
    assert text.shape == (TEXT,)
    assert torch.allclose(sentence[0], vector / vector.norm(), atol=1e-6)
    assert there[0].tolist() == [i < count for i in range(WORDS)]
    assert torch.equal(told[0][there[0]], words[:WORDS])


def test_the_main_axes_keep_what_differs():
    torch.manual_seed(0)
    hidden = torch.randn(500, WORD) @ torch.randn(WORD, SENTENCE) + 5
    axes = Axes.of(hidden)
    words = axes.words(hidden)
    assert words.shape == (500, WORD)
    assert float(words.square().mean()) == pytest.approx(1, abs=1e-3)
    back = words @ torch.linalg.pinv(axes.axes) + axes.mean
    assert torch.allclose(back, hidden, atol=0.05)


def test_mixing_begins_and_ends_at_the_texts_and_keeps_the_sentence_as_long():
    torch.manual_seed(0)
    start, end = (text_of(torch.randn(SENTENCE), torch.randn(n, WORD)) for n in (2, 4))
    assert torch.equal(mixed(start, end, 0), start)
    assert torch.equal(mixed(start, end, 1), end)
    half = mixed(start, end, 0.5)
    assert float(half[:SENTENCE].norm()) == pytest.approx(1, abs=1e-4)
    assert torch.allclose(half[SENTENCE:], (start + end)[SENTENCE:] / 2)
