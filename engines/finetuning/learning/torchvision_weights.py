"""torchvision's ImageNet weights, where they can be reached.

They are pickles, so they are used only with the checksum that the file's name carries, and read with weights_only,
which builds tensors and nothing else.
"""

from __future__ import annotations

import contextlib
import shutil
import sys
import tempfile
import urllib.request
from collections.abc import Generator
from pathlib import Path
from typing import Any

import torch

from engines.messages import Message
from engines.running.events import Download, Event, Note
from engines.weights import Unavailable, cache_folder, in_background, run_command

ANSWER_SECONDS = 5.0
COMMAND = """
import sys
from torch.hub import download_url_to_file
url, path, digest = sys.argv[1:]
download_url_to_file(url, path, digest, progress=False)
"""


def load_pretrained(architecture: str) -> Generator[Event, bool, dict[str, torch.Tensor] | None]:
    """Yields what is happening and returns the state of "resnet18" or "mobilenet"; None if it cannot be had.

    Raises Stopped if told to stop.
    """
    url = _url(architecture)
    path = cache_folder() / "models" / url.rpartition("/")[2]
    try:
        if not path.is_file():
            yield from _fetch(url, path)
        return torch.load(path, map_location="cpu", weights_only=True)
    except (Unavailable, OSError, TimeoutError, RuntimeError):
        return None


def _url(architecture: str) -> str:
    from torchvision import models

    weights: Any = models.ResNet18_Weights if architecture == "resnet18" else models.MobileNet_V3_Small_Weights
    return weights.DEFAULT.url


def _fetch(url: str, path: Path) -> Generator[Event, bool, None]:
    """Download to `path`, which appears whole or not at all."""
    note = Note(Message("Asking for the weights that were trained on ImageNet"))
    size = yield from in_background(lambda: _size(url), note, ANSWER_SECONDS)
    message = Message("Downloading weights that were trained on ImageNet")
    path.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f".{path.name}-", dir=path.parent))
    try:
        digest = path.stem.rpartition("-")[2]
        command = [sys.executable, "-c", COMMAND, url, str(folder / path.name), digest]
        yield from run_command(command, folder, lambda done: Download(message, min(done, size), size))
        (folder / path.name).replace(path)
    finally:
        with contextlib.suppress(OSError):
            shutil.rmtree(folder)


def _size(url: str) -> int:
    """Bytes of what the address has; OSError if it does not answer."""
    request = urllib.request.Request(url, method="HEAD")
    with urllib.request.urlopen(request, timeout=ANSWER_SECONDS) as answer:
        return int(answer.headers.get("Content-Length") or 0)
