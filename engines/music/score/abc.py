"""Reads tunes in ABC, of hostile strangers too, and writes them: only marks that were understood are handed on."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction

from engines.messages import ConfigError
from engines.music.score.keys import Key
from engines.music.score.marks import BAR, NOTE, REST, UNKNOWN, Mark, Tune, lengths, scan, usual_unit

MOST, MOST_IN_A_LINE, MOST_NOTES = 20_000, 2_000, 2_000  # characters, and notes, of a tune
MOST_BEATS = 32  # in a bar
METERS = {"C": (4, 4), "C|": (4, 4)}
TEMPO = 120.0  # quarter notes a minute, where a tune says none
SLOWEST, FASTEST = 20.0, 400.0
BARS_IN_A_LINE = 4
HEADER = re.compile(r"\[([MKLQ]):([^\]]*)\]")  # as it stands before a tune in one line


def read(text: str) -> Tune:
    """The first tune of a text: fields K, M, L and Q, and its marks.

    ConfigError for what is too long, has macros or several voices, has no notes, or is no ABC.
    """
    lines = _lines(text)
    fields: dict[str, str] = {}
    body: list[str] = []
    for line in lines:
        if match := re.match(r"([A-Za-z]):(.*)", line):
            name, value = match[1], match[2].strip()
            if name == "X" and body:
                break
            _refuse(name, fields, value)
            if name in "MLQ" or (name == "K" and not body):
                fields[name] = value
        else:
            body.append(line)
    joined = "\n".join(body)
    while match := HEADER.match(joined.lstrip()):
        fields[match[1]] = match[2]
        joined = joined.lstrip()[match.end() :]
    meter = _meter(fields.get("M", "4/4"))
    key = Key.of(fields.get("K", "C"))
    if key is None:
        raise ConfigError("The tune's field K: names no key; write K:G or K:Am.")
    return _checked(Tune(meter, key, _tempo(fields.get("Q", "")), tuple(scan(joined, _unit(fields, meter)))))


def read_line(line: str) -> Tune | None:
    """A tune in one line, as the bundled ones are, with unknown marks where it is none; None if it names no metre."""
    match = re.match(r"\[M:(\d{1,2})/(\d{1,2})\]\[K:([^\]]*)\]", line)
    key = Key.of(match[3]) if match else None
    if key is None or not 0 < int(match[1]) <= MOST_BEATS or int(match[2]) not in (1, 2, 4, 8, 16):
        return None
    meter = (int(match[1]), int(match[2]))
    return Tune(meter, key, TEMPO, tuple(scan(line[match.end() :], usual_unit(meter))))


def line_of(tune: Tune) -> str:
    """The tune in one line, without blanks: [M:6/8][K:G]GAB|c3|…"""
    unit = usual_unit(tune.meter)
    return f"[M:{tune.meter[0]}/{tune.meter[1]}][K:{tune.key}]" + "".join(mark_text(mark, unit) for mark in tune.marks)


def page_of(tune: Tune, title: str = "") -> tuple[str, list[int]]:
    """The tune as an ABC file, and where in it each mark begins; notes of a beat stand together, and have one beam."""
    unit = usual_unit(tune.meter)
    heading = f"T:{re.sub('[^ 0-9A-Za-z,.()/-]', '', title)}\n" if title else ""
    text = (
        f"X:1\n{heading}M:{tune.meter[0]}/{tune.meter[1]}\nL:1/{4 / unit}\n"
        f"Q:1/4={tune.tempo:g}\nK:{tune.key}\n"
    )  # fmt: skip
    beat = Fraction(3, 2) if tune.meter[1] == 8 and tune.meter[0] % 3 == 0 else Fraction(1)
    places, at, bars, full = [], Fraction(0), 0, False
    sounding = lengths(tune.marks)
    pickup = _pickup(tune, sounding)
    for place, (mark, length) in enumerate(zip(tune.marks, sounding, strict=True)):
        if mark.kind in (NOTE, REST) and at and full and text[-1] not in " \n<>":
            text += " "
        places.append(len(text))
        text += mark_text(mark, unit)
        at += length
        full = (at + pickup) % beat == 0
        if mark.kind == BAR:
            bars, at, pickup = bars + (at > 0), Fraction(0), Fraction(0)
            last = place + 1 == len(tune.marks)
            text += "\n" if bars and bars % BARS_IN_A_LINE == 0 and not last and text[-2:] != "\n" else " "
            bars = 0 if text[-1] == "\n" else bars
    return text.rstrip() + "\n", places


def mark_text(mark: Mark, unit: Fraction) -> str:
    """A mark as ABC has it; `unit` as for scan."""
    if mark.kind not in (NOTE, REST):
        return mark.text
    times = mark.written / unit
    above = "" if times.numerator == 1 and times.denominator > 1 else str(times.numerator)
    below = "" if times.denominator == 1 else "/" if times == Fraction(1, 2) else f"/{times.denominator}"
    number = "" if times == 1 else above + below
    head = f"[{mark.text}{''.join(mark.others)}]" if mark.others else mark.text
    return head + number + ("-" if mark.tied else "")


def _pickup(tune: Tune, sounding: Sequence[Fraction]) -> Fraction:
    """How much of the first bar is missing at its begin."""
    first = Fraction(0)
    for mark, length in zip(tune.marks, sounding, strict=True):
        if mark.kind == BAR and first:
            return max(Fraction(0), tune.full - first)
        first += length
    return Fraction(0)


def _lines(text: str) -> list[str]:
    """The lines of a text that is no longer than a tune may be, without comments."""
    if len(text) > MOST:
        raise ConfigError(
            "The tune has {count} characters; at most {most} are read.", count=f"{len(text):,}", most=f"{MOST:,}"
        )
    lines = [re.sub("(?<!\\\\)%.*", "", line).rstrip() for line in text.replace("\r", "\n").split("\n")]
    longest = max(map(len, lines))
    if longest > MOST_IN_A_LINE:
        raise ConfigError(
            "A line of the tune has {count} characters; at most {most} are read.",
            count=f"{longest:,}",
            most=f"{MOST_IN_A_LINE:,}",
        )
    return [line for line in lines if line.strip()]


def _refuse(name: str, fields: dict[str, str], value: str) -> None:
    """ConfigError for fields that change what the others mean."""
    if name in "mU":
        raise ConfigError("The tune has macros (fields m: and U:), which are not read here; write the notes out.")
    if name == "V" and fields.setdefault("V", value.split(" ")[0]) != value.split(" ")[0]:
        raise ConfigError("The tune has several voices; only tunes of one voice are read here.")


def _meter(text: str) -> tuple[int, int]:
    found = METERS.get(text.strip())
    match = re.fullmatch(r"(\d{1,2})/(\d{1,2})", text.strip())
    if not found and (not match or not 0 < int(match[1]) <= MOST_BEATS or int(match[2]) not in (1, 2, 4, 8, 16)):
        raise ConfigError("The tune's field M: names no metre; write M:4/4, M:6/8 or M:C.")
    return found or (int(match[1]), int(match[2]))


def _unit(fields: dict[str, str], meter: tuple[int, int]) -> Fraction:
    match = re.fullmatch(r"1/(\d{1,2})", fields.get("L", ""))
    return Fraction(4, int(match[1])) if match and int(match[1]) else usual_unit(meter)


def _tempo(text: str) -> float:
    """Quarter notes a minute of Q:1/4=120, Q:3/8=100 or Q:120."""
    match = re.search(r"(?:(\d{1,2})/(\d{1,2}) *= *)?(\d{1,3})", text)
    if not match or not int(match[2] or 4):
        return TEMPO
    return min(FASTEST, max(SLOWEST, int(match[3]) * 4 * int(match[1] or 1) / int(match[2] or 4)))


def _checked(tune: Tune) -> Tune:
    unknown = next((mark.text for mark in tune.marks if mark.kind == UNKNOWN), "")
    if unknown:
        raise ConfigError("The tune is no ABC that can be read here: it has the sign {sign}.", sign=unknown)
    count = sum(mark.kind == NOTE for mark in tune.marks)
    if not count:
        raise ConfigError("The tune has no notes; write them as letters, such as GAB c2d.")
    if count > MOST_NOTES:
        raise ConfigError("The tune has {count} notes; at most {most} are read.", count=count, most=MOST_NOTES)
    return tune
