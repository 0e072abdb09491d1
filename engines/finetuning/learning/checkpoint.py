"""A training that can be gone on with: safetensors and JSON in a folder, whole or not at all."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors.torch import load_file, save_file
from torch import Tensor

from engines.finetuning.config import FinetuningConfig
from engines.finetuning.disk import replace_folder

FOLDER = "checkpoint"


def save_checkpoint(
    folder: Path, config: FinetuningConfig, tensors: Mapping[str, Tensor], values: Mapping[str, Any]
) -> None:
    """Put a checkpoint into a run's folder, in place of the one before; OSError if the disk refuses."""
    new = folder / f"{FOLDER}.new"
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir()
    try:
        save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, new / "state.safetensors")
        about = {"config": config.to_dict(), "values": dict(values)}
        (new / "state.json").write_text(json.dumps(about), "utf-8")
        replace_folder(new, folder / FOLDER)
    finally:
        shutil.rmtree(new, ignore_errors=True)


def load_checkpoint(folder: Path, config: FinetuningConfig) -> tuple[dict[str, Tensor], dict[str, Any]] | None:
    """(tensors, values) of the checkpoint in a run's folder; None if there is none of this config."""
    place = folder / FOLDER
    if not (place / "state.json").is_file():
        return None
    about = json.loads((place / "state.json").read_text("utf-8"))
    if about["config"] != config.to_dict():
        return None
    return load_file(place / "state.safetensors"), about["values"]


def drop_checkpoint(folder: Path) -> None:
    """Delete the checkpoint of a run that has ended by itself."""
    shutil.rmtree(folder / FOLDER, ignore_errors=True)
