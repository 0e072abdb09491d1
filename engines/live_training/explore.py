"""What one can do with trained weights of any family: new samples by seed and class, a walk, an export."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from engines.knobs import Config
from engines.live_training.family import ALL_CLASSES, Family
from engines.messages import ConfigError, EngineError
from engines.running.events import Weights
from engines.running.run_files import read_member, reading, saving
from engines.running.tensors import tensors_from_bytes, tensors_to_bytes

HOW_TO_LOAD = """\
This generator was trained in the AIGC Playground. Every picture it makes is machine-made.

To sample from it, in the playground's folder:

    from engines.{engine}.family import FAMILY
    from engines.live_training.explore import load_export, sample
    pictures = sample(FAMILY, *load_export(FAMILY, "{name}"), seed=1, count=64)  # uint8 [64, height, width, channels]
"""


def sample(
    family: Family, config: Config, weights: Weights, seed: int, count: int = 64, label: int = ALL_CLASSES
) -> np.ndarray:
    """`count` pictures, uint8 [N, H, W, C], from noise that `seed` fixes, of class `label` or of all."""
    labels = class_numbers(weights.facts, count, label)
    model = family.load(config, weights)
    return model.sample(model.noise(count, seed), labels)


def walk(
    family: Family, config: Config, weights: Weights, seed_from: int, seed_to: int, label: int = ALL_CLASSES,
    frames: int | None = None, count: int | None = None,
) -> np.ndarray:  # fmt: skip
    """Pictures uint8 [frames, count, H, W, C] from one seed's noise to another's; as many as the family's `walk`."""
    frames, count = frames or family.walk[0], count or family.walk[1]
    labels = np.tile(class_numbers(weights.facts, count, label), frames)
    model = family.load(config, weights)
    start, end = (model.noise(count, seed) for seed in (seed_from, seed_to))
    pictures = model.sample(great_circle(start, end, frames), labels)
    return pictures.reshape(frames, count, *pictures.shape[1:])


def great_circle(start: np.ndarray, end: np.ndarray, frames: int) -> np.ndarray:
    """Noise float32 [frames * count, …] on the way from `start` to `end` [count, …].

    Spherical interpolation keeps the length that Gaussian noise has (White 2016, arXiv 1609.04468).
    """
    shape = start.shape
    start, end = start.reshape(len(start), -1), end.reshape(len(end), -1)
    lengths = np.linalg.norm(start, axis=1) * np.linalg.norm(end, axis=1)
    angle = np.arccos(np.clip((start * end).sum(1) / lengths, -0.9999, 0.9999))[:, None]
    shares = np.linspace(0, 1, frames)
    noise = [(np.sin((1 - t) * angle) * start + np.sin(t * angle) * end) / np.sin(angle) for t in shares]
    return np.concatenate(noise).astype(np.float32).reshape(-1, *shape[1:])


def export(family: Family, config: Config, weights: Weights, path: Path) -> None:
    """Write a ZIP of generator.safetensors, config.json and a note on loading; EngineError if it can't."""
    about = {
        "engine": family.engine,
        "config": config.to_dict(),
        "step": weights.step,
        "facts": dict(weights.facts),
    }
    with saving(path), zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("generator.safetensors", tensors_to_bytes(weights.tensors))
        archive.writestr("config.json", json.dumps(about, indent=1, ensure_ascii=False))
        archive.writestr("README.txt", HOW_TO_LOAD.format(name=path.name, engine=family.engine))


def load_export(family: Family, path: str | Path) -> tuple[Config, Weights]:
    """The config and weights of a ZIP that `export` wrote; EngineError or ConfigError if it is another."""
    with reading("an exported generator"), zipfile.ZipFile(path) as archive:
        about = json.loads(read_member(archive, "config.json"))
        if about.get("engine", family.engine) != family.engine:
            raise EngineError("This file holds a generator of another family.")
        tensors = tensors_from_bytes(read_member(archive, "generator.safetensors"))
        weights = Weights(int(about["step"]), tensors, dict(about["facts"]))
        return family.config.from_dict(about["config"]), weights


def class_numbers(facts: Mapping[str, Any], count: int, label: int) -> np.ndarray:
    """Class numbers int64 [count]: all classes in turn, or `label`; ConfigError if there is no such class."""
    classes = max(1, len(facts["class_names"]))
    if not ALL_CLASSES <= label < classes:
        raise ConfigError("Class must be from 0 to {last}, or -1 for all.", last=classes - 1)
    return np.arange(count) % classes if label == ALL_CLASSES else np.full(count, label)
