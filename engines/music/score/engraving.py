"""Writes MusicXML 4.0 (w3.org/2021/06/musicxml40), a score that notation programs open: each voice a part."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from math import lcm
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from engines.music.notes import Note, Piece
from engines.music.score.keys import Key, heard_key
from engines.music.score.playing import MOVED, spelled

HEAD = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0'
    b' Partwise//EN" "http://www.musicxml.org/dtds/partwise.dtd">\n'
)
GRID = 96  # parts of a quarter note: what is smaller is lost
NAMES = ("whole", "half", "quarter", "eighth", "16th", "32nd", "64th")
# (length in quarter notes, name, dots), the longest first.
VALUES = sorted(
    ((Fraction(4, 2**i) * Fraction(3, 2) ** dots, name, dots) for i, name in enumerate(NAMES) for dots in (0, 1)),
    reverse=True,
)
LOW = 57  # a voice whose notes lie lower, in the mean, has a bass clef


def write_musicxml(piece: Piece, about: str = "", names: Sequence[str] = ()) -> bytes:
    """A score of the piece's voices, called by `names`; `about` says in it what it is. Voices have one note at a time.

    Without a key, the signature is that of the major scale that has most of its notes. A pickup, notes that
    begin late in the first bar, is written as a short first bar.
    """
    key = (Key.of(piece.key) if piece.key else None) or heard_key([note.pitch for note in piece.notes])
    full = Fraction(4 * piece.meter[0], piece.meter[1])
    notes = [Note(n.pitch, _grid(n.start), max(Fraction(1, GRID), _grid(n.length)), n.voice) for n in piece.notes]
    first = min((note.start for note in notes), default=Fraction(0)) % full
    divisions = lcm(
        *(place.denominator for note in notes for place in (note.start, note.length)), first.denominator, 2
    )
    end = max((note.start + note.length for note in notes), default=full)
    root = Element("score-partwise", version="4.0")
    said = SubElement(root, "identification")
    _text(SubElement(said, "encoding"), "software", "AIGC Playground")
    if about:
        _text(SubElement(said, "miscellaneous"), "miscellaneous-field", about, name="origin")
    listed = SubElement(root, "part-list")
    for number, voice in enumerate(sorted({note.voice for note in notes})):
        part = f"P{number + 1}"
        name = names[voice] if voice < len(names) else f"Voice {voice + 1}"
        _text(SubElement(listed, "score-part", id=part), "part-name", name)
        mine = [note for note in notes if note.voice == voice]
        begin = min(note.start for note in notes) - first  # of the first bar
        _part(SubElement(root, "part", id=part), mine, piece, key, (begin, first, full, end), divisions)
    indent(root)
    return HEAD + tostring(root, "utf-8")


def _grid(value: Fraction | float) -> Fraction:
    return Fraction(round(value * GRID), GRID)


def _text(parent: Element, tag: str, text: object, **attributes: str) -> None:
    SubElement(parent, tag, attributes).text = str(text)


def _part(
    part: Element, notes: Sequence[Note], piece: Piece, key: Key, span: tuple[Fraction, ...], divisions: int
) -> None:
    """Writes a voice's measures; `span` is the first bar's begin, how late in it notes begin, a bar, and the end."""
    begin, first, full, end = span
    number, now = (0 if first else 1), begin + first
    waiting = sorted(notes, key=lambda note: note.start)
    while now < end:
        until = begin + full
        measure = SubElement(part, "measure", number=str(number), **({"implicit": "yes"} if not number else {}))
        if now == span[0] + first and begin == span[0]:
            _signature(measure, notes, piece, key, divisions)
        while now < until:
            while waiting and waiting[0].start + waiting[0].length <= now:
                waiting.pop(0)  # that one ended, or lay under another
            note = waiting[0] if waiting and waiting[0].start <= now else None
            stop = min(until, note.start + note.length if note else waiting[0].start if waiting else until)
            _write(measure, note, now, stop, key, divisions)
            now = stop
        begin, number = until, number + 1


def _signature(measure: Element, notes: Sequence[Note], piece: Piece, key: Key, divisions: int) -> None:
    said = SubElement(measure, "attributes")
    _text(said, "divisions", divisions)
    _text(SubElement(said, "key"), "fifths", key.sharps)
    time = SubElement(said, "time")
    _text(time, "beats", piece.meter[0])
    _text(time, "beat-type", piece.meter[1])
    low = sum(note.pitch for note in notes) < LOW * len(notes)
    clef = SubElement(said, "clef")
    _text(clef, "sign", "F" if low else "G")
    _text(clef, "line", 4 if low else 2)
    SubElement(measure, "sound", tempo=f"{float(piece.tempo):g}")


def _write(measure: Element, note: Note | None, now: Fraction, stop: Fraction, key: Key, divisions: int) -> None:
    """Writes what sounds from `now` to `stop`, a rest if None, as notes of usual lengths, tied to one another."""
    for length, name, dots, triplet in usual(stop - now):
        one = SubElement(measure, "note")
        if note is None:
            SubElement(one, "rest")
        else:
            _pitch(one, note.pitch, key)
        ties = _ties(note, now, now + length)
        _text(one, "duration", length * divisions)
        for kind in ties:
            SubElement(one, "tie", type=kind)
        if name:
            _text(one, "type", name)
        for _ in range(dots):
            SubElement(one, "dot")
        if triplet:
            modified = SubElement(one, "time-modification")
            _text(modified, "actual-notes", 3)
            _text(modified, "normal-notes", 2)
        if ties:
            marks = SubElement(one, "notations")
            for kind in ties:
                SubElement(marks, "tied", type=kind)
        now += length


def _ties(note: Note | None, now: Fraction, stop: Fraction) -> list[str]:
    """Whether a part of a note goes on from one before it, and is gone on with."""
    if note is None:
        return []
    return ["stop"] * (now > note.start) + ["start"] * (stop < note.start + note.length)


def usual(length: Fraction) -> Iterator[tuple[Fraction, str, int, bool]]:
    """(length, name, dots, whether of a triplet) of written notes that last so long together, in quarter notes."""
    triplet = length.denominator % 3 == 0
    scale = Fraction(2, 3) if triplet else Fraction(1)
    while length > 0:
        fits = next(((scale * value, name, dots) for value, name, dots in VALUES if scale * value <= length), None)
        if fits is None:
            yield length, "", 0, False  # shorter than any: without a name a program finds its own
            return
        yield *fits, triplet
        length -= fits[0]


def _pitch(one: Element, pitch: int, key: Key) -> None:
    text = spelled(pitch, key, {})
    name = text.lstrip("^_=")
    sign, letter = text[: len(text) - len(name)], name[0].upper()
    alter = MOVED[sign] if sign else key.signature[letter]
    said = SubElement(one, "pitch")
    _text(said, "step", letter)
    if alter:
        _text(said, "alter", alter)
    _text(said, "octave", 4 + name.count("'") - name.count(",") + name[0].islower())
