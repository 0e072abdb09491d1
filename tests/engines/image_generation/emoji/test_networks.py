"""The flow's network: what it is steered by, and what makes no difference to it."""

from __future__ import annotations

import pytest
import torch

from engines.image_generation.emoji.networks import FlowTransformer
from engines.image_generation.emoji.texts import SENTENCE, WORD, WORDS, text_of


@pytest.fixture(scope="module")
def net():
    torch.manual_seed(0)
    net = FlowTransformer(latent=4, width=32, depth=2, heads=4).eval()
    for parameter in net.parameters():
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.2)
    return net.requires_grad_(False)


def drawn(net, text, time=0.5, style=0):
    noisy = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    return net(noisy, torch.tensor([time]), text[None], torch.tensor([style]))


@pytest.fixture
def parts():
    torch.manual_seed(1)
    return torch.randn(SENTENCE), torch.randn(3, WORD)


def test_an_untrained_network_predicts_nothing(parts):
    assert not drawn(FlowTransformer(latent=4, width=32, depth=2, heads=4), text_of(*parts)).any()


def test_sentence_words_their_order_time_and_style_each_matter(net, parts):
    sentence, words = parts
    plain = drawn(net, text_of(sentence, words))
    assert plain.shape == (1, 4, 8, 8)
    others = [
        drawn(net, text_of(-sentence, words)),
        drawn(net, text_of(sentence, -words)),
        drawn(net, text_of(sentence, words.flip(0))),
        drawn(net, text_of(sentence, words[:2])),
        drawn(net, text_of(sentence, words), time=0.9),
        drawn(net, text_of(sentence, words), style=1),
    ]
    assert all(float((other - plain).abs().max()) > 1e-3 for other in others)


def test_a_text_without_words_is_drawn_and_places_without_a_word_are_not_attended_to(net, parts):
    sentence, words = parts
    assert drawn(net, text_of(sentence, words[:0])).isfinite().all()
    alone = drawn(net, text_of(sentence, words))
    both = torch.stack([text_of(sentence, words), text_of(sentence, torch.randn(WORDS, WORD))])
    noisy = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(0)).expand(2, -1, -1, -1)
    together = net(noisy, torch.full((2,), 0.5), both, torch.zeros(2, dtype=torch.long))
    assert torch.allclose(together[:1], alone, atol=1e-5)
