"""Named arrays as bytes, and back."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np


def tensors_to_bytes(tensors: Mapping[str, np.ndarray]) -> bytes:
    """Named arrays in the safetensors format."""
    from safetensors.numpy import save

    return save({name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()})


def tensors_from_bytes(data: bytes) -> dict[str, np.ndarray]:
    """The inverse of tensors_to_bytes; ValueError if `data` is something else."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        return load(data)
    except SafetensorError as problem:
        raise ValueError("not safetensors") from problem
