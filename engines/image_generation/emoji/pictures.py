"""The emoji that the bundled model is trained on: their pictures in two styles, and their words.

The pictures come from npm's emoji-datasource-google (Noto Emoji, Apache-2.0) and -twitter (Twemoji, CC BY 4.0),
the words from npm's emojilib (MIT) and, as Unicode's CLDR has them, emojibase-data (MIT).
"""

from __future__ import annotations

import io
import json
import subprocess
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

STYLES = {"noto": "google", "twemoji": "twitter"}  # name -> npm package emoji-datasource-…
PACKAGES = {"emoji-datasource-google": "16.0.0", "emoji-datasource-twitter": "16.0.0", "emojilib": "4.0.3",
            "emojibase-data": "17.0.0"}  # fmt: skip
LEFT_OUT = {"Flags", "Component"}  # categories
# Drawn almost as another emoji that stays: one gender or direction of several, half past each hour.
NEAR_TWINS = ("man-", "woman-", "male-", "female-", "man_", "woman_", "men-", "women-", "family", "couple-with-",
              "couplekiss_", "woman-kiss", "man-kiss", "kiss-")  # fmt: skip
HELD_OUT = 200  # emoji whose keywords are never seen, to test unseen wording


@dataclass(frozen=True)
class Emoji:
    """One emoji: its words and how each style draws it."""

    name: str
    names: tuple[str, ...]  # other wordings of the name, the name included
    keywords: tuple[str, ...]  # emojilib's
    pictures: Mapping[str, np.ndarray]  # style -> uint8 [S, S, 3] on white
    tags: tuple[str, ...] = ()  # CLDR's
    category: str = ""


def fetch_package(name: str, folder: Path) -> Path:
    """The npm package's tarball in `folder`, fetched (and checked) by npm unless it is there."""
    path = folder / f"{name}-{PACKAGES[name]}.tgz"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        package = f"{name}@{PACKAGES[name]}"
        subprocess.run(["npm", "pack", "--silent", package, "--pack-destination", str(folder)], check=True)
    return path


def _members(path: Path, prefix: str) -> dict[str, bytes]:
    with tarfile.open(path) as tar:
        found = (m for m in tar if m.isfile() and m.name.startswith(prefix))
        return {m.name.removeprefix(prefix): tar.extractfile(m).read() for m in found}


def on_white(png: bytes, size: int) -> np.ndarray:
    """A picture with transparency as uint8 [size, size, 3] on white."""
    picture = Image.open(io.BytesIO(png)).convert("RGBA")
    white = Image.new("RGBA", picture.size, "white")
    flat = Image.alpha_composite(white, picture).convert("RGB")
    return np.asarray(flat.resize((size, size), Image.Resampling.LANCZOS))


def emoji_words(sources: Path) -> Iterator[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    """(character, wordings of the name, keywords) of each emoji of the training set, in a fixed order."""
    for entry, character, words in _entries(sources):
        yield (character, *_words_of(entry, words))


def load_emoji(sources: Path, size: int) -> list[Emoji]:
    """All emoji of the training set in a fixed order; `sources` keeps the npm tarballs."""
    drawings = {
        style: _members(fetch_package(f"emoji-datasource-{vendor}", sources), f"package/img/{vendor}/64/")
        for style, vendor in STYLES.items()
    }
    tags = cldr_tags(sources)
    return [
        _emoji(entry, words, tags.get(character.replace("\ufe0f", ""), ()), drawings, size)
        for entry, character, words in _entries(sources)
    ]


def cldr_tags(sources: Path) -> dict[str, tuple[str, ...]]:
    """Emoji, without the mark that asks for its coloured form -> its English tags."""
    entries = json.loads(_members(fetch_package("emojibase-data", sources), "package/en/data.json")[""])
    return {
        entry["emoji"].replace("\ufe0f", ""): tuple(
            tag.lower() for tag in entry.get("tags", []) if any(map(str.isalpha, tag))
        )
        for entry in entries
    }


def _entries(sources: Path) -> Iterator[tuple[dict, str, list[str]]]:
    """(emoji-datasource's entry, character, emojilib's words) of each that is not left out."""
    words = json.loads(_members(fetch_package("emojilib", sources), "package/dist/")["emoji-en-US.json"])
    vendor = list(STYLES.values())[-1]
    entries = json.loads(_members(fetch_package(f"emoji-datasource-{vendor}", sources), "package/emoji.json")[""])
    for entry in sorted(entries, key=lambda e: e["sort_order"]):
        short = entry["short_name"]
        twin = short.startswith(NEAR_TWINS) or short.endswith("_facing_right") or short.endswith("30")
        if entry["category"] in LEFT_OUT or twin:
            continue
        character = "".join(chr(int(code, 16)) for code in entry["unified"].split("-"))
        yield entry, character, words.get(character, [])


def _words_of(entry: dict, words: list[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(wordings of the name, the first one emojilib's; other keywords)."""

    def plain(text: str) -> str:
        return " ".join(text.lower().replace("_", " ").replace("-", " ").replace("+1", "thumbs up").split())

    keywords = tuple(dict.fromkeys(plain(word) for word in words))
    name = keywords[0] if keywords else plain(entry["name"])
    names = tuple(dict.fromkeys([name, plain(entry["name"] or name), *map(plain, entry["short_names"])]))
    return names, tuple(k for k in keywords if k not in names)


def _emoji(
    entry: dict, words: list[str], tags: tuple[str, ...], drawings: dict[str, dict[str, bytes]], size: int
) -> Emoji:
    names, keywords = _words_of(entry, words)
    pictures = {style: on_white(files[entry["image"]], size) for style, files in drawings.items()}
    tags = tuple(tag for tag in tags if tag not in names)
    return Emoji(names[0], names, keywords, pictures, tags, entry["category"])


def held_out(count: int) -> np.ndarray:
    """Indices of the emoji whose keywords are kept for the test."""
    return np.sort(np.random.default_rng(1).permutation(count)[:HELD_OUT])
