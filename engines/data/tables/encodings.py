"""Which encoding a text file is in, told from its bytes: the reading that looks most like a language."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from engines.data.tables.scripts import ALPHABETS, IDEOGRAPHS, LATIN, RARE, alphabet_score, ideograph_score

PIECE = 2**20  # bytes looked at together
SAMPLE = 2**14  # bytes of the lines by which an encoding is told
CLEAR = 0.07  # by how much the best reading must be better than the next, from -1 to 1
MUCH = 0.2  # by how much it must be better than what is prescribed
FEW = 3  # lines that are a chance or damage, rather than of another encoding
SHARE = 0.1  # of lines that are UTF-8 in a file that was put together
PLAUSIBLE = 0.3  # what a reading in the right encoding scores at least
BOMS = (
    *((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32")),
    *((codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16")),
)
CONTROLS = re.compile("[\0-\x08\x0e-\x19\x1b-\x1f\x7f\ufffd]")  # of no text; but \x1a once was its end
UNLIKELY = re.compile("[\0-\x08\x0e-\x19\x1b-\x1f\x7f-\x9f\ud800-\uf8ff\ufffd-\uffff\u0a00\u0d00\u2c00\u3b00\u7c00]")
HZ = re.compile(rb"~\{(?:[!-w][!-~])+~\}")  # Chinese within ASCII, as mail once had it
UTF7 = re.compile(rb"\+[A-Za-z0-9+/]+-?")  # 16 bits at a time in base64, as mail had it too
CESU = "cesu-8"
HALVES = re.compile(rb"\xed[\xa0-\xaf][\x80-\xbf]\xed[\xb0-\xbf][\x80-\xbf]")
# What UTF-8 is taken for by programs that then save it as UTF-8 once more.
MISTAKEN = ("cp1252", "cp1251", "cp1250", "cp1254", "mac_roman", "cp437", "cp850", "cp866")
SHIFTS = ((b"\x1b$B", "iso2022_jp"), (b"\x1b$@", "iso2022_jp"), (b"\x1b$)C", "iso2022_kr"))


@dataclass(frozen=True)
class Encoding:
    """How a file's bytes become text: as `decode` does, or if `plain` as a codec, of which a few may be damaged."""

    name: str  # of a codec
    other: str = ""  # another codec that reads the file about as well
    sure: bool = True  # whether the reading looks like a language
    readings: tuple[str, str] = ("", "")  # where the two first make different texts, as each reads it
    mixed: str = ""  # the codec of those lines that are not in that of the others
    twice: str = ""  # what its UTF-8 was taken for before it was saved as UTF-8 once more

    @property
    def plain(self) -> bool:
        """Whether the codec alone reads the file."""
        return not self.mixed and not self.twice

    def decode(self, raw: bytes) -> str:
        """The text of a whole file's bytes."""
        if self.mixed:
            return _mixed_text(raw, self)
        text = raw.decode(self.name, "replace")
        return "".join(_once(line, self.twice) or line for line in text.splitlines(True)) if self.twice else text


def find_encoding(path: Path) -> Encoding | None:
    """The encoding of a file, or None if it is not a text; a text that is UTF-8 but for a few bytes is UTF-8 too."""
    with path.open("rb") as file:
        head = file.read(PIECE)
    name = next((name for mark, name in BOMS if head.startswith(mark)), None) or _wide_without_mark(head)
    found = Encoding(name) if name else _unmarked(path, head)
    if found.name in ("utf-8", "utf-8-sig") and not found.mixed:
        found = replace(found, twice=_twice(_sample(path)))
    text = found.decode(head)
    damaged = head.count("\ufffd".encode()) if found.name.startswith("utf-8") else 0  # before, by another program
    return None if len(CONTROLS.findall(text)) - damaged > len(text) / 50 else found


def decode_text(raw: bytes) -> str:
    """Bytes that should be Latin-1 and often are not, as a text: UTF-8, whole or damaged, or what reads best.

    Another reading than Latin-1 is taken only if it is much better.
    """
    name = next((name for mark, name in BOMS if raw.startswith(mark)), "utf-8")
    try:
        return raw.decode(name).removeprefix("\ufeff")
    except UnicodeDecodeError:
        pass
    sample = _high_lines(raw[:PIECE])[:SAMPLE]
    if _mostly_utf8(sample):
        return raw.decode("utf-8", "replace")
    (best, name), *_ = found = scores(sample)
    own = max(score for score, name in found if name in LATIN)
    return raw.decode(name, "replace") if best > max(own + MUCH, PLAUSIBLE) else raw.decode("latin-1")


def _wide_without_mark(head: bytes) -> str | None:
    """UTF-32 if it is valid, since by chance nothing is; UTF-16 in the byte order in which there are more line ends
    and separators, and hardly anything that is no text."""
    if b"\0" not in head:
        return None
    for name in ("utf-32-le", "utf-32-be"):
        if _is_valid(head[: len(head) // 4 * 4], name):
            return name

    def marks(name: str) -> int:
        text = head[: len(head) // 2 * 2].decode(name, "replace")
        return -1 if 50 * len(UNLIKELY.findall(text)) > len(text) else sum(map(text.count, "\n\r\t,;| "))

    best = max(("utf-16-le", "utf-16-be"), key=marks)
    single = sum(map(head.count, (b"\n", b"\r", b"\t", b",", b";", b"|", b" ")))
    return best if marks(best) * 4 >= single else None


def _unmarked(path: Path, head: bytes) -> Encoding:
    """The encoding of a text without zeros and marks."""
    for shift, name in SHIFTS:
        if shift in head and not re.search(rb"[\x80-\xff]", head):
            return Encoding(name)
    if len(HZ.findall(head)) > 2 and _decodes(path, "hz"):
        return Encoding("hz")
    if _decodes(path, "utf-8"):
        return Encoding("utf-7" if head.isascii() and _is_utf7(path, head) else "utf-8")
    sample = _sample(path)
    foreign = CESU if HALVES.search(sample) and _is_utf8(_without_halves(sample)) else _foreign(sample)
    if foreign:
        return Encoding("utf-8", mixed=foreign)
    return Encoding("utf-8") if _mostly_utf8(sample) else _legacy(path, sample)


def _twice(sample: bytes) -> str:
    """What the UTF-8 of a text was taken for when it was saved as UTF-8 once more, "" if it was not.

    It was if all that is beyond ASCII, and there is enough, is UTF-8 when it is written in that encoding, which no
    language is.
    """
    text = sample[: sample.rfind(b"\n") + 1 or None].decode("utf-8", "replace").removeprefix("\ufeff")
    enough = len(re.findall("[^\0-\x7f]+", text)) >= FEW
    return next((name for name in MISTAKEN if _once(text, name)), "") if enough else ""


def _once(text: str, taken: str) -> str:
    """A text whose UTF-8 was taken for another encoding, as it was; "" if it was not."""
    codes = _codes(taken)
    if not set(map(ord, text)) - set(range(0x80)) <= codes.keys():
        return ""
    try:
        return text.translate(codes).encode("latin-1").decode("utf-8")
    except UnicodeDecodeError:
        return ""


@lru_cache(maxsize=len(MISTAKEN))
def _codes(encoding: str) -> dict[int, int]:
    """Character -> byte, of the bytes beyond ASCII; programs take what an encoding lacks for a control."""
    letters = {code: bytes([code]).decode(encoding, "ignore") or chr(code) for code in range(0x80, 0x100)}
    return {ord(letter): code for code, letter in letters.items()}


def _mixed_text(raw: bytes, encoding: Encoding) -> str:
    """The text of a file some lines of which are in another encoding than the others, as when files are joined."""
    if encoding.mixed == CESU:
        return _without_halves(raw).decode("utf-8", "replace")
    lines = raw.removeprefix(codecs.BOM_UTF8).splitlines(keepends=True)
    return "".join(
        line.decode(encoding.name if _is_utf8(line) or _mostly_utf8(line) else encoding.mixed, "replace")
        for line in lines
    )


def _without_halves(raw: bytes) -> bytes:
    """CESU-8 as UTF-8: some programs write an emoji as its two halves in UTF-16."""
    return HALVES.sub(
        lambda both: (
            both[0].decode("utf-8", "surrogatepass").encode("utf-16", "surrogatepass").decode("utf-16").encode()
        ),
        raw,
    )


def _foreign(sample: bytes) -> str:
    """The encoding of the lines that are not UTF-8, "" unless these are many, and enough of the others are."""
    lines = sample.splitlines(keepends=True)
    own = [line for line in lines if _is_utf8(line)]
    others = [line for line in lines if not _is_utf8(line) and not _mostly_utf8(line)]
    letters = "".join(re.findall("[^\0-\x7f]", b"".join(own).decode("utf-8")))
    if min(len(own), len(others)) < FEW or len(letters) < 2 * len(own) or SHARE * len(lines) > len(own):
        return ""  # one letter may be UTF-8 by chance
    score, name = scores(b"".join(others))[0]
    # Pairs of bytes of Chinese, Japanese and Korean may be UTF-8 by chance, but not three in a row for a letter.
    by_chance = name in IDEOGRAPHS and 2 * len(re.findall("[\u0800-\uffff]", letters)) < len(letters)
    return "" if by_chance or score < PLAUSIBLE + MUCH else name


def _is_utf8(line: bytes) -> bool:
    return _is_valid(line, "utf-8")


def _is_utf7(path: Path, head: bytes) -> bool:
    """Whether every plus begins letters that ASCII lacks, and some do: a telephone's number hardly ever does."""
    runs = UTF7.findall(head)
    if len(runs) < FEW or not _decodes(path, "utf-7"):
        return False
    text = b" ".join(runs).decode("utf-7")
    return not UNLIKELY.search(text) and all(char.isalpha() or not char.isascii() for char in text.replace(" ", ""))


def _is_valid(raw: bytes, encoding: str) -> bool:
    try:
        raw.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _sample(path: Path) -> bytes:
    """Lines, wherever they stand in the file, that are not ASCII."""
    lines = bytearray()
    with path.open("rb") as file:
        while len(lines) < SAMPLE and (piece := file.read(PIECE)):
            lines += _high_lines(piece + file.readline(PIECE))
    return bytes(lines[:SAMPLE])


def _high_lines(raw: bytes) -> bytes:
    """The lines that are not ASCII."""
    return b"" if raw.isascii() else b"".join(line for line in raw.splitlines(True) if not line.isascii())


def _legacy(path: Path, sample: bytes) -> Encoding:
    """The encoding of which the reading looks most like a language."""
    found = scores(sample)
    best, name = next(((score, name) for score, name in found if _decodes(path, name)), found[0])
    close = [other for score, other in found if other != name and score > best - CLEAR and score > PLAUSIBLE]
    if name == "cp1252" and not re.search(rb"[\x80-\x9f]", sample):
        name = "latin-1"  # the two differ only there
    other, readings = _different(sample, name, close)
    return Encoding(name, other, best >= PLAUSIBLE, readings)


def scores(sample: bytes) -> list[tuple[float, str]]:
    """(how much it looks like a language, codec) of each reading, the best first."""
    readings: dict[str, Callable[[bytes], float]] = {name: ideograph_score(name) for name in IDEOGRAPHS}
    readings |= {name: alphabet_score(name) for name in ALPHABETS}
    return sorted(
        ((score(sample) - RARE.get(name, 0), name) for name, score in readings.items()), key=lambda pair: -pair[0]
    )


def _different(sample: bytes, name: str, others: list[str]) -> tuple[str, tuple[str, str]]:
    """(the first of the others that reads anything differently, a bit of the first line where it does, in both)."""
    for other in others:
        for line in sample.splitlines():
            readings = [line.decode(codec, "replace") for codec in (name, other)]
            if readings[0] != readings[1]:
                start = next((at for at, (a, b) in enumerate(zip(*readings, strict=False)) if a != b), 10) - 10
                start = max(0, start)
                return other, (readings[0][start : start + 30], readings[1][start : start + 30])
    return "", ("", "")


def _decodes(path: Path, encoding: str) -> bool:
    """Whether the whole file is valid in `encoding`; reads it in pieces."""
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        with path.open("rb") as file:
            while piece := file.read(PIECE):
                decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _mostly_utf8(sample: bytes) -> bool:
    """Whether at least two thirds of what is not ASCII is valid UTF-8; by chance hardly any is."""
    beyond = re.findall("[^\0-\x7f]+", sample.decode("utf-8", "replace"))
    broken = sum(run.count("\ufffd") for run in beyond)
    return sum(map(len, beyond)) > 3 * broken
