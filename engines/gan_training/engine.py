"""Trains a GAN and tells what happens: a generator from a GanConfig to events."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from engines.gan_training.config import GanConfig
from engines.gan_training.family import FAMILY
from engines.live_training import engine
from engines.running.events import Events

if TYPE_CHECKING:
    from engines.live_training.team import Team


def train(
    config: GanConfig, uploads: Sequence[str] = (), folder: Path | None = None, team: Team | None = None
) -> Events:
    """See engines.live_training.engine.train."""
    return engine.train(FAMILY, config, uploads, folder, team)
