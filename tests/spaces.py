"""A model's own page as somebody who unpacked it has it: checked by the rules of Spaces, loaded, and started."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.alone import environment, run_alone
from tests.check_space import card_problems, file_problems, front_matter, requirement_problems
from tests.fakes import free_port

LONGEST = 60  # lines of app.py
START_SECONDS = 120


def unpacked(files: Mapping[str, bytes], folder: Path) -> Path:
    """The folder with the files in it, in which nothing is wrong by the rules of Spaces."""
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    card = front_matter(files["README.md"].decode())
    found = [
        *card_problems(card, folder),
        *requirement_problems(card, files["requirements.txt"].decode()),
        *file_problems(folder, list(files)),
    ]
    assert not found, found
    assert len(files["app.py"].decode().splitlines()) <= LONGEST
    return folder


def said_by(folder: Path, code: str) -> Any:
    """What a program in that folder prints, as JSON, that knows nothing of this one's modules."""
    return json.loads(run_alone(["-c", f"import json, app\nprint(json.dumps({code}))"], folder).splitlines()[-1])


@contextmanager
def started(folder: Path) -> Iterator[str]:
    """The address of the app while it runs, as `python app.py` starts it."""
    port = free_port()
    env = {**environment(), "GRADIO_SERVER_PORT": str(port)}
    app = subprocess.Popen([sys.executable, "app.py"], cwd=folder, env=env, stdout=subprocess.DEVNULL)
    url, end = f"http://127.0.0.1:{port}/", time.monotonic() + START_SECONDS
    try:
        while not _answers(url):
            assert app.poll() is None, "it ended by itself"
            assert time.monotonic() < end, "it did not start"
            time.sleep(0.3)
        yield url
    finally:
        app.terminate()
        app.wait(30)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False
