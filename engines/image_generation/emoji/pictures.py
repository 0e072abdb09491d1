"""What the bundled model is trained on: emoji pictures in two styles, their captions, and simple compositions.

The pictures come from npm's emoji-datasource-google (Noto Emoji, Apache-2.0) and -twitter (Twemoji, CC BY 4.0),
the words from npm's emojilib (MIT). Colours and pairs are composed from them, so that "blue cat" and
"cat and pizza" mean something to the model although no emoji shows them.
"""

from __future__ import annotations

import io
import json
import subprocess
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

STYLES = {"noto": "google", "twemoji": "twitter"}  # name -> npm package emoji-datasource-…
PACKAGES = {"emoji-datasource-google": "16.0.0", "emoji-datasource-twitter": "16.0.0", "emojilib": "4.0.3"}
LEFT_OUT = {"Flags", "Component"}  # categories
# Drawn almost as another emoji that stays: one gender or direction of several, half past each hour.
NEAR_TWINS = ("man-", "woman-", "male-", "female-", "man_", "woman_", "men-", "women-", "family", "couple-with-",
              "couplekiss_", "woman-kiss", "man-kiss", "kiss-")  # fmt: skip
# Hue in degrees; None is made gray, lighter or darker.
COLOURS: dict[str, int | None] = {
    "red": 0, "orange": 28, "yellow": 52, "green": 125, "blue": 215, "purple": 275, "pink": 325, "gray": None,
}  # fmt: skip

HELD_OUT = 200  # emoji whose keywords are never seen, to test unseen wording


@dataclass(frozen=True)
class Emoji:
    """One emoji: its words and how each style draws it."""

    name: str
    names: tuple[str, ...]  # other wordings of the name, the name included
    keywords: tuple[str, ...]
    pictures: dict[str, np.ndarray]  # style -> uint8 [S, S, 3] on white


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
    return [_emoji(entry, words, drawings, size) for entry, _, words in _entries(sources)]


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


def _emoji(entry: dict, words: list[str], drawings: dict[str, dict[str, bytes]], size: int) -> Emoji:
    names, keywords = _words_of(entry, words)
    pictures = {style: on_white(files[entry["image"]], size) for style, files in drawings.items()}
    return Emoji(names[0], names, keywords, pictures)


def recolour(image: np.ndarray, colour: str) -> np.ndarray:
    """The picture in one hue of COLOURS; the white ground stays white. uint8 [S, S, 3] in and out."""
    hue = COLOURS[colour]
    hsv = np.array(Image.fromarray(image).convert("HSV"), np.float32)
    hue_, saturation, value = np.moveaxis(hsv, -1, 0)
    if hue is None:
        saturation = saturation * 0
    else:
        drawn = saturation > 20  # outlines and white parts keep what they are
        saturation = np.where(drawn, np.maximum(saturation, 140), saturation)
        hue_ = np.full_like(hue_, hue / 360 * 255)
    changed = np.stack([hue_, saturation, value], axis=-1).astype(np.uint8)
    return np.asarray(Image.fromarray(changed, "HSV").convert("RGB"))


def side_by_side(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Two pictures, half as large, beside each other on white; uint8 [S, S, 3]."""
    size = left.shape[0]
    canvas = np.full_like(left, 255)
    for offset, image in ((0, left), (size - size // 2, right)):
        small = Image.fromarray(image).resize((size // 2, size // 2), Image.Resampling.LANCZOS)
        canvas[size // 4 : size // 4 + size // 2, offset : offset + size // 2] = np.asarray(small)
    return canvas


def held_out(count: int) -> np.ndarray:
    """Indices of the emoji whose keywords are kept for the test."""
    return np.sort(np.random.default_rng(1).permutation(count)[:HELD_OUT])


@dataclass(frozen=True)
class Example:
    """One training picture and the captions it may carry."""

    image: np.ndarray  # uint8 [S, S, 3]
    captions: tuple[str, ...]
    style: int  # index into STYLES
    kind: str  # "emoji", "colour" or "pair"
    emoji: int  # index of the emoji; the left one of a pair


def wordings(emoji: Emoji, held_out: bool, rng: np.random.Generator) -> tuple[str, ...]:
    """Captions of one emoji; of a held-out one no keywords, since they test unseen wording."""
    captions = [*emoji.names, f"{emoji.name} emoji", f"a {emoji.name}"]
    if not held_out and emoji.keywords:
        captions.append(", ".join(emoji.keywords))
        for _ in range(4):
            some = rng.permutation(emoji.keywords)[: rng.integers(2, 5)]
            captions.append(", ".join(some))
            captions.append(f"{emoji.name}, {', '.join(some[:2])}")
    return tuple(dict.fromkeys(captions))


def compose(emoji: list[Emoji], held_out: set[int], seed: int = 0) -> Iterator[Example]:
    """The training set: every emoji in every style, two colours of each, and as many pairs as emoji."""
    rng = np.random.default_rng(seed)
    captions = [wordings(one, i in held_out, rng) for i, one in enumerate(emoji)]
    for style, name in enumerate(STYLES):
        for i, one in enumerate(emoji):
            yield Example(one.pictures[name], captions[i], style, "emoji", i)
        for i, one in enumerate(emoji):
            for colour in rng.permutation(list(COLOURS))[:2]:
                words = (f"{colour} {one.name}", f"a {colour} {one.name}")
                yield Example(recolour(one.pictures[name], str(colour)), words, style, "colour", i)
        for i in rng.integers(0, len(emoji), 2 * len(emoji)):
            j = int(rng.integers(0, len(emoji)))
            pair = side_by_side(emoji[i].pictures[name], emoji[j].pictures[name])
            words = (f"{emoji[i].name} and {emoji[j].name}", f"{emoji[i].name} next to {emoji[j].name}")
            yield Example(pair, words, style, "pair", int(i))
