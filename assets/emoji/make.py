"""Makes assets/emoji/pictures.npz from npm's emoji-datasource-twitter and emoji-datasource-google.

    python -m assets.emoji.make [FOLDER for the packages]

It also has names str [N], so that a held-out split can keep all drawings of one emoji together.
"""

from __future__ import annotations

import io
import json
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from assets.sources import npm_package, read_tarball, save

VERSION = "16.0.0"
STYLES = ("twitter", "google")  # Twemoji and Noto Emoji; both may be redistributed

# Class -> subcategories of emoji.json; a trailing dash stands for all that begin so. Chosen by eye: each
# class has a look of its own. Left out are flags, objects, places and the sky, which have none.
CLASSES = {
    "Faces": ("face-",),
    "People": ("person", "person-role", "person-gesture"),
    "Hands": ("hand-", "hands"),
    "Animals": ("animal-", "cat-face", "monkey-face"),
    "Plants": ("plant-", "food-fruit", "food-vegetable"),
    "Food": ("food-prepared", "food-asian", "food-sweet", "drink"),
    "Vehicles": ("transport-ground", "transport-water", "transport-air"),
    "Signs": ("alphanum", "arrow", "av-symbol", "keycap", "religion", "transport-sign", "zodiac"),
}
TONES = {"Hands": 3}  # skin tones drawn of each emoji; else 1, which one goes round in turn
# fmt: off
LEFT_OUT = {
    "anchor", "busstop", "construction", "fuelpump", "middle_finger", "motorway", "octagonal_sign",
    "oil_drum", "railway_track", "ring_buoy", "rotating_light", "seat", "station", "traffic_light",
    "vertical_traffic_light", "wheel",
}
# fmt: on


def chosen_files(entries: list[dict[str, Any]]) -> Iterator[tuple[str, str, str]]:
    """(class, name, file name) of every chosen emoji, skin tones included."""
    for class_name, subcategories in CLASSES.items():
        whole = {s for s in subcategories if not s.endswith("-")}
        begins = tuple(s for s in subcategories if s.endswith("-"))
        chosen = [e for e in entries if e["subcategory"] in whole or e["subcategory"].startswith(begins)]
        chosen = [e for e in chosen if e["short_name"] not in LEFT_OUT]
        for turn, entry in enumerate(sorted(chosen, key=lambda e: e["sort_order"])):
            tones = [v["image"] for k, v in entry.get("skin_variations", {}).items() if "-" not in k]
            drawings = [entry["image"], *sorted(tones)]
            count = min(TONES.get(class_name, 1), len(drawings))
            for k in range(count):
                yield class_name, entry["short_name"], drawings[(turn + 2 * k) % len(drawings)]


def on_white(png: bytes) -> np.ndarray:
    """A picture with transparency, as uint8 [H, W, 3] on white."""
    picture = Image.open(io.BytesIO(png)).convert("RGBA")
    white = Image.new("RGBA", picture.size, "white")
    return np.asarray(Image.alpha_composite(white, picture).convert("RGB"))


def both_styles(sources: Path) -> dict[str, Any]:
    """Both styles of the chosen emoji: 64 px, RGB on white."""
    images, labels, names, classes = [], [], [], list(CLASSES)
    for style in STYLES:
        tarball = npm_package(f"emoji-datasource-{style}", VERSION, sources)
        entries = json.loads(read_tarball(tarball, "package/emoji.json")[""])
        pngs = read_tarball(tarball, f"package/img/{style}/64/")
        for class_name, name, file in chosen_files(entries):
            images.append(on_white(pngs[file]))
            labels.append(classes.index(class_name))
            names.append(name)
    return {"images": np.stack(images), "labels": labels, "class_names": classes, "names": np.array(names)}


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        pictures = both_styles(Path(sys.argv[1] if len(sys.argv) > 1 else temporary))
        save("emoji", **pictures, method=zipfile.ZIP_LZMA)  # a quarter less than deflate makes of it
