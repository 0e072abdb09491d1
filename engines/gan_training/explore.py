"""What one can do with a trained generator: new samples by seed and class, a walk, an export.

Other engines come to the GAN's through this module and its config alone.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from engines.gan_training.config import ALL_CLASSES, GanConfig
from engines.messages import ConfigError, EngineError
from engines.running.board_files import tensors_from_bytes, tensors_to_bytes
from engines.running.events import Weights
from engines.running.run_files import read_member, reading, saving

if TYPE_CHECKING:
    import torch

WALK_FRAMES, WALK_COUNT = 40, 16  # of a walk: pictures one after the other, and side by side

HOW_TO_LOAD = """\
This generator was trained in the AIGC Playground. Every picture it makes is machine-made.

To sample from it, in the playground's folder:

    from engines.gan_training.explore import load_export, sample
    pictures = sample(*load_export("{name}"), seed=1, count=64)  # uint8 [64, height, width, channels]
"""


def load_generator(config: GanConfig, weights: Weights) -> torch.nn.Module:
    """The generator network in evaluation mode; EngineError if the weights do not fit the config."""
    import torch

    from engines.gan_training.networks import build_generator

    facts = weights.facts
    try:
        network = build_generator(config, int(facts["channels"]), len(facts["class_names"]))
        network.load_state_dict({k: torch.tensor(v) for k, v in weights.tensors.items()})
    except (KeyError, TypeError, ValueError, RuntimeError) as problem:
        raise EngineError("These weights do not belong to a generator with these settings.") from problem
    return network.eval()


def sample(config: GanConfig, weights: Weights, seed: int, count: int = 64, label: int = ALL_CLASSES) -> np.ndarray:
    """`count` pictures, uint8 [N, H, W, C], from noise that `seed` fixes, of class `label` or of all."""
    from engines.gan_training.networks import generate, latents

    noise = latents(count, config.latent, seed)
    return generate(load_generator(config, weights), noise, _labels(weights.facts, count, label))


def walk(
    config: GanConfig,
    weights: Weights,
    seed_from: int,
    seed_to: int,
    frames: int = WALK_FRAMES,
    count: int = WALK_COUNT,
    label: int = ALL_CLASSES,
) -> np.ndarray:
    """Pictures uint8 [frames, count, H, W, C] on the great circle from one seed's noise to another's.

    Spherical interpolation keeps the length that Gaussian noise has (White 2016, arXiv 1609.04468).
    """
    from engines.gan_training.networks import generate, latents

    start, end = (latents(count, config.latent, seed) for seed in (seed_from, seed_to))
    lengths = np.linalg.norm(start, axis=1) * np.linalg.norm(end, axis=1)
    angle = np.arccos(np.clip((start * end).sum(1) / lengths, -0.9999, 0.9999))[:, None]
    shares = np.linspace(0, 1, frames)
    noise = [(np.sin((1 - t) * angle) * start + np.sin(t * angle) * end) / np.sin(angle) for t in shares]
    labels = np.tile(_labels(weights.facts, count, label), frames)
    pictures = generate(load_generator(config, weights), np.concatenate(noise).astype(np.float32), labels)
    return pictures.reshape(frames, count, *pictures.shape[1:])


def export(config: GanConfig, weights: Weights, path: Path) -> None:
    """Write a ZIP of generator.safetensors, config.json and a note on loading; EngineError if it can't."""
    about = {
        "engine": "gan_training",
        "config": config.to_dict(),
        "step": weights.step,
        "facts": dict(weights.facts),
    }
    with saving(path), zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("generator.safetensors", tensors_to_bytes(weights.tensors))
        archive.writestr("config.json", json.dumps(about, indent=1, ensure_ascii=False))
        archive.writestr("README.txt", HOW_TO_LOAD.format(name=path.name))


def load_export(path: str | Path) -> tuple[GanConfig, Weights]:
    """The config and weights of a ZIP that `export` wrote; EngineError or ConfigError if it is another."""
    with reading("an exported generator"), zipfile.ZipFile(path) as archive:
        about = json.loads(read_member(archive, "config.json"))
        tensors = tensors_from_bytes(read_member(archive, "generator.safetensors"))
        weights = Weights(int(about["step"]), tensors, dict(about["facts"]))
        return GanConfig.from_dict(about["config"]), weights


def _labels(facts: Mapping[str, Any], count: int, label: int) -> np.ndarray:
    """Class numbers int64 [count]: all classes in turn, or `label`."""
    classes = max(1, len(facts["class_names"]))
    if not ALL_CLASSES <= label < classes:
        raise ConfigError("Class must be from 0 to {last}, or -1 for all.", last=classes - 1)
    return np.arange(count) % classes if label == ALL_CLASSES else np.full(count, label)
