"""Tabs: layout and wiring. They hold no model code; TABS is their order on the page."""

from __future__ import annotations

from types import ModuleType

from tabs.finetuning import tab as finetuning
from tabs.gan_training import tab as gan_training
from tabs.image_generation import tab as image_generation
from tabs.text_generation import tab as text_generation

TABS: dict[str, ModuleType] = {
    "Live GAN training": gan_training,
    "Image generation": image_generation,
    "Text generation": text_generation,
    "Fine-tuning": finetuning,
}
