"""Which encoding a text file is in, told from its bytes."""

from __future__ import annotations

import codecs
import re
from pathlib import Path

PIECE = 2**20  # bytes looked at together
BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
CONTROLS = re.compile("[\x01-\x08\x0e-\x19\x1b-\x1f\x7f\ufffd]")  # of no text; but \x1a once was its end


def find_encoding(path: Path) -> str | None:
    """The name of a codec that reads the file, or None if it is not a text.

    One of "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gb18030", "cp1252" and "latin-1". A text
    that is UTF-8 but for a few bytes is "utf-8" too, so open it with errors="replace".
    """
    with path.open("rb") as file:
        head = file.read(PIECE)
    encoding = next((name for mark, name in BOMS if head.startswith(mark)), None) or _utf16_without_mark(head)
    encoding = encoding or ("utf-8" if _decodes(path, "utf-8") else _legacy(path, head))
    text = head.decode(encoding, "replace")
    return None if "\0" in text or len(CONTROLS.findall(text)) > len(text) / 50 else encoding


def _utf16_without_mark(head: bytes) -> str | None:
    """In UTF-16, every other byte of what is ASCII is zero, and there is at least a line's end."""
    zeros = head[::2].count(0), head[1::2].count(0)
    if max(zeros) > 9 * min(zeros):
        return "utf-16-be" if zeros[0] > zeros[1] else "utf-16-le"
    return None


def _legacy(path: Path, head: bytes) -> str:
    """The encoding of a text that is not UTF-8 throughout."""
    if _mostly_utf8(head):
        return "utf-8"
    if _looks_chinese(head) and _decodes(path, "gb18030"):
        return "gb18030"
    # The two differ only here: Windows has curly quotes and the euro where Latin-1 has controls.
    return "cp1252" if re.search(rb"[\x80-\x9f]", head) and _decodes(path, "cp1252") else "latin-1"


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


def _mostly_utf8(head: bytes) -> bool:
    """Whether at least two thirds of what is not ASCII is valid UTF-8; by chance hardly any is."""
    beyond = re.findall("[^\0-\x7f]+", head.decode("utf-8", "replace"))
    broken = sum(run.count("\ufffd") for run in beyond)
    return sum(map(len, beyond)) > 3 * broken


def _looks_chinese(head: bytes) -> bool:
    """Whether at least four fifths of what is not ASCII are punctuation and common characters of GB 2312.

    Their first bytes are A1 to A3 and B0 to D7, their second ones A1 to FE. Western texts are often valid
    GB 18030 by chance, but with an ASCII letter as the second byte.
    """
    beyond = sum(byte > 0x7F for byte in head)
    pairs = re.findall(rb"(?:[\xa1-\xa3\xb0-\xd7][\xa1-\xfe])+", head)
    return beyond > 0 and sum(map(len, pairs)) >= 0.8 * beyond
