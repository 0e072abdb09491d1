"""The marks of a tune in ABC: notes, rests, bars, triplets, broken rhythm. What is no mark is called unknown.

ABC 2.1 (abcnotation.com/wiki/abc:standard:v2.1), of which ornaments, slurs, words and chord names are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

from engines.music.score.keys import Key

NOTE, REST, BAR, TUPLET, BROKEN, UNKNOWN = "note", "rest", "bar", "tuplet", "broken", "unknown"
LENGTH = r"\d{0,3}/{0,3}\d{0,3}"
PITCH = r"(?:\^{1,2}|_{1,2}|=)?[A-Ga-g][,']*"
TOKEN = re.compile(
    rf"""(?P<left>\s+|"[^"\n]*"|![^!\n]*!|\+[^+\n]*\+|\{{[^}}\n]*\}}|[\\`).~H-Wh-wy]|\((?!\d)|\[[A-Za-z]:[^\]\n]*\])
    |(?P<bar>:*(?:\[?\|)+\]?:*|::+)(?P<volta>\d(?:[,-]\d)*)?|\[(?P<ending>\d)(?:[,-]\d)*
    |(?P<tuplet>\(\d(?::\d?){{0,2}})
    |(?P<broken>[<>]{{1,3}})
    |(?P<note>{PITCH})(?P<length>{LENGTH})(?P<tie>\s*-)?
    |\[(?P<chord>(?:{PITCH}{LENGTH})+)\](?P<chord_length>{LENGTH})(?P<chord_tie>-)?
    |[zx](?P<rest>{LENGTH})
    |(?P<unknown>.)""",
    re.VERBOSE,
)
# Tuplet -> in the time of how many its notes are played; of those that are not here, of 2.
IN_TIME_OF = {2: 3, 3: 2, 4: 3, 6: 2, 8: 3}


@dataclass(frozen=True)
class Mark:
    """One thing of a tune, without what ornaments it."""

    kind: str
    text: str  # such as ^c' of a note, |: of a bar, (3 of a tuplet
    written: Fraction = Fraction(0)  # length in quarter notes, before tuplets and broken rhythm
    tied: bool = False  # to the next note
    others: tuple[str, ...] = ()  # further notes of a chord


@dataclass(frozen=True)
class Tune:
    """One voice as it is written down; tempo in quarter notes a minute."""

    meter: tuple[int, int]
    key: Key
    tempo: float
    marks: tuple[Mark, ...]

    @property
    def full(self) -> Fraction:
        """A bar's length in quarter notes."""
        return Fraction(4 * self.meter[0], self.meter[1])


def usual_unit(meter: tuple[int, int]) -> Fraction:
    """What a note without a number lasts, in quarter notes, where ABC has no L: field."""
    return Fraction(1, 4) if 4 * meter[0] < 3 * meter[1] else Fraction(1, 2)


def scan(body: str, unit: Fraction) -> Iterator[Mark]:
    """The marks of a tune's body; `unit` is what a note without a number lasts, in quarter notes."""
    for found in TOKEN.finditer(body):
        if found["note"]:
            yield Mark(NOTE, found["note"], unit * factor(found["length"]), bool(found["tie"]))
        elif found["bar"]:
            yield Mark(BAR, found["bar"] + (found["volta"] or "")[:1])
        elif found["ending"]:
            yield Mark(BAR, "[" + found["ending"])
        elif found["tuplet"]:
            yield Mark(TUPLET, found["tuplet"])
        elif found["broken"]:
            yield Mark(BROKEN, found["broken"])
        elif found["rest"] is not None:
            yield Mark(REST, "z", unit * factor(found["rest"]))
        elif found["chord"]:
            first, *others = re.findall(PITCH, found["chord"])
            own = factor(re.search(LENGTH, found["chord"][len(first) :])[0])
            length = unit * own * factor(found["chord_length"])
            yield Mark(NOTE, first, length, bool(found["chord_tie"]), tuple(others))
        elif found["unknown"]:
            yield Mark(UNKNOWN, found["unknown"])


@cache
def factor(text: str) -> Fraction:
    """What a length such as 3/2, /, // or 2 makes of the unit; 0 for a division by zero."""
    above, _, below = text.partition("/")
    halved = below.count("/") + bool("/" in text and not below.strip("/"))
    number = below.strip("/")
    under = (int(number) if number else 1) * 2**halved
    return Fraction(int(above or 1), under) if under else Fraction(0)


def lengths(marks: Sequence[Mark]) -> list[Fraction]:
    """What each mark lasts in quarter notes, tuplets and broken rhythm counted; 0 of what is no note or rest."""
    found, scale, left = [mark.written for mark in marks], Fraction(1), 0
    last, after = -1, Fraction(1)  # the note before, and what a broken rhythm makes of the next
    for place, mark in enumerate(marks):
        if mark.kind == TUPLET:
            scale, left = _tuplet(mark.text)
        elif mark.kind == BROKEN and last >= 0:
            short = Fraction(1, 2 ** len(mark.text))
            before, after = (2 - short, short) if mark.text[0] == ">" else (short, 2 - short)
            found[last] *= before
        elif mark.kind in (NOTE, REST):
            found[place] *= after * (scale if left else 1)
            after, last, left = Fraction(1), place, max(0, left - 1)
    return found


def _tuplet(text: str) -> tuple[Fraction, int]:
    """What (p:q:r makes of each length, and of how many notes."""
    parts = [int(part) if part else 0 for part in text[1:].split(":")]
    count, time, notes = (*parts, 0, 0)[:3]
    return Fraction(time or IN_TIME_OF.get(count, 2), max(1, count)), notes or count
