"""Packed weights beside a model's files: used again while they fit, made anew when they do not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch
from safetensors import SafetensorError
from safetensors.torch import save_file

from engines.text_generation import kept, packed
from engines.text_generation.kept import NAME, keep, recall
from engines.text_generation.packed import PackedLinear, pack_weights
from tests.tiny_models import save_llama

TENSORS = {"a.codes": torch.arange(12, dtype=torch.uint8).view(3, 4), "a.scale": torch.rand(3).bfloat16()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save_file({"weight": torch.zeros(4)}, tmp_path / "model.safetensors")
    return tmp_path


def same(one: dict, other: dict) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def test_what_is_kept_is_recalled_and_nothing_else_lies_about(folder):
    assert recall(folder) == {}
    keep(folder, TENSORS)
    assert same(recall(folder), TENSORS)
    assert sorted(path.name for path in folder.iterdir()) == ["model.safetensors", NAME]


def test_it_does_not_outlive_the_model_the_format_the_program_or_the_processor(folder, monkeypatch):
    keep(folder, TENSORS)
    for module, name, value in (
        (kept, "FORMAT", "0"),
        (torch, "__version__", "1.0"),
        (torch.backends.cpu, "get_cpu_capability", lambda: "another"),
    ):
        with monkeypatch.context() as other:
            other.setattr(module, name, value)
            assert recall(folder) == {}
    assert same(recall(folder), TENSORS)
    source = folder / "model.safetensors"
    os.utime(source, ns=(0, source.stat().st_mtime_ns + 1))
    assert recall(folder) == {}


@pytest.mark.parametrize("damage", [lambda data: data[:-1], lambda data: b"", lambda data: os.urandom(len(data))])
def test_a_broken_file_is_as_good_as_none(folder, damage):
    keep(folder, TENSORS)
    (folder / NAME).write_bytes(damage((folder / NAME).read_bytes()))
    assert recall(folder) == {}
    keep(folder, TENSORS)
    assert same(recall(folder), TENSORS)


@pytest.mark.parametrize("problem", [OSError(28, "No space left on device"), SafetensorError("disk full")])
def test_a_full_disk_only_means_that_nothing_is_kept(folder, monkeypatch, problem):
    def fail(tensors, path, stamp):
        Path(path).write_bytes(b"half")
        raise problem

    monkeypatch.setattr(kept, "save_file", fail)
    keep(folder, TENSORS)
    assert [path.name for path in folder.iterdir()] == ["model.safetensors"]
    monkeypatch.undo()
    (folder / f".{NAME}-killed").mkdir()  # left by a process that was killed
    keep(folder, TENSORS)
    assert sorted(path.name for path in folder.iterdir()) == ["model.safetensors", NAME]


@pytest.mark.skipif(not torch.cpu._is_avx2_supported(), reason="packed for CPUs with AVX2")
def test_the_second_start_packs_nothing_and_computes_the_same(tmp_path, monkeypatch):
    from transformers import LlamaForCausalLM

    save_llama(tmp_path)

    def start():
        network = LlamaForCausalLM.from_pretrained(tmp_path, dtype=torch.bfloat16).eval()
        pack_weights(network, tmp_path)
        return network

    ids = torch.tensor([[1, 2, 3]])
    first = start()(ids).logits
    monkeypatch.setattr(packed, "pack", lambda weight: pytest.fail("packed again"))
    second = start()
    assert sum(isinstance(module, PackedLinear) for module in second.modules()) == 15
    assert torch.equal(second(ids).logits, first)
    monkeypatch.undo()

    stamp = kept._stamp(tmp_path)
    save_file({"model.layers.0.mlp.up_proj.codes": torch.zeros(2)}, tmp_path / NAME, stamp)  # of another program
    assert torch.equal(start()(ids).logits, first)
    assert len(recall(tmp_path)) == 30
