"""Many hostile calls: python -m tests.hostile [--calls 500] [--seed 0] [--only finetuning]; ends with 1 after a fault.

The app is served by this process. Its language model and its text encoder are tiny ones with random weights (see
tests/tiny_*.py), since what is asked here is whether each answer is clear, not whether it is good; the emoji model is
the real one. Streams are read to their end, and a run that starts is watched until it learns. A thread that dies of an
error, which no answer tells, is a fault too.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import threading
import time
from pathlib import Path

from engines.running.runs import Runs
from tests.fuzz import MODEL, Caller, endpoints, hostile_calls, small_files, upload


def main() -> int:
    """Call every endpoint, print its faults, and say how many there were."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=500, help="of each endpoint")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="endpoints whose names begin so")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        prepare(Path(folder))
        from tests.served import served

        died: list[threading.ExceptHookArgs] = []
        threading.excepthook = lambda problem: (died.append(problem), threading.__excepthook__(problem))
        with served(Runs(folder=Path(folder) / "runs")) as (url, _):
            bad = 0
            for endpoint, parameters in endpoints(url).items():
                if endpoint.startswith(options.only):
                    bad += call(url, endpoint, parameters, options.calls, options.seed)
    print(f"{bad} faults, and {len(died)} threads that died")
    return int(bad + len(died) > 0)


def prepare(folder: Path) -> None:
    """A cache with tiny models, and no way to fetch others."""
    from tests.tiny_models import save_llama
    from tests.tiny_texts import save_encoder

    os.environ |= {
        "AIGC_CACHE": str(folder),
        "GRADIO_TEMP_DIR": str(folder / "gradio"),
        "HF_ENDPOINT": "http://127.0.0.1:9",
        "PIP_NO_INDEX": "1",
    }
    save_llama(folder / "models" / MODEL)
    save_encoder(folder, context=512, width=384)  # as MiniLM, so that the emoji model takes its texts


def call(url: str, endpoint: str, parameters: list[str], calls: int, seed: int) -> int:
    """How many of the calls of an endpoint got a bad answer; prints them."""
    bad, began = 0, time.monotonic()
    files = upload(url, small_files())
    with Caller(url) as caller:
        for data in hostile_calls(endpoint, parameters, calls, seed, files):
            try:
                fault = caller.fault(endpoint, data)
            except OSError as problem:  # no answer within a minute
                fault = f"no answer: {problem!r}"
            if fault:
                bad += 1
                print(f"  {endpoint}({str(data)[:300]}): {fault}", flush=True)
    print(f"{endpoint}: {bad} of {calls} bad, {time.monotonic() - began:.0f} s", flush=True)
    return bad


if __name__ == "__main__":
    raise SystemExit(main())
