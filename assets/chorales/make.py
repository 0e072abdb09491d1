"""Makes assets/chorales/chorales.npz from the MusicXML files that music21 10.5.1 has: python -m assets.chorales.make

Only pitches and lengths are read, onto a grid of sixteenths. Kept are the pieces of exactly four voices; of two of
which four fifths of the cells are the same, transposed or not, the one whose name comes first. Of the others a tenth
is held out, and another tenth kept for the test alone, by chance, always alike. The same source gives the same bytes.
"""

from __future__ import annotations

import argparse
import tempfile
import zipfile
from pathlib import Path

import numpy as np

from assets.sources import python_wheel
from engines.music.grid import VOICES, Chorale, to_grid
from engines.music.score.musicxml import read_musicxml

HERE = Path(__file__).parent
FOLDER = "music21/corpus/bach/"
SAME = 0.8  # of the cells of two pieces from which they count as one
PARTS = ("train", "held", "test")


def read(wheel: Path) -> dict[str, Chorale]:
    """BWV number -> the piece, of all with four voices."""
    found = {}
    with zipfile.ZipFile(wheel) as archive:
        for path in sorted(archive.namelist()):
            if path.startswith(FOLDER) and path.endswith((".mxl", ".xml")):
                piece = read_musicxml(archive.read(path))
                if {note.voice for note in piece.notes} == set(range(len(VOICES))):
                    found[Path(path).stem.removeprefix("bwv")] = to_grid(piece, most=10_000)
    return found


def same(one: Chorale, other: Chorale) -> bool:
    """Whether they are one piece, in whatever keys."""
    rows = min(len(one), len(other))
    if rows < SAME * max(len(one), len(other)):
        return False
    apart = one.sounding[:rows].astype(int) - other.sounding[:rows]
    return bool((apart == np.median(apart)).mean() > SAME)


def main() -> None:
    """Makes the file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sources", type=Path, help="a folder of packages to reuse and to keep")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        found = read(python_wheel("music21", "10.5.1", options.sources or Path(temporary)))
    kept: dict[str, Chorale] = {}
    for name, piece in found.items():
        if not any(same(piece, other) for other in kept.values()):
            kept[name] = piece
    tenth = len(kept) // 10
    parts = np.zeros(len(kept), np.uint8)
    order = np.random.default_rng(0).permutation(len(kept))
    parts[order[:tenth]], parts[order[tenth : 2 * tenth]] = 1, 2
    pieces = list(kept.values())
    path = HERE / "chorales.npz"
    np.savez_compressed(
        path,
        grid=np.concatenate([piece.grid for piece in pieces]),
        lengths=np.array([len(piece) for piece in pieces], np.int32),
        bars=np.array([piece.bar for piece in pieces], np.uint8),
        pickups=np.array([piece.pickup for piece in pieces], np.uint8),
        parts=parts,
        names=np.array(list(kept)),
    )
    counts = dict(zip(PARTS, np.bincount(parts).tolist(), strict=True))
    print(f"{len(found)} read, {len(kept)} kept, {counts}, {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
