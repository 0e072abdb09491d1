"""A component of our own: gr.HTML with the .html, .css and .js that lie beside its module; and updates by scripts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gradio as gr

WORDS = Path(__file__).parent / "words.js"


def component(
    elem_id: str,
    files: Path,
    scripts: Sequence[Path] = (),
    end: str = "",
    before: Sequence[Path] = (),
    **options: Any,
) -> gr.HTML:
    """A component made of `files`, a path without its ending: its .html, .css and .js, as far as they are there.

    Its script begins with words.js and `before`, goes on with `scripts` and closes with `end`. `options` are
    those of gr.HTML, all others reach the script as `props`.
    """
    for name, suffix in (("html_template", ".html"), ("css_template", ".css")):
        if name not in options:
            options[name] = _read(files.with_suffix(suffix))
    return gr.HTML(
        js_on_load=assemble([*before, files.with_suffix(".js"), *scripts], end),
        elem_id=elem_id,
        apply_default_css=False,
        **options,
    )


def assemble(scripts: Sequence[Path], end: str = "") -> str:
    """The script of a component: words.js, the files in their order, and what sets it going."""
    return "\n".join([*map(_read, (WORDS, *scripts)), end])


def _read(path: Path) -> str:
    return path.read_text("utf-8")


def as_update(value: Any) -> dict[str, Any]:
    """The update that a handler's return value stands for, a value or what gr.update gives, as the page takes it."""
    fields = value if isinstance(value, dict) else {"value": value}
    return {**fields, "__type__": "update"}


def script_of(**fields: Any) -> str:
    """A script that does to one component what gr.update does."""
    return f"() => ({json.dumps(as_update(fields), default=str)})"
