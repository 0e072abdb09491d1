"""Packed weights kept in a file beside the model's own, since packing takes longer than reading them again.

The file says what it was made from and for; one that does not fit any more is not read, but made anew.
"""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

log = logging.getLogger(__name__)

NAME = "packed.safetensors"
FORMAT = "1"  # to be raised when what is in the file changes


def recall(folder: Path) -> dict[str, Tensor]:
    """What `keep` put beside the model in `folder`; nothing if it is not there, broken or out of date."""
    try:
        with safe_open(folder / NAME, "pt") as file:
            if file.metadata() != _stamp(folder):
                return {}
            return {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError):
        return {}


def keep(folder: Path, tensors: Mapping[str, Tensor]) -> None:
    """Put tensors beside the model in `folder`, whole or not at all; where there is no room, not at all."""
    prefix = f".{NAME}-"
    for left_over in folder.glob(f"{prefix}*"):  # of a process that was killed
        shutil.rmtree(left_over, ignore_errors=True)
    try:
        with tempfile.TemporaryDirectory(prefix=prefix, dir=folder) as place:
            save_file(dict(tensors), Path(place, NAME), _stamp(folder))
            os.replace(Path(place, NAME), folder / NAME)
    except (OSError, SafetensorError) as problem:
        log.info("packed weights are not kept: %s", problem)


def _stamp(folder: Path) -> dict[str, str]:
    """What the packed weights depend on: the model's files, and what computes with them."""
    sources = [path for path in sorted(folder.glob("*.safetensors")) if path.name != NAME]
    return {
        "format": FORMAT,
        "sources": ", ".join(f"{p.name} {p.stat().st_size} {p.stat().st_mtime_ns}" for p in sources),
        "torch": torch.__version__,
        "cpu": torch.backends.cpu.get_cpu_capability(),  # the order of 4-bit codes depends on it
    }
