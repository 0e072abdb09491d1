"""Makes assets/fashion_mnist/pictures.npz from Debian's dataset-fashion-mnist.

python -m assets.fashion_mnist.make [FOLDER of its four files]
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np

from assets.sources import FASHION_FOLDER, read_idx, save
from engines.data.cards import DATASETS

PER_CLASS = 1_000


def clothes(folder: Path) -> dict[str, Any]:
    """The first 1,000 of each class of Fashion-MNIST's training file: 28 px, gray."""
    images, labels = (read_idx(folder / f"train-{part}-ubyte.gz") for part in ("images-idx3", "labels-idx1"))
    first = [np.flatnonzero(labels == label)[:PER_CLASS] for label in range(10)]
    index = np.sort(np.concatenate(first))
    return {
        "images": images[index, ..., None],
        "labels": labels[index],
        "class_names": DATASETS["fashion_mnist"].class_names,
    }


if __name__ == "__main__":
    save("fashion_mnist", **clothes(Path(sys.argv[1]) if len(sys.argv) > 1 else FASHION_FOLDER))
