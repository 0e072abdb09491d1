"""The prior that reads words as names: the bundled network, and what it does where names are known."""

import pytest
import torch

from engines.image_generation.emoji import prior as prior_module
from engines.image_generation.emoji.files import load_phrases
from engines.image_generation.emoji.prior import Prior, load_prior
from engines.image_generation.models import EMOJI_FOLDER
from engines.messages import EngineError


def test_names_mean_themselves():
    phrases = load_phrases(EMOJI_FOLDER)
    rows, vectors = phrases.places, phrases.vectors
    names = ["pizza", "rocket", "crying face", "birthday cake", "octopus", "guitar"]
    known = torch.nn.functional.normalize(vectors[[rows[name] for name in names]].float(), dim=-1)
    prior, told = load_prior()
    fits = prior(known, known)
    assert fits.argmax(1).tolist() == list(range(len(names)))
    assert fits.abs().max() <= 1 + 1e-5
    assert told["boat"] == "sailboat"
    assert rows.keys() >= told.keys() == {*told.values()} | told.keys()


def test_an_untrained_one_without_means_is_the_cosine():
    torch.manual_seed(0)
    words, names = (torch.nn.functional.normalize(torch.randn(n, 16), dim=-1) for n in (3, 5))
    torch.testing.assert_close(Prior(16, 4)(words, names), words @ names.T)


def test_a_missing_or_damaged_file_is_said(monkeypatch, tmp_path):
    monkeypatch.setattr(prior_module, "WEIGHTS", tmp_path / "prior.safetensors")
    with pytest.raises(EngineError, match="files are damaged"):
        load_prior()
    prior_module.WEIGHTS.write_bytes(b"nothing")
    with pytest.raises(EngineError, match="files are damaged"):
        load_prior()
