"""A finished model as its own page: a ZIP of a folder that is a complete small Hugging Face Space.

Each engine says what is its own: an app.py of at most 60 lines, the model's files, what it needs, and a card. A model
that only this program's code can draw with takes along the modules that do it.
"""

from __future__ import annotations

import ast
import json
import re
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from engines.running.run_files import saving

ROOT = Path(__file__).parent.parent.parent.parent
SDK, PYTHON = "6.31.0", "3.11"  # of Spaces: the Gradio and the Python that they install
FRONT = """\
---
title: {title}
emoji: {emoji}
colorFrom: indigo
colorTo: blue
sdk: gradio
sdk_version: {sdk}
python_version: "{python}"
app_file: app.py
pinned: false
license: mit
short_description: {description}
---

"""
PUBLISH = """
## Publish it

This folder is a Hugging Face Space: make one with the Gradio SDK and send the folder to it with
`hf upload NAME/SPACE . --repo-type space`. On your own machine: `pip install -r requirements.txt && python app.py`.
The licence above is that of the code. See to it that you may publish what the model learnt from.
"""


@dataclass(frozen=True)
class Space:
    """What a Space is made of; `needs` are packages by the names of requirements.txt, `card` is Markdown."""

    title: str  # at most 60 characters, as the description
    emoji: str
    description: str
    app: str
    needs: tuple[str, ...]
    files: Mapping[str, bytes]
    card: str


def space_files(space: Space) -> dict[str, bytes]:
    """All files of the Space by their names."""
    quoted = {name: json.dumps(getattr(space, name), ensure_ascii=False) for name in ("title", "description")}
    front = FRONT.format(**quoted, emoji=space.emoji, sdk=SDK, python=PYTHON)
    own = {
        "README.md": front + space.card.strip() + "\n" + PUBLISH,
        "app.py": space.app,
        "requirements.txt": "".join(f"{line}\n" for line in requirements(space.needs)),
    }
    return {**space.files, **{name: text.encode() for name, text in own.items()}}


def write_space(files: Mapping[str, bytes], path: Path) -> None:
    """Write the ZIP; EngineError if the disk refuses."""
    with saving(path), zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)


def requirements(names: Iterable[str]) -> list[str]:
    """The lines of this program's requirements.txt for these packages, and for Gradio."""
    wanted = {"gradio", *names}
    lines = (ROOT / "requirements.txt").read_text("utf-8").splitlines()
    return [line for line in lines if re.split(r"[<>=~! ]", line)[0] in wanted]


def sources(roots: Iterable[str]) -> dict[str, bytes]:
    """The files of these modules of ours and of all that they import when they are loaded, by their paths."""
    found: dict[str, bytes] = {}
    left = list(roots)
    while left:
        path = _file(left.pop())
        name = path and path.relative_to(ROOT).as_posix()
        if not name or name in found:
            continue
        found[name] = path.read_bytes()
        for node in ast.parse(found[name]).body:  # not what only a function or a type checker imports
            if isinstance(node, ast.ImportFrom) and node.module:
                left += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
            elif isinstance(node, ast.Import):
                left += [alias.name for alias in node.names]
    return found


def _file(module: str) -> Path | None:
    """Where a module of ours lies; None of another one's."""
    if not module.startswith("engines."):
        return None
    path = ROOT.joinpath(*module.split("."))
    return next((each for each in (path.with_suffix(".py"), path / "__init__.py") if each.is_file()), None)
