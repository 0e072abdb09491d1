"""The priors that read words as names: the bundled networks, what they do where names are known, and their files."""

import pytest
import torch

from engines.image_generation.emoji import prior as prior_module
from engines.image_generation.emoji.files import load_phrases
from engines.image_generation.emoji.prior import (
    ENGLISH,
    OTHER_LANGUAGES,
    Prior,
    Tower,
    having,
    load_keywords,
    load_prior,
    save_prior,
)
from engines.image_generation.models import EMOJI_FOLDER
from engines.messages import EngineError


@pytest.fixture
def unread():
    """Nothing is remembered of the table of keywords."""
    load_keywords.cache_clear()
    yield
    load_keywords.cache_clear()


def test_names_mean_themselves():
    phrases = load_phrases(EMOJI_FOLDER)
    prior, names = load_prior()
    wanted = ["pizza", "rocket", "crying face", "birthday cake", "octopus", "guitar"]
    known = torch.nn.functional.normalize(phrases.vectors[[phrases.places[name] for name in wanted]].float(), dim=-1)
    fits = prior(known)
    assert [names[i][0] for i in fits.argmax(1)] == wanted
    assert fits.abs().max() <= 1 + 1e-3


@pytest.mark.parametrize("path", [ENGLISH, OTHER_LANGUAGES])
def test_each_emoji_can_be_drawn_has_a_chinese_name_and_fits_itself_best(path):
    prior, names = load_prior(path)
    assert ("bat", "蝙蝠") in names
    assert len(names) == len(prior.emoji) == len(prior.common)
    assert load_phrases(EMOJI_FOLDER).places.keys() >= {name for name, _ in names}
    assert (prior.common > 0).all()
    prior.words = Tower(prior.emoji.shape[1])
    places = torch.arange(0, len(names), 50)
    assert torch.equal((prior(prior.emoji[places]) + prior.common).argmax(1), places)


def test_an_untrained_one_is_the_cosine():
    torch.manual_seed(0)
    prior, vectors = Prior(16, 5), torch.nn.functional.normalize(torch.randn(8, 16), dim=-1)
    prior.emoji.copy_(vectors[:5])
    torch.testing.assert_close(prior(vectors), vectors @ vectors[:5].T)


def test_a_list_of_keywords_has_the_emoji_that_have_them_all():
    assert "cook" in having("chef")
    keywords = load_keywords()["pizza"]
    some = sorted(keywords)[:3]
    assert "pizza" in having(f" {some[0].upper()},{some[1]}、 {some[2]} ,")
    assert all({*some} <= load_keywords()[name] | {name} for name in having(", ".join(some)))
    assert having(", ".join((*some, "quantum mechanics"))) == having("") == having(",") == frozenset()


def test_a_missing_or_damaged_table_of_keywords_is_no_trouble(monkeypatch, tmp_path, unread):
    monkeypatch.setattr(prior_module, "KEYWORDS", tmp_path / "keywords.json.xz")
    assert having("food") == frozenset()
    load_keywords.cache_clear()
    prior_module.KEYWORDS.write_bytes(b"nothing")
    assert having("food") == frozenset()


def test_what_is_saved_is_read_again_to_a_byte(tmp_path):
    path = tmp_path / "prior.safetensors"
    torch.manual_seed(0)
    trained, names = Prior(16, 2), [("sailboat", "帆船"), ("sailboat", "")]
    torch.nn.init.normal_(trained.words.map.weight)
    trained.common.copy_(torch.tensor([0.1, 0.2]))
    save_prior(path, names, trained.state_dict())
    prior, told = load_prior(path)
    assert (told, prior.common.tolist()) == (names, pytest.approx([0.1, 0.2], abs=1e-3))
    largest = trained.words.map.weight.abs().amax(1, keepdim=True)
    assert ((prior.words.map.weight - trained.words.map.weight).abs() <= largest / 254 + 1e-6).all()
    assert torch.equal(prior.emoji, trained.emoji)


def test_a_missing_or_damaged_file_is_said(tmp_path):
    path = tmp_path / "prior.safetensors"
    for damage in (
        lambda: None,
        lambda: path.write_bytes(b"nothing"),
        lambda: save_prior(path, [], {"x": torch.ones(2)}),
    ):
        damage()
        with pytest.raises(EngineError, match="files are damaged"):
            load_prior(path)
