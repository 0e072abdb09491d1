"""The trainer of each family."""

from __future__ import annotations

from engines.points_training.clouds import Cloud
from engines.points_training.config import DIFFUSION, GAN, VAE, PointsConfig
from engines.points_training.flow import FlowTrainer
from engines.points_training.gan import GanTrainer
from engines.points_training.trainer import Trainer
from engines.points_training.vae import VaeTrainer


def make_trainer(config: PointsConfig, cloud: Cloud) -> Trainer:
    """A trainer of the config's family, before its first step."""
    return {GAN: GanTrainer, VAE: VaeTrainer, DIFFUSION: FlowTrainer}[config.family](config, cloud)
