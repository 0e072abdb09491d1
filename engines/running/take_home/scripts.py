"""A run as a script: a ZIP of train.py, which trains the same without this program, and what it reads.

An engine that has one makes its files in a module script.py: `script_files(config) -> {name: bytes}`.
"""

from __future__ import annotations

import argparse
import zipfile
from collections.abc import Mapping
from pathlib import Path

from engines.running.run_files import saving


def write_script(files: Mapping[str, bytes], path: Path) -> None:
    """Write the ZIP; EngineError if the disk refuses."""
    with saving(path), zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)


def add_script_option(parser: argparse.ArgumentParser) -> None:
    """Let a command line ask for it."""
    parser.add_argument(
        "--script",
        type=Path,
        metavar="FILE",
        help="train nothing: write a ZIP with a short PyTorch script that trains the same without this program",
    )
