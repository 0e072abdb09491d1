"""The bundled model's files: networks, known prompts, and what happens when they are damaged."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from engines.image_generation.emoji.files import load_networks, load_phrases, save_phrases
from engines.image_generation.emoji.texts import SENTENCE, WORD, Axes, parts_of
from engines.messages import EngineError
from tests.tiny_image_models import PHRASES

AXES = Axes(torch.zeros(SENTENCE), torch.eye(SENTENCE, WORD))


def test_known_phrases_come_back_with_their_words(tmp_path):
    vectors = np.eye(2, SENTENCE, dtype=np.float32)
    states = [np.full((3, SENTENCE), 0.5, np.float32), np.full((1, SENTENCE), -2, np.float32)]
    save_phrases(tmp_path, ["a red  Cat", "dog"], vectors, states, AXES)
    phrases = load_phrases(tmp_path)
    assert phrases.places == {"a red cat": 0, "dog": 1}
    sentence, words, there = parts_of(phrases.text("dog")[None])
    assert torch.equal(sentence[0], torch.from_numpy(vectors[1]))
    assert there.sum() == 1
    assert torch.allclose(words[0, 0], torch.full((WORD,), -2.0))
    assert parts_of(phrases.text("a red cat")[None])[2].sum() == 3


def test_missing_or_damaged_phrases_are_no_trouble(tmp_path):
    assert load_phrases(tmp_path).places == {}
    states = [np.ones((1, SENTENCE), np.float32)]
    save_phrases(tmp_path, ["cat"], np.ones((1, SENTENCE), np.float32), states, AXES)
    assert load_phrases(tmp_path).places == {"cat": 0}
    (tmp_path / "phrases.safetensors").write_bytes(b"x")
    assert load_phrases(tmp_path).places == {}


def test_the_networks_are_what_was_saved(folder, tmp_path):
    autoencoder, flow = load_networks(folder)
    assert (flow.latent, flow.side, flow.blocks[0].heads, len(flow.blocks)) == (4, 8, 4, 2)
    pictures = torch.rand(2, 3, 64, 64) * 2 - 1
    assert autoencoder.decode(autoencoder.encode(pictures)).shape == pictures.shape
    for name in ("model.safetensors", "phrases.json"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    (tmp_path / "model.safetensors").write_bytes(b"\x08\0\0\0\0\0\0\0{}      ")
    with pytest.raises(EngineError, match="damaged"):
        load_networks(tmp_path)
    assert json.loads((folder / "phrases.json").read_text()) == list(PHRASES)
