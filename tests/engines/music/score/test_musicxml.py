"""MusicXML: real scores are read, hostile ones refused."""

import io
import zipfile
from fractions import Fraction

import pytest

from engines.messages import ConfigError
from engines.music.score.musicxml import read_musicxml

CONTAINER = b'<container><rootfiles><rootfile full-path="a.xml"/></rootfiles></container>'


def xml_note(step, duration, *more, octave=4, voice=1):
    return (
        f"<note>{''.join(more)}<pitch><step>{step}</step><octave>{octave}</octave></pitch>"
        f"<duration>{duration}</duration><voice>{voice}</voice></note>"
    )


def score(*measures, head=""):
    begin = "<attributes><divisions>2</divisions><time><beats>3</beats><beat-type>4</beat-type></time>"
    begin += "<key><fifths>-1</fifths><mode>minor</mode></key></attributes>"
    inside = "".join(f"<measure>{begin if not i else ''}{each}</measure>" for i, each in enumerate(measures))
    return f"{head}<score-partwise><part>{inside}</part></score-partwise>".encode()


def packed(content, container=CONTAINER):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("META-INF/container.xml", container)
        archive.writestr("a.xml", content)
    return data.getvalue()


def test_a_pickup_ties_chords_and_voices():
    tie_on, tie_off = '<tie type="start"/>', '<tie type="stop"/>'
    data = score(
        xml_note("C", 2, tie_on),
        xml_note("C", 4, tie_off) + xml_note("E", 2) + xml_note("G", 2, "<chord/>"),
        xml_note("D", 6) + "<backup><duration>6</duration></backup>" + xml_note("B", 3, octave=3, voice=2),
    )
    for each in (data, packed(data)):
        piece = read_musicxml(each)
        assert (piece.meter, piece.key) == ((3, 4), "D minor")
        notes = [(one.pitch, one.start, one.length, one.voice) for one in piece.notes]
        assert notes == [
            (60, 2, 3, 0), (64, 5, 1, 0), (67, 5, 1, 0), (62, 6, 3, 0), (59, 6, Fraction(3, 2), 1)
        ]  # fmt: skip


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'
OUTSIDE = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (score(xml_note("C", 2), head=BOMB), "declares entities"),
        (score(xml_note("C", 2), head=OUTSIDE), "declares entities"),
        (score(xml_note("C", 2), head=OUTSIDE).decode().encode("utf-16"), "declares entities"),
        (b"<score-timewise/>", "score-partwise"),
        (b"<score-partwise>", "damaged"),
        (b"", "damaged"),
        (b"PK\3\4" + bytes(50), "damaged"),
        (score(xml_note("H", 2)), "damaged"),
        (score(xml_note("C", 2, octave=99)), "damaged"),
        (score(""), "no notes"),
        (packed(b"<a>" + b" " * 30_000_000 + b"</a>"), "too large"),
        (packed(score(xml_note("C", 2)), b"<container/>"), "damaged"),
    ],
)
def test_what_is_hostile_or_damaged_is_refused(data, says):
    with pytest.raises(ConfigError, match=says):
        read_musicxml(data)


def test_a_doctype_without_entities_is_no_harm():
    head = '<!DOCTYPE score-partwise PUBLIC "x" "http://www.musicxml.org/dtds/partwise.dtd">'
    assert read_musicxml(score(xml_note("C", 2), head=head)).notes
