"""Runs that are taken home as a script: run here, and looked at."""

from __future__ import annotations

import ast
import runpy
from collections.abc import Mapping
from pathlib import Path

import pytest
import torch

LINES = 150


def run(folder: Path, files: Mapping[str, bytes], capsys: pytest.CaptureFixture[str]) -> str:
    """What train.py says; it is on its own but for the process, which has imported torch already."""
    for name, data in files.items():
        (folder / name).write_bytes(data)
    with torch.random.fork_rng(), torch.set_grad_enabled(True):
        runpy.run_path(str(folder / "train.py"), run_name="__main__")
    return capsys.readouterr().out


def check(files: Mapping[str, bytes]) -> None:
    """It is short, and needs nothing of ours."""
    script = files["train.py"].decode()
    assert len(script.splitlines()) <= LINES
    assert max(map(len, script.splitlines())) <= 119
    imported = {node.module or "" for node in ast.walk(ast.parse(script)) if isinstance(node, ast.ImportFrom)}
    assert not [name for name in imported if name.startswith(("engines", "tabs"))]
