"""A copy of the program that a test may change as a newcomer would, served in a process of its own."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

from tests import ROOT
from tests.fakes import free_port

WAIT = 120.0  # seconds for the start on a busy machine


def copy_program(folder: Path) -> Path:
    """The program in `folder`: the code copied, and of assets/ what is large only linked."""
    shutil.copy(ROOT / "app.py", folder)
    for name in ("engines", "tabs"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "*.pyi"))
    (folder / "assets").mkdir()
    for path in (ROOT / "assets").iterdir():
        if path.name in ("locale", "learn"):
            shutil.copytree(path, folder / "assets" / path.name)
        else:
            (folder / "assets" / path.name).symlink_to(path)
    return folder


def change(path: Path, old: str, new: str) -> None:
    """Replace the one place in a file where `old` stands."""
    text = path.read_text("utf-8")
    assert text.count(old) == 1, f"{path}: {old!r} stands there {text.count(old)} times"
    path.write_text(text.replace(old, new), "utf-8")


@contextlib.contextmanager
def running(folder: Path) -> Iterator[str]:
    """The address of the program in `folder`, for as long as the block lasts."""
    port = free_port()
    command = [sys.executable, "app.py", "--port", str(port), "--runs-folder", ""]
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    with (folder / "log.txt").open("wb") as log:
        program = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
    try:
        wait_for(f"http://127.0.0.1:{port}/health", program, folder / "log.txt")
        yield f"http://127.0.0.1:{port}/"
    finally:
        program.terminate()
        program.wait(30)


def wait_for(address: str, program: subprocess.Popen, log: Path) -> None:
    """Return once the address answers; AssertionError with the log if the program ends before, or is too slow."""
    end = time.monotonic() + WAIT
    while time.monotonic() < end and program.poll() is None:
        with contextlib.suppress(OSError):
            urlopen(address).close()
            return
        time.sleep(0.1)
    raise AssertionError(log.read_text("utf-8", "replace"))
