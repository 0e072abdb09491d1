"""Reads MusicXML, plain or packed (.mxl), as a visitor brings it: no entity is resolved, and every size is checked."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from engines.messages import ConfigError
from engines.music.notes import Note, Piece

MOST_BYTES = 20 * 10**6  # of the score, unpacked
MOST_NOTES = 100_000
MOST_MEMBERS = 200
STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
FIFTHS = ("Cb", "Gb", "Db", "Ab", "Eb", "Bb", "F", "C", "G", "D", "A", "E", "B", "F#", "C#")  # from seven flats


def read_musicxml(data: bytes) -> Piece:
    """The notes of a score, each part a voice (or each voice of a part that has several), tied notes as one.

    A first bar that is shorter than its time signature says is a pickup: the piece starts late in it. ConfigError if
    it is damaged, too large, or no score.
    """
    root = _parse(_unpacked(data) if data[:2] == b"PK" else data)
    if root.tag != "score-partwise":
        raise ConfigError("This MusicXML file is not written part by part (score-partwise); export it again so.")
    try:
        return _read(root)
    except (ValueError, ZeroDivisionError, KeyError, AttributeError, OverflowError) as problem:
        raise _damaged() from problem


def _damaged() -> ConfigError:
    return ConfigError("This MusicXML file is damaged.")


def _too_large() -> ConfigError:
    return ConfigError("This MusicXML file is too large: at most {most} MB unpacked.", most=MOST_BYTES // 10**6)


def _unpacked(data: bytes) -> bytes:
    """The score in an .mxl file."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        members = {one.filename: one for one in archive.infolist()[:MOST_MEMBERS]}
        container = _parse(_member(archive, members["META-INF/container.xml"]))
        path = next(one.get("full-path") for one in container.iter() if one.tag.rpartition("}")[2] == "rootfile")
        return _member(archive, members[path])
    except ConfigError:
        raise
    except Exception as problem:  # a damaged ZIP may raise nearly anything
        raise _damaged() from problem


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """Its bytes, whatever size it declares."""
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise _damaged()  # Python unpacks the others without a limit on memory
    with archive.open(member) as file:
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise _too_large()
    return content


def _parse(data: bytes) -> Element:
    """The document's root; any entity that it declares is refused before it can be used."""
    if len(data) > MOST_BYTES:
        raise _too_large()
    builder, parser = TreeBuilder(), expat.ParserCreate()

    def refuse(*_: object) -> None:
        raise ConfigError("This MusicXML file declares entities, which are not read here; export it again without.")

    parser.StartElementHandler, parser.EndElementHandler = builder.start, builder.end
    parser.CharacterDataHandler, parser.EntityDeclHandler = builder.data, refuse
    try:
        parser.Parse(data, True)
        return builder.close()
    except (expat.ExpatError, AssertionError, LookupError, ValueError) as problem:
        raise _damaged() from problem


def _read(root: Element) -> Piece:
    meter, key, tempo = _signature(root)
    notes: list[Note] = []
    voices: dict[tuple[str, ...], int] = {}
    for number, part in enumerate(root.findall("part")):
        for name, note in _Part(meter).notes(part):
            voice = voices.setdefault((str(number), *name), len(voices))
            notes.append(replace(note, voice=voice))
            if len(notes) > MOST_NOTES:
                raise ConfigError("The file has more than {most} notes.", most=f"{MOST_NOTES:,}")
    if not notes:
        raise ConfigError("The file has no notes.")
    return Piece(tuple(sorted(notes, key=lambda note: (note.start, note.voice))), meter, key, tempo)


def _signature(root: Element) -> tuple[tuple[int, int], str | None, float]:
    """The first time and key signatures, and the first tempo."""
    beats, unit = root.findtext(".//time/beats", "4"), root.findtext(".//time/beat-type", "4")
    meter = (sum(map(int, beats.split("+"))), int(unit))
    if not (1 <= meter[0] <= 64 and meter[1] in (1, 2, 4, 8, 16, 32)):
        raise ValueError("no meter")
    key, fifths = None, root.findtext(".//key/fifths")
    if fifths is not None and -7 <= int(fifths) <= 7:
        minor = root.findtext(".//key/mode") == "minor"
        place = int(fifths) + 7 + (3 if minor else 0)
        key = f"{FIFTHS[place]} minor" if minor and place < len(FIFTHS) else FIFTHS[int(fifths) + 7]
    sound = next((one.get("tempo") for one in root.iter("sound") if one.get("tempo")), "90")
    tempo = float(sound)
    return meter, key, tempo if 10 <= tempo <= 400 else 90.0


class _Part:
    """Walks through one part."""

    def __init__(self, meter: tuple[int, int]) -> None:
        self.bar = Fraction(4 * meter[0], meter[1])
        self.divisions = 1
        self.open: dict[tuple[tuple[str, ...], int], Note] = {}  # tied notes that wait for their end

    def notes(self, part: Element) -> Iterator[tuple[tuple[str, ...], Note]]:
        """(the voice's name within the part, note) in no special order."""
        start = Fraction(0)
        for number, measure in enumerate(part.findall("measure")):
            reached, found = self._measure(measure)
            if not number and reached < self.bar:
                start = self.bar - reached
            for name, note, ties in found:
                yield from self._tied(name, replace(note, start=note.start + start), ties)
            start += reached
        yield from ((name, note) for (name, _), note in self.open.items())

    def _measure(self, measure: Element) -> tuple[Fraction, list[tuple[tuple[str, ...], Note, set[str]]]]:
        """How long a measure is, and its notes with what ties them, from its own beginning."""
        now, begin, reached, found = Fraction(0), Fraction(0), Fraction(0), []
        for one in measure:
            if one.tag == "attributes" and (divisions := one.findtext("divisions")):
                self.divisions = int(divisions)
            if one.tag in ("backup", "forward"):
                now += self._length(one) * (1 if one.tag == "forward" else -1)
            if one.tag == "note" and one.find("grace") is None:
                length = self._length(one)
                begin = begin if one.find("chord") is not None else now
                now = begin + length
                if one.find("pitch") is not None and length > 0 and one.find("cue") is None:
                    name = (one.findtext("staff", "1"), one.findtext("voice", "1"))
                    ties = {tie.get("type", "") for tie in one.findall("tie")}
                    found.append((name, Note(_pitch(one.find("pitch")), begin, length), ties))
            if now < 0:
                raise ValueError("before the measure")
            reached = max(reached, now)
        return reached, found

    def _length(self, one: Element) -> Fraction:
        """In quarter notes."""
        return Fraction(one.findtext("duration", "0").strip()) / self.divisions

    def _tied(self, name: tuple[str, ...], note: Note, ties: set[str]) -> Iterator[tuple[tuple[str, ...], Note]]:
        """Notes that are complete now."""
        before = self.open.pop((name, note.pitch), None)
        if before and "stop" in ties and before.start + before.length == note.start:
            note = replace(before, length=before.length + note.length)
        elif before:
            yield name, before
        if "start" in ties:
            self.open[name, note.pitch] = note
        else:
            yield name, note


def _pitch(pitch: Element) -> int:
    """The MIDI number; ValueError beyond 0 to 127."""
    alter = round(float(pitch.findtext("alter", "0")))
    number = 12 * (int(pitch.findtext("octave", "")) + 1) + STEPS[pitch.findtext("step", "")] + alter
    if not 0 <= number <= 127:
        raise ValueError("no pitch")
    return number
