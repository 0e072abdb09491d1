"""Makes assets/movie_reviews/texts.csv.gz from the Python package vaderSentiment 3.3.2.

    python -m assets.movie_reviews.make [--sources DIR]

The package carries hutto_ICWSM_2014: snippets of film reviews, each with the mean of at least 15 people's ratings
from -4 (extremely negative) to 4 (extremely positive). All of them are kept, with their numbers there and their
ratings, so that whoever reads the file sees what its labels come from. The same source gives the same bytes.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import hashlib
import html
import io
import random
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

PACKAGE = "vaderSentiment"
VERSION = "3.3.2"
SHA256 = "5d7c06e027fc8b99238edb0d53d970cf97066ef97654009890b83703849632f9"
INNER = f"{PACKAGE}-{VERSION}/additional_resources/hutto_ICWSM_2014.tar.gz"
SNIPPETS = "hutto_ICWSM_2014/movieReviewSnippets_GroundTruth.txt"


def source_package(folder: Path) -> Path:
    """The package's source in `folder`, fetched by pip unless it is there; ValueError if it is another file."""
    path = folder / f"{PACKAGE}-{VERSION}.tar.gz"
    if not path.exists():
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:"]
        subprocess.run([*command, "--dest", str(folder), f"{PACKAGE}=={VERSION}"], check=True)
    if hashlib.sha256(path.read_bytes()).hexdigest() != SHA256:
        raise ValueError(f"{path} is not the file that this script was written for")
    return path


def read_member(archive: bytes, name: str) -> bytes:
    """One file of a .tar.gz."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        return tar.extractfile(name).read()


def rated_snippets(text: str) -> list[tuple[str, str, str]]:
    """(number, mean rating with two decimals, snippet) of each line, its HTML escapes and double spaces undone."""
    rows = (line.split("\t") for line in text.splitlines() if line)
    return [(number, f"{float(rating):.2f}", " ".join(html.unescape(s).split())) for number, rating, s in rows]


def write_reviews(rows: list[tuple[str, str, str]], path: Path) -> None:
    """Writes the gzipped CSV in a mixed order that is always the same: the source has the positive ones first."""
    rows = random.Random(0).sample(rows, len(rows))
    with path.open("wb") as file, gzip.GzipFile("", "wb", fileobj=file, mtime=0) as packed:
        target = io.TextIOWrapper(packed, encoding="utf-8", newline="")
        csv.writer(target, lineterminator="\n").writerows([("id", "rating", "text"), *rows])
        target.flush()


def main() -> None:
    """Makes the file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sources", type=Path, help="a folder of packages to reuse and to keep")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        package = source_package(options.sources or Path(temporary)).read_bytes()
    snippets = read_member(read_member(package, INNER), SNIPPETS).decode("utf-8")
    rows = rated_snippets(snippets)
    path = Path(__file__).parent / "texts.csv.gz"
    write_reviews(rows, path)
    print(f"{path.name}: {len(rows):,} snippets, {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
