"""In which type a language model is loaded."""

import json

import pytest
import torch

from engines.device.tuning import kept
from engines.text_generation import packed
from engines.text_generation.packed import best_type

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def small(tmp_path, monkeypatch):
    monkeypatch.setenv("AIGC_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(packed, "TRIED_TOKENS", 2)


@pytest.mark.parametrize("name", ["hidden_size", "n_embd"])
def test_the_type_is_tried_out_once_for_a_width(tmp_path, name):
    (tmp_path / "config.json").write_text(json.dumps({name: 256}))
    first = best_type(CPU, tmp_path)
    assert first in (torch.float32, torch.bfloat16)
    (key,) = kept()
    assert "256 wide" in key
    assert {tried["dtype"] for tried in kept()[key]["tried"]} == {"float32", "bfloat16"}
    assert best_type(CPU, tmp_path) is first


@pytest.mark.parametrize("config", [None, "{", "[]", "{}", '{"hidden_size": "wide"}'])
def test_a_model_that_does_not_tell_its_width_gets_the_usual_type(tmp_path, config):
    if config is not None:
        (tmp_path / "config.json").write_text(config)
    assert best_type(CPU, tmp_path) is packed.pick_dtype(CPU)
    assert not [key for key in kept() if "writing" in key]


def test_where_packed_weights_cannot_be_made_plain_ones_are_tried(tmp_path, monkeypatch):
    def fail(weight):
        raise RuntimeError("no such kernel")

    monkeypatch.setattr(packed, "pack", fail)
    (tmp_path / "config.json").write_text('{"hidden_size": 256}')
    assert best_type(CPU, tmp_path) in (torch.float32, torch.bfloat16)


def test_for_a_narrow_model_nothing_is_tried(tmp_path):
    (tmp_path / "config.json").write_text('{"n_embd": 160}')
    assert best_type(CPU, tmp_path) is torch.float32
    assert not kept()
