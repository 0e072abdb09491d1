"""Weights in 8 bits, for models that ship with the app: python -m engines.packing FILE packs one of plain weights.

Matrices and filters are int8 with a scale in float16 for each row, all else is float16; see Dettmers 2022,
"LLM.int8()". A file of plain weights is one without scales; both are read alike.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

LEAST = 4096  # entries of a tensor, from which on it is packed
SCALE = ".scale"  # the end of the name of what a packed tensor is to be multiplied with


def packed(tensors: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Float tensors in about half the bytes of float16, so that the largest entry of each row is 127."""
    kept = {}
    for name, tensor in tensors.items():
        if tensor.ndim > 1 and tensor.shape[0] > 1 and tensor.size > LEAST:
            tensor = tensor.astype(np.float32)
            scale = (np.abs(tensor.reshape(len(tensor), -1)).max(1) / 127).clip(1e-7).astype(np.float16)
            kept[name] = (tensor / _each_row(scale, tensor)).round().clip(-127, 127).astype(np.int8)
            kept[f"{name}{SCALE}"] = scale
        else:
            kept[name] = tensor.astype(np.float16)
    return kept


def unpacked(kept: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """What `packed` was given, in float32, as nearly as 8 bits tell it; of plain tensors copies in float32."""
    tensors, scales = {}, {f"{name}{SCALE}" for name in kept}
    for name, tensor in kept.items():
        if name not in scales:
            scale = kept.get(f"{name}{SCALE}")
            tensors[name] = tensor.astype(np.float32) * (1 if scale is None else _each_row(scale, tensor))
    return tensors


def save(path: Path, tensors: Mapping[str, np.ndarray], facts: Mapping[str, Any]) -> None:
    """Packs float tensors into a safetensors file; `facts` become its metadata, as strings."""
    from safetensors.numpy import save_file

    save_file(packed(tensors), path, {name: str(value) for name, value in facts.items()})


def load(path: Path) -> dict[str, np.ndarray]:
    """The tensors of a safetensors file, packed or plain, in float32; OSError or SafetensorError if it is none."""
    from safetensors.numpy import load_file

    return unpacked(load_file(path))


def facts_of(path: Path) -> dict[str, str]:
    """The metadata of a safetensors file; reads no weights. OSError or ValueError if it is none."""
    with path.open("rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
    return header.get("__metadata__", {})


def _each_row(scale: np.ndarray, tensor: np.ndarray) -> np.ndarray:
    return scale.astype(np.float32).reshape(-1, *[1] * (tensor.ndim - 1))


if __name__ == "__main__":
    file = Path(sys.argv[1])
    save(file, load(file), facts_of(file))
