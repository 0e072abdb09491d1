"""Tabs: layout and wiring. They hold no model code; TABS is their order on the page."""

from __future__ import annotations

from types import ModuleType

from tabs import finetuning, gan_training, image_generation, text_generation

TABS: dict[str, ModuleType] = {
    "Live GAN training": gan_training,
    "Image generation": image_generation,
    "Text generation": text_generation,
    "Fine-tuning": finetuning,
}
