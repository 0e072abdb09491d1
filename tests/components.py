"""The components of the page that bring a script of their own."""

from __future__ import annotations

import app as playground
from engines.running.runs import Runs


def scripts() -> dict[str, str]:
    """Element id -> the assembled script of each, as Gradio runs it."""
    demo = playground.create_app(Runs())
    found = {block.elem_id: getattr(block, "js_on_load", None) for block in demo.blocks.values()}
    return {name: script for name, script in found.items() if name and script and "element" in script}
