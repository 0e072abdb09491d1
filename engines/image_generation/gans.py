"""A visitor's own generators as image models: pictures by seed and class, and walks between seeds."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from engines.gan_training.config import GanConfig
from engines.image_generation.catalog import OWN, ImageCard, own_card
from engines.image_generation.config import Blend, ImageConfig
from engines.image_generation.drawing import Drawing
from engines.messages import ConfigError
from engines.running.events import Progress, Samples, Weights

if TYPE_CHECKING:
    from engines.running.board import Board


@dataclass(frozen=True, eq=False)
class Gan:
    """A trained generator, under a name that is the visitor's."""

    name: str
    config: GanConfig
    weights: Weights

    @classmethod
    def from_board(cls, name: str, board: Board) -> Gan | None:
        """The generator of a run as it is now; None if there is none yet."""
        weights = board.weights
        return None if weights is None else cls(name, GanConfig.from_dict(board.config), weights)

    @classmethod
    def from_export(cls, path: str | Path, name: str = "") -> Gan:
        """An exported generator; EngineError or ConfigError if the file is another."""
        from engines.gan_training.explore import load_export, load_generator

        config, weights = load_export(path)
        load_generator(config, weights)  # so that weights which do not fit are refused now
        return cls(name or Path(path).stem[:60], config, weights)

    @property
    def id(self) -> str:
        """What ImageConfig.model is for this generator."""
        return f"{OWN}{self.name}"[:100]

    @property
    def card(self) -> ImageCard:
        """What a person should know about it."""
        return own_card(self.id, self.name, self.config.size)

    @property
    def class_names(self) -> tuple[str, ...]:
        """The classes that it can be asked for; none if it was trained without."""
        return tuple(self.weights.facts["class_names"]) if self.config.conditional else ()

    def draw(
        self,
        config: ImageConfig,
        image: np.ndarray | None = None,
        mask: np.ndarray | None = None,
        blends: Sequence[Blend] = (),
    ) -> Drawing:
        """See drawing.ImageModel; one picture after the other, each from its own seed."""
        import torch

        from engines.gan_training.explore import load_generator
        from engines.gan_training.networks import generate, latents
        from engines.image_generation.blending import slerp

        classes = max(1, len(self.weights.facts["class_names"]))
        if config.label >= classes:
            raise ConfigError("Class must be from 0 to {last}, or -1 for all.", last=classes - 1)
        began, pictures = time.monotonic(), []
        network, size = load_generator(self.config, self.weights), self.config.latent
        yield Progress(0, config.batch)
        for i in range(config.batch):
            seed = config.seed if blends else config.seed_of(i)
            noise = torch.from_numpy(latents(1, size, seed))
            if blends and blends[i].seed is not None:
                noise = slerp(noise, torch.from_numpy(latents(1, size, blends[i].seed)), blends[i].share)
            label = seed % classes if config.label < 0 else config.label
            torch.set_num_threads(1)
            picture = generate(network, noise.numpy(), np.array([label]))
            pictures.append(picture if picture.shape[3] == 3 else picture.repeat(3, axis=3))
            stop = yield Progress(i + 1, config.batch)
            if stop or i + 1 == config.batch:
                break
            if i == 0 or (i + 1) % 8 == 0:
                stop = yield Samples(i + 1, np.concatenate(pictures))
        return np.concatenate(pictures), time.monotonic() - began

    def close(self) -> None:
        """It holds nothing but its weights."""
