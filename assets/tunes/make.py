"""Makes assets/tunes/ from the old books that music21 10.5.1 has in its wheel: python -m assets.tunes.make

Kept are tunes of one voice whose bars add up, without ornaments, slurs, words, titles and comments, each in one line.
The same source gives the same bytes.
"""

from __future__ import annotations

import argparse
import lzma
import re
import tempfile
import zipfile
from collections import Counter
from dataclasses import replace
from pathlib import Path

from assets.sources import python_wheel
from engines.messages import ConfigError
from engines.music.measures.tunes import add_up, score
from engines.music.score.abc import line_of, read
from engines.music.score.marks import BAR, NOTE, Mark, Tune
from engines.music.score.playing import piece_of

HERE = Path(__file__).parent
BOOKS = ("airdsAirs", "oneills1850", "ryansMammoth")
SHORTEST, LONGEST = 80, 191  # characters of a line
FEWEST = 20  # tunes in a metre or key
IN_KEY = 0.9  # share of notes


def tunes_of(text: str) -> list[str]:
    """The tunes of a file of ABC."""
    return [part for part in re.split(r"\n(?=X:)", "\n" + text) if part.strip().startswith("X:")]


def tidy(tune: Tune) -> Tune:
    """With four kinds of bar lines and endings, and with ties only between notes of one pitch."""
    marks: list[Mark] = []
    for mark in tune.marks:
        if mark.kind == BAR:
            volta = mark.text[-1] if mark.text[-1].isdigit() else ""
            left, right = mark.text[0] == ":", mark.text.rstrip("12").endswith(":")
            double = "||" in mark.text or "]" in mark.text
            before = marks.pop().text if marks and marks[-1].kind == BAR else ""
            left, right, double = left or before[:1] == ":", right or before[-1:] == ":", double or before == "||"
            text = "::" if left and right else ":|" if left else "|:" if right else "||" if double else "|"
            if text != "|:" or marks:
                marks.append(Mark(BAR, text + volta))
        else:
            marks.append(mark)
    pairs = zip(marks, [*marks[1:], Mark(BAR, "|")], strict=True)
    return replace(
        tune, marks=tuple(replace(a, tied=a.tied and b.kind == NOTE and a.text == b.text) for a, b in pairs)
    )


def good(tune: Tune) -> bool:
    """Whether a tidied tune is as those that are learnt from."""
    line = line_of(tune)
    chords = any(mark.others for mark in tune.marks)
    fits = SHORTEST <= len(line) <= LONGEST and not chords and all(add_up(tune)) and score([line]).in_key >= IN_KEY
    return fits and bool(piece_of(tune).notes)


def main() -> None:
    """Makes the file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sources", type=Path, help="a folder of packages to reuse and to keep")
    options = parser.parse_args()
    found, seen = [], 0
    with tempfile.TemporaryDirectory() as temporary:
        wheel = python_wheel("music21", "10.5.1", options.sources or Path(temporary))
        with zipfile.ZipFile(wheel) as archive:
            names = sorted(n for n in archive.namelist() if n.split("/")[-2] in BOOKS and n.endswith(".abc"))
            for text in (archive.read(name).decode("latin-1") for name in names):
                for part in tunes_of(text.replace("\r\n", "\n")):
                    seen += 1
                    try:
                        tune = tidy(read(part))
                        if good(tune):
                            found.append(tune)
                    except ConfigError:
                        continue
    for of in (lambda tune: tune.meter, lambda tune: str(tune.key)):
        counts = Counter(map(of, found))
        found = [tune for tune in found if counts[of(tune)] >= FEWEST]
    lines = list(dict.fromkeys(map(line_of, found)))
    path = HERE / "tunes.txt.xz"
    path.write_bytes(lzma.compress("\n".join(lines).encode("ascii"), preset=9 | lzma.PRESET_EXTREME))
    print(f"{len(lines):,} of {seen:,} tunes, {sum(map(len, lines)):,} characters, {path.stat().st_size:,} bytes")
    print(Counter(tune.meter for tune in found), Counter(str(tune.key) for tune in found))


if __name__ == "__main__":
    main()
