"""Makes assets/melodies/melodies.npz from assets/tunes: python -m assets.melodies.make

Each two bars of the tunes in 4/4 and 6/8, moved to D. Of the tunes every tenth is held out; of its melodies those that
a tune to learn from has too are left out, and of all others each is kept once. The same source gives the same bytes.
"""

from __future__ import annotations

import lzma
from collections import Counter
from pathlib import Path

import numpy as np

from engines.data.cards import ASSETS
from engines.music.melody_vae.bars import METRES, melodies_of
from engines.music.score.abc import read_line

HERE = Path(__file__).parent
EVERY = 10  # tunes one of which is held out
MODES = {"": 0, "m": 1, "dor": 2, "mix": 3}  # as engines/music/melody_vae/corpus.py names them


def main() -> None:
    """Makes the file."""
    with lzma.open(ASSETS / "tunes" / "tunes.txt.xz", "rt", encoding="ascii") as file:
        tunes = [tune for line in file.read().split("\n") if (tune := read_line(line))]
    tunes = [tune for tune in tunes if "{}/{}".format(*tune.meter) in METRES and tune.key.mode in MODES]
    found: dict[bytes, tuple[int, bool]] = {}
    for held in (False, True):  # first those to learn from
        for tune in (tune for i, tune in enumerate(tunes) if (i % EVERY == EVERY - 1) == held):
            for melody in melodies_of(tune):
                found.setdefault(melody.tobytes(), (MODES[tune.key.mode], held))
    cells = np.array([np.frombuffer(key, np.int8) for key in found])
    modes, parts = np.array(list(found.values()), np.uint8).T
    path = HERE / "melodies.npz"
    np.savez_compressed(path, melodies=cells, modes=modes, held=parts)
    print(f"{len(tunes):,} tunes, {len(cells):,} melodies, {parts.sum():,} held out, {path.stat().st_size:,} bytes")
    print(Counter(modes.tolist()), Counter((cells[:, 24] == -128).tolist()))


if __name__ == "__main__":
    main()
