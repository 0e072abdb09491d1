"""Makes assets/README.md from the cards of its folders: python -m assets.readme [--write]"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from engines.data.cards import ASSETS

INTRO = """\
# Bundled files

What ships with the app so that it works without a network: a folder for each thing, with its data, its card
(`card.json`) and the script that makes it. This page is made from the cards by `python -m assets.readme --write`. The
required licence texts are in [LICENSES.md](LICENSES.md).

| File | What | Source | Licence and attribution | Made by |
|---|---|---|---|---|
"""
FIELDS = ("what", "source", "licence", "made_by")


def cards() -> dict[Path, dict]:
    """Folder -> its card, by name."""
    return {path.parent: json.loads(path.read_text("utf-8")) for path in sorted(ASSETS.glob("*/card.json"))}


def rows() -> Iterator[str]:
    """A row of the table for each pattern of each card."""
    for folder, card in cards().items():
        for pattern, about in card["files"].items():
            yield f"| `{folder.name}/{pattern}` | {' | '.join(about[field] for field in FIELDS)} |"


def readme() -> str:
    """The page."""
    notes = [card["notes"] for card in cards().values() if "notes" in card]
    return INTRO + "\n".join(rows()) + "\n" + "".join(f"\n{note}\n" for note in notes)


if __name__ == "__main__":
    if "--write" in sys.argv:
        (ASSETS / "README.md").write_text(readme(), "utf-8")
    else:
        print(readme(), end="")
