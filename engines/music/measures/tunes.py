"""How well tunes are made: bars that add up, notes in key, and an end on the tonic. Also for what is no tune yet."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from engines.music.score.abc import read_line
from engines.music.score.marks import BAR, NOTE, UNKNOWN, Tune, lengths
from engines.music.score.playing import pitch_of

HEAD = re.compile(r"\[M:[^\]]*\]\[K:[^\]]*\]")
SAID = re.compile(HEAD.pattern + r"\[N:(\d{1,3})\]")
LENGTHS = (8, 12, 16, 20, 24)  # bars that one may ask for, those that the bundled tunes have most often
SIGNS, STEPS = 0x1000, 256  # the code points that steps and lengths are written with


@dataclass(frozen=True)
class Bar:
    """What stands between two bar lines; an edge is where a part of the tune begins or ends."""

    length: Fraction  # quarter notes
    sound: bool  # nothing in it is unknown
    edge: bool


@dataclass(frozen=True)
class TuneScores:
    """Shares from 0 to 1, of `count` texts in one line each."""

    count: int
    bars: float  # of all bars, those that add up; a text that is no tune counts as one that does not
    in_key: float  # of all notes, those of the scale that the tune's key names
    closes: float  # of all texts, those whose last note is the tonic
    whole: float  # of all texts, those in which every bar adds up


def score(texts: Sequence[str]) -> TuneScores:
    """The scores of texts such as [M:6/8][K:D]A3|…"""
    right, bars, inside, notes, closing, whole = 0, 0, 0, 0, 0, 0
    for text in texts:
        tune = read_line(text)
        judged = add_up(tune) if tune else []
        right, bars = right + sum(judged), bars + max(1, len(judged))
        whole += bool(judged) and all(judged)
        pitches = list(_pitches(tune)) if tune else []
        inside, notes = inside + sum(pitch % 12 in tune.key.scale for pitch in pitches), notes + len(pitches)
        closing += bool(pitches) and pitches[-1] % 12 == tune.key.home
    count = max(1, len(texts))
    return TuneScores(len(texts), right / max(1, bars), inside / max(1, notes), closing / count, whole / count)


def add_up(tune: Tune) -> list[bool]:
    """Of each bar whether it has the length that its metre asks for.

    At an edge a bar may be short, if another edge's bar has what it lacks: a pickup and the end of its part.
    """
    found = list(bars_of(tune))
    edges = [bar.length for bar in found if bar.edge]

    def fits(bar: Bar) -> bool:
        lacks = tune.full - bar.length
        return not lacks or (bar.edge and lacks > 0 and edges.count(lacks) > (lacks == bar.length))

    return [bar.sound and fits(bar) for bar in found]


def bars_of(tune: Tune) -> Iterator[Bar]:
    """The bars of a tune; two bar lines with nothing between make none."""
    length, sound, edge, filled = Fraction(0), True, True, False
    for mark, lasts in zip(tune.marks, lengths(tune.marks), strict=True):
        if mark.kind == BAR:
            parts = ":" in mark.text or "||" in mark.text or "]" in mark.text or "[" in mark.text
            if filled:
                yield Bar(length, sound, edge or parts)
                length, sound, edge, filled = Fraction(0), True, parts, False
            edge = edge or parts
        else:
            length, sound, filled = length + lasts, sound and mark.kind != UNKNOWN, True
    if filled:
        yield Bar(length, sound, True)


def count_bars(tune: Tune) -> int:
    """How many bars a tune has as it is written, repeats once; a pickup and what completes it are one."""
    return round(sum((bar.length for bar in bars_of(tune)), Fraction(0)) / tune.full)


def counted(line: str) -> str:
    """A tune in one line with how many bars it has after its metre and key, as [N:16]: ABC's field for notes on it."""
    tune, head = read_line(line), HEAD.match(line)
    return f"{head[0]}[N:{count_bars(tune)}]{line[head.end() :]}" if tune and head else line


def said_bars(line: str) -> int | None:
    """How many bars a tune in one line says that it has; None if it says nothing."""
    found = SAID.match(line)
    return int(found[1]) if found else None


def as_long_as_said(lines: Sequence[str]) -> float:
    """Of tunes that say how many bars they have, the share, from 0 to 1, that has so many; 0 of none."""
    said = [(said_bars(line), read_line(line)) for line in lines]
    kept = [tune is not None and count_bars(tune) == bars for bars, tune in said if bars is not None]
    return sum(kept) / max(1, len(kept))


def steps_of(text: str) -> str:
    """A sign for each note of a tune in one line, by its step from the note before and its length: equal for equal
    melodies in any key. "" of what is no tune.
    """
    tune = read_line(text)
    if tune is None:
        return ""
    lasting = [length for mark, length in zip(tune.marks, lengths(tune.marks), strict=True) if mark.kind == NOTE]
    pitches = list(_pitches(tune))
    before = [*pitches[:1], *pitches]
    pairs = zip(pitches, before, lasting, strict=False)
    return "".join(chr(SIGNS + STEPS * min(99, int(24 * length)) + pitch - last) for pitch, last, length in pairs)


def _pitches(tune: Tune) -> Iterator[int]:
    """MIDI pitches in the order in which they are written."""
    moved: dict[str, int] = {}
    for mark in tune.marks:
        if mark.kind == BAR:
            moved = {}
        elif mark.kind == NOTE:
            yield pitch_of(mark.text, tune.key, moved)
