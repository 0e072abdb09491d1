"""Makes assets/english_classics/ from texts that brotli 1.2.1 has: python -m assets.english_classics.make

They are of the Canterbury corpus, by which compression is measured. Left out is what is not of the three works
themselves: title pages, the list of persons, what Project Gutenberg says. The same source gives the same bytes.
"""

from __future__ import annotations

import argparse
import lzma
import re
import tempfile
from pathlib import Path

from assets.sources import python_source, read_tarball

HERE = Path(__file__).parent
# File -> what it begins with, and what comes after its end.
WORKS = {
    "alice29.txt": (r"Alice was beginning to get very tired", r"\n *THE END"),
    "asyoulik.txt": (r"ACT I\n", r"\Z"),
    "plrabn12.txt": (r"Of Man's first disobedience", r"\[The End\]"),
}


def tidy(text: str, begin: str, end: str) -> str:
    """The work itself, without blanks at the ends of lines, tabs, and rows of empty lines."""
    text = text.replace("\r", "").replace("\x1a", "")
    start = re.search(begin, text).start()
    text = text[start : start + re.search(end, text[start:]).start()]
    text = "\n".join(re.sub(r"[ \t]+", " ", line).strip() for line in text.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def main() -> None:
    """Makes the file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sources", type=Path, help="a folder of packages to reuse and to keep")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        archive = python_source("brotli", "1.2.1", options.sources or Path(temporary))
        files = read_tarball(archive, "brotli-1.2.1/tests/testdata/")
    texts = [tidy(files[name].decode("ascii"), *ends) for name, ends in WORKS.items()]
    path = HERE / "texts.txt.xz"
    path.write_bytes(lzma.compress("\f".join(texts).encode("ascii"), preset=9 | lzma.PRESET_EXTREME))
    print([len(text) for text in texts], f"{path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
