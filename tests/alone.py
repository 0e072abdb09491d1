"""Programs that know nothing of this one, as who takes something home runs them, each in a process of its own.

To load what they all load takes five seconds and more, so one process has loaded it, waits, and forks for each.
"""

from __future__ import annotations

import atexit
import functools
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

# Reads a program a line, as JSON, and prints how it ended; below the loop is the program's own process.
SEED = """
import json, os, runpy, sys
import gradio, peft, safetensors.torch, tokenizers, torch, torchvision
from transformers import AutoModelForCausalLM, AutoModelForMaskedLM, AutoModelForSequenceClassification, AutoTokenizer

print("ready", flush=True)
for line in sys.stdin:
    child = os.fork()
    if not child:
        break
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
else:
    sys.exit()
program = json.loads(line)
os.chdir(program["folder"])
for place, name in enumerate((os.devnull, *program["printed"])):
    os.dup2(os.open(name, os.O_WRONLY if place else os.O_RDONLY), place)
sys.argv = program["words"]
if sys.argv[0] == "-c":
    exec(compile(sys.argv[1], "<string>", "exec"), {"__name__": "__main__"})
else:
    sys.path[0] = os.path.dirname(os.path.abspath(sys.argv[0]))
    runpy.run_path(sys.argv[0], run_name="__main__")
"""


def environment() -> dict[str, str]:
    """The environment without a way to this program's modules."""
    env = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "GRADIO_TEMP_DIR")}
    return {**env, "OMP_NUM_THREADS": "1", "GRADIO_ANALYTICS_ENABLED": "False", "HF_HUB_OFFLINE": "1"}


def run_alone(words: Iterable[str | Path], folder: Path) -> str:
    """What `python` followed by these words prints in that folder; AssertionError with its complaint if it fails."""
    words = [str(word) for word in words]
    with tempfile.TemporaryDirectory() as place:
        printed = [Path(place) / name for name in ("out", "err")]
        for file in printed:
            file.touch()
        seed = _seed()
        job = {"words": words, "folder": str(folder), "printed": [str(file) for file in printed]}
        print(json.dumps(job), file=seed.stdin, flush=True)
        ended = seed.stdout.readline().strip()
        out, complaint = (file.read_text("utf-8") for file in printed)
    assert ended == "0", complaint
    return out


@functools.cache
def _seed() -> subprocess.Popen[str]:
    """The process that waits; it ends with this one."""
    command = [sys.executable, "-c", SEED]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    seed = subprocess.Popen(command, cwd=tempfile.gettempdir(), env=environment(), **pipes)
    atexit.register(lambda: (seed.stdin.close(), seed.stdout.close(), seed.wait()))
    assert seed.stdout.readline() == "ready\n"
    return seed
