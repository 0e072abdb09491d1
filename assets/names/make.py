"""Makes assets/names/ from the Python package names 0.3.0: python -m assets.names.make

Given names of the census of the United States in 1990, with a capital, in a mixed order that is always the same.
"""

from __future__ import annotations

import argparse
import random
import tempfile
from pathlib import Path

from assets.sources import python_source, read_tarball

HERE = Path(__file__).parent
FILES = ("dist.female.first", "dist.male.first")


def main() -> None:
    """Makes the file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sources", type=Path, help="a folder of packages to reuse and to keep")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        archive = python_source("names", "0.3.0", options.sources or Path(temporary))
        files = read_tarball(archive, "names-0.3.0/names/")
    found = sorted(
        {line.split()[0].decode("ascii").capitalize() for name in FILES for line in files[name].splitlines()}
    )
    random.Random(0).shuffle(found)
    path = HERE / "names.txt"
    path.write_text("\n".join(found), "ascii")
    print(f"{len(found):,} names, {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
