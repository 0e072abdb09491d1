"""Weights in 8 bits: how near they come back, and that plain ones are read as they are."""

import runpy
import sys

import numpy as np
from safetensors.numpy import load_file, save_file

from engines import packing

FACTS = {"step": 7, "config": '{"layers": 2}'}


def weights():
    """A matrix with rows of all sizes, filters, and what is too small or has one row alone."""
    draw = np.random.default_rng(0).standard_normal
    tensors = {
        "matrix": draw((64, 128)) * np.logspace(-3, 3, 64)[:, None],
        "filters": draw((32, 16, 3, 3)),
        "places": draw((1, 16, 384)),
        "head.scale": draw(64),
        "silent": np.zeros((64, 65)),
    }
    return {name: tensor.astype(np.float32) for name, tensor in tensors.items()}


def test_packed_tensors_take_a_byte_a_number_and_come_back_within_half_a_step():
    tensors = weights()
    kept = packing.packed(tensors)
    assert kept["matrix"].dtype == kept["filters"].dtype == np.int8
    assert kept["places"].dtype == kept["head.scale"].dtype == np.float16
    back = packing.unpacked(kept)
    assert back.keys() == tensors.keys()
    assert not back["silent"].any()
    for name in ("matrix", "filters"):
        rows, found = (each[name].reshape(len(each[name]), -1) for each in (tensors, back))
        assert (np.abs(found - rows).max(1) <= 0.6 * np.abs(rows).max(1) / 127).all()


def test_a_file_comes_back_with_its_facts_and_half_as_large(tmp_path):
    tensors = weights()
    save_file({name: tensor.astype(np.float16) for name, tensor in tensors.items()}, tmp_path / "plain")
    packing.save(tmp_path / "packed", tensors, FACTS)
    assert (tmp_path / "packed").stat().st_size < 0.8 * (tmp_path / "plain").stat().st_size
    assert packing.facts_of(tmp_path / "packed") == {name: str(value) for name, value in FACTS.items()}
    back = packing.load(tmp_path / "packed")
    assert {name: array.shape for name, array in back.items()} == {name: t.shape for name, t in tensors.items()}
    assert {array.dtype for array in back.values()} == {np.dtype(np.float32)}


def test_plain_weights_are_read_as_they_are_and_packed_by_the_command(tmp_path, monkeypatch):
    file, tensors = tmp_path / "model.safetensors", weights()
    save_file(tensors, file, {"step": "7"})
    plain = packing.load(file)
    assert all((plain[name] == tensor).all() for name, tensor in tensors.items())
    monkeypatch.setattr(sys, "argv", ["packing", str(file)])
    runpy.run_path(packing.__file__, run_name="__main__")
    assert load_file(file)["matrix"].dtype == np.int8
    assert packing.facts_of(file) == {"step": "7"}
    assert np.allclose(packing.load(file)["filters"], tensors["filters"], atol=0.02)
