"""Makes assets/abcjs/ from npm's abcjs 6.7.2: python -m assets.abcjs.make

Left out are the addresses of its own sounds, so that nothing can be fetched from there.
"""

from __future__ import annotations

import argparse
import re
import tempfile
from pathlib import Path

from assets.sources import npm_package, read_tarball

HERE = Path(__file__).parent
SOUNDS = rb"https://paulrosen\.github\.io/midi-js-soundfonts/\w+/"


def main() -> None:
    """Makes the file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sources", type=Path, help="a folder of packages to reuse and to keep")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        files = read_tarball(npm_package("abcjs", "6.7.2", options.sources or Path(temporary)), "package/dist/")
    script, count = re.subn(SOUNDS, b"", files["abcjs-basic-min.js"])
    (HERE / "abcjs-basic-min.js").write_bytes(script)
    print(f"{len(script):,} bytes, {count} addresses left out")


if __name__ == "__main__":
    main()
