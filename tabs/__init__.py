"""Tabs: layout and wiring. They hold no model code; TABS is their order on the page."""

from __future__ import annotations

from types import ModuleType

from tabs.page.opening import sooner  # noqa: F401 - before all that imports Gradio

# isort: split
from tabs.comparison import tab as comparison_tab
from tabs.finetuning import tab as finetuning_tab
from tabs.image_generation import tab as image_generation_tab
from tabs.live_training import tab as live_training_tab
from tabs.music import tab as music_tab
from tabs.room import tab as room_tab
from tabs.text_generation import tab as text_generation_tab

TABS: dict[str, ModuleType] = {
    "Live training: GAN · VAE · diffusion": live_training_tab,
    "Image generation": image_generation_tab,
    "Text generation": text_generation_tab,
    "Music": music_tab,
    "Fine-tuning": finetuning_tab,
    "Compare": comparison_tab,
    "Room": room_tab,
}
