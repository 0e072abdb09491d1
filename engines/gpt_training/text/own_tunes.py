"""A visitor's own tunes, from MIDI, MusicXML and ABC files: each as one line of ABC, as the bundled ones are."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from engines.data.tables.cells import tidy
from engines.data.tables.encodings import find_encoding
from engines.data.uploads import size_of
from engines.messages import ConfigError
from engines.music.notes import Note, Piece
from engines.music.score.abc import line_of, read
from engines.music.score.files import MOST_MB, READERS, read_piece
from engines.music.score.keys import heard_key
from engines.music.score.midi import melody_of
from engines.music.score.playing import tune_of

ABC = ".abc"
KINDS = (*READERS, ABC)
MOST_FILES, MOST_TUNES = 500, 20_000
LEAST = 200  # characters of all tunes together
FINEST, USUAL = Fraction(1, 12), Fraction(1, 4)  # of a quarter note: all that notation needs, and a sixteenth


def read_tunes(paths: Sequence[str]) -> list[str]:
    """The tunes of these files, each in one line; of several voices the one that lies highest.

    Files without a single tune that can be read are left out. ConfigError if nothing is left, too little or too much,
    or a file is none of KINDS.
    """
    if not paths:
        raise ConfigError("Choose your own tunes first: files that end in {known}.", known=", ".join(KINDS))
    if len(paths) > MOST_FILES:
        raise ConfigError("There are {count} files; at most {most} are read.", count=len(paths), most=MOST_FILES)
    found: list[str] = []
    trouble: ConfigError | None = None
    for path in map(Path, paths):
        if path.suffix.lower() not in KINDS:
            known = ", ".join(KINDS)
            raise ConfigError("{file} is no file of tunes; they end in {known}.", file=tidy(path.name), known=known)
        try:
            found += _abc(path) if path.suffix.lower() == ABC else [line_of(tune_of(plain(read_piece(path))))]
        except ConfigError as problem:
            trouble = trouble or problem
    if not found and trouble:
        raise trouble
    found = list(dict.fromkeys(found))
    if not sum(map(len, found)) >= LEAST or len(found) > MOST_TUNES:
        raise ConfigError(
            "Your tunes have {count} characters in all, in {tunes} tunes; at least {least} characters and at most"
            " {most} tunes can be learnt.",
            count=sum(map(len, found)),
            tunes=len(found),
            least=LEAST,
            most=f"{MOST_TUNES:,}",
        )
    return found


def plain(piece: Piece) -> Piece:
    """A piece's melody in the key that is heard, its notes on a grid that notation has.

    Where a single note begins or ends off the twelfths of a quarter note, as when someone played it, all are moved to
    the nearest sixteenth.
    """
    melody = melody_of(piece)
    ends = [place for note in melody.notes for place in (note.start, note.start + note.length)]
    exact = all(Fraction(place) % FINEST == 0 for place in ends)
    step = FINEST if exact else USUAL
    notes = []
    for note in melody.notes:
        begin, end = (round(place / step) * step for place in (note.start, note.start + note.length))
        notes.append(Note(note.pitch, begin, max(step, end - begin)))
    key = heard_key([note.pitch for note in notes])
    return replace(melody, notes=tuple(notes), key=melody.key or str(key))


def _abc(path: Path) -> Iterator[str]:
    """The tunes of a file of ABC; those that can't be read are left out. ConfigError if that is all of them."""
    if size_of(path) > MOST_MB * 10**6:
        raise ConfigError("The file is too large: at most {most} MB.", most=MOST_MB)
    encoding = find_encoding(path)
    text = encoding.decode(path.read_bytes()) if encoding else ""
    tunes, trouble = [], None
    for part in re.split(r"\n(?=X:)", text.replace("\r\n", "\n")):
        if not part.strip():
            continue
        try:
            tunes.append(line_of(read(part)))
        except ConfigError as problem:
            trouble = trouble or problem
    if not tunes:
        raise trouble or ConfigError("The file has no notes.")
    yield from tunes
