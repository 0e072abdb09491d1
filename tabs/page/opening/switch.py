"""The switch between the page's languages, at its top right."""

from __future__ import annotations

from pathlib import Path

import gradio as gr

from tabs.page.component import component
from tabs.page.language import locales

HERE = Path(__file__).parent


def language_switch() -> gr.HTML:
    """One button a language, named in that language; a press loads the page anew in it."""
    return component("page-language", HERE / "switch", locales=locales())
