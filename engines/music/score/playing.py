"""From a tune as it is written to the notes as they sound, repeats unfolded; and back."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from engines.messages import ConfigError
from engines.music.notes import Note, Piece
from engines.music.score.abc import MOST_NOTES
from engines.music.score.keys import LETTERS, STEPS, Key
from engines.music.score.marks import BAR, NOTE, REST, TUPLET, Mark, Tune, lengths

MOVED = {"^": 1, "^^": 2, "_": -1, "__": -2, "=": 0}
MIDDLE = 60  # MIDI pitch of C
LOWEST, HIGHEST = 12, 120
LONGEST_PATH = 20_000  # marks, repeats unfolded


def pitch_of(text: str, key: Key, moved: dict[str, int]) -> int:
    """MIDI pitch of a note such as ^c'; `moved` has this bar's accidentals by place, and learns this one's."""
    name = text.lstrip("^_=")
    sign, letter = text[: len(text) - len(name)], name[0].upper()
    if sign:
        moved[name] = MOVED[sign]
    octave = name.count("'") - name.count(",") + name[0].islower()
    return MIDDLE + STEPS[letter] + 12 * octave + moved.get(name, key.signature[letter])


def path(tune: Tune) -> Iterator[int]:
    """The numbers of the marks in the order in which they are played: each repeat once, with its endings."""
    begin, place, time, done = 0, 0, 1, set()
    for _ in range(LONGEST_PATH):
        if place >= len(tune.marks):
            return
        mark = tune.marks[place]
        if mark.kind != BAR:
            yield place
            place += 1
            continue
        text, volta = mark.text, mark.text[-1:]
        if text[0] == ":" and place not in done:  # what it closes is played again
            done.add(place)
            place, time = begin, 2
            continue
        yield place
        if text.rstrip("123456789")[-1:] == ":" or text == "::":
            begin, time = place + 1, 1
        elif text[0] == ":" or "||" in text or "]" in text:
            begin, time = place + 1, (time if volta.isdigit() else 1)
        place = _after(tune, place, int(volta)) if volta.isdigit() and int(volta) != time else place + 1
    raise ConfigError("The tune's repeats do not come to an end.")


def _after(tune: Tune, place: int, volta: int) -> int:
    """Where it goes on when an ending is left out: at the next one, or after what closes it."""
    for later in range(place + 1, len(tune.marks)):
        text = tune.marks[later].text
        if tune.marks[later].kind == BAR and (text[-1].isdigit() or ":" in text or "||" in text or "]" in text):
            return later if text[-1].isdigit() else later + 1
    return len(tune.marks)


def played(tune: Tune) -> list[tuple[int, Note]]:
    """Each note that sounds, with the number of its mark; a pickup comes before the first bar line, not at 0."""
    sounding = lengths(tune.marks)
    found: list[tuple[int, Note]] = []
    at, moved, held = Fraction(0), {}, ()
    for place in path(tune):
        mark, length = tune.marks[place], sounding[place]
        if mark.kind == BAR:
            moved = {}
        elif mark.kind == REST:
            held = ()
        elif mark.kind == NOTE and length:
            pitches = tuple(pitch_of(text, tune.key, moved) for text in (mark.text, *mark.others))
            if not all(LOWEST <= pitch <= HIGHEST for pitch in pitches):
                raise ConfigError("The tune has a note that is too high or too low to be played.")
            if held == pitches:
                found[-len(pitches) :] = [
                    (number, Note(note.pitch, note.start, note.length + float(length)))
                    for number, note in found[-len(pitches) :]
                ]
            else:
                found += [(place, Note(pitch, float(at), float(length))) for pitch in pitches]
            held = pitches if mark.tied else ()
        at += length
        if len(found) > 4 * MOST_NOTES:
            raise ConfigError("The tune is too long to be played.")
    return found


def piece_of(tune: Tune) -> Piece:
    """The notes of a tune; a pickup's begin where they would stand in a full bar."""
    pickup = float(_missing(tune))
    notes = tuple(Note(note.pitch, note.start + pickup, note.length) for _, note in played(tune))
    return Piece(notes, tune.meter, str(tune.key), tune.tempo)


def _missing(tune: Tune) -> Fraction:
    """How much of the first bar its pickup leaves out."""
    first = Fraction(0)
    for mark, length in zip(tune.marks, lengths(tune.marks), strict=True):
        if mark.kind == BAR and first:
            break
        first += length
    else:
        return Fraction(0)
    return max(Fraction(0), tune.full - first)


# --- from notes to a tune ------------------------------------------------------------------------------------

GRID = 96  # parts of a quarter note: what is smaller is lost
LONGEST = Fraction(4)  # quarter notes of a written note; a longer one is tied


def tune_of(piece: Piece) -> Tune:
    """A tune of a piece's lowest voice; of notes that sound together the first is kept till the next begins."""
    key = Key.of(piece.key or "C") or Key("C")
    full = Fraction(4 * piece.meter[0], piece.meter[1])
    notes = sorted((note for note in piece.notes if note.voice == 0), key=lambda note: (note.start, -note.pitch))
    marks: list[Mark] = []
    at, moved = Fraction(0), {}
    if notes and 0 < (first := _grid(notes[0].start)) < full:
        at = first  # a pickup
    for i, note in enumerate(notes):
        start, end = _grid(note.start), _grid(note.start + note.length)
        if start < at:
            continue
        later = next((_grid(other.start) for other in notes[i + 1 :] if _grid(other.start) > start), end)
        at, moved = _put(marks, None, at, start, full, key, moved)
        at, moved = _put(marks, note.pitch, at, max(start, min(end, later)), full, key, moved)
    if marks and marks[-1].kind != BAR:
        marks.append(Mark(BAR, "|"))
    return Tune(piece.meter, key, piece.tempo, tuple(_with_triplets(marks)))


def _grid(value: float) -> Fraction:
    return Fraction(round(value * GRID), GRID)


def _put(
    marks: list[Mark], pitch: int | None, at: Fraction, end: Fraction, full: Fraction, key: Key, moved: dict[str, int]
) -> tuple[Fraction, dict[str, int]]:
    """Adds a note, or a rest of None, from `at` to `end`, cut and tied where bars end."""
    while at < end:
        cut = min(end, (at // full + 1) * full)
        if pitch is None:
            marks.append(Mark(REST, "z", cut - at))
        else:
            marks.append(Mark(NOTE, spelled(pitch, key, moved), cut - at, tied=cut < end))
        at = cut
        if at % full == 0:
            marks.append(Mark(BAR, "|"))
            moved = {}
    return at, moved


def spelled(pitch: int, key: Key, moved: dict[str, int]) -> str:
    """A MIDI pitch as a note of a key, with an accidental where bar and signature do not say it already."""
    flats = key.sharps < 0
    ways = [
        (
            abs(move - key.signature[letter]),
            move != 0,
            (move < 0) != flats,
            letter,
            move,
            (pitch - MIDDLE - move) // 12,
        )
        for letter in LETTERS
        for move in (-1, 0, 1)
        if (pitch - MIDDLE - move - STEPS[letter]) % 12 == 0
    ]
    *_, letter, move, octave = min(ways)
    name = letter.lower() + "'" * (octave - 1) if octave > 0 else letter + "," * -octave
    if moved.get(name, key.signature[letter]) == move:
        return name
    moved[name] = move
    return {1: "^", 0: "=", -1: "_"}[move] + name


def _with_triplets(marks: list[Mark]) -> list[Mark]:
    """The marks, three notes of a third each written as a triplet."""
    found: list[Mark] = []
    place = 0
    while place < len(marks):
        three = marks[place : place + 3]
        lasts = {mark.written for mark in three if mark.kind != BAR}
        even = len(three) == 3 and len(lasts) == 1 and all(mark.kind != BAR for mark in three)
        if even and max(lasts).denominator % 3 == 0:
            found.append(Mark(TUPLET, "(3"))
            found += [Mark(m.kind, m.text, m.written * Fraction(3, 2), m.tied, m.others) for m in three]
            place += 3
        else:
            found.append(marks[place])
            place += 1
    return found
