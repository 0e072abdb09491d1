"""What the names in a ZIP mean: their encoding, which many archivers do not declare, and their backslashes."""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from collections.abc import Sequence

from engines.data.tables.encodings import PLAUSIBLE, scores

# A letter that is read together with the ASCII letter after it, inside a word of ASCII letters: that is "Käfer" in
# cp437, taken for Chinese or Japanese.
INSIDE_A_WORD = re.compile(r"[A-Za-z][^\x00-\x7f]|[^\x00-\x7f][a-z]")
AMID_A_WORD = re.compile(r"[a-z][^\x00-\x7f]+[a-z]")
KANA = re.compile(r"[\u3041-\u3096\u30a1-\u30f6]")
CYRILLIC = re.compile(rb"[\x80-\xaf\xe0-\xf1]{2}")
# Hangul in cp949 are valid gb2312 too; Chinese, whose characters begin with B0 to F7, seldom has so many from there.
HANGUL = re.compile(rb"([\xb0-\xc8][\xa1-\xfe]){8,}")
ASIAN = re.compile(r"[\u3000-\u9fff\uac00-\ud7a3\uff01-\uff5e\U00020000-\U0003ffff]*")
HIGH = re.compile(rb"[\x80-\xff]")
ENOUGH = 8  # such bytes, to tell by how common their letters are
MUCH = 0.15  # by how much another reading must look more like a language, see tables/encodings.py
NEVER = ("mac_roman", "mac_cyrillic", "koi8_u", "iso8859_5", "iso8859_6", "iso8859_15")  # what no archiver writes
UNICODE_PATH = 0x7075  # the extra field in which Info-ZIP tells a name in UTF-8
ENCODINGS = ("utf-8", "cp866", "shift_jis", "gb2312", "gb18030", "big5", "cp949", "cp437")
SCORED_AS = {"gb2312": "gb18030", "shift_jis": "cp932", "big5": "big5hkscs"}


def read_names(members: Sequence[zipfile.ZipInfo]) -> tuple[list[str], str]:
    """(their names with slashes, the encoding that was guessed for those that declare none; "" if there was no need).

    All undeclared names are taken to be in one encoding, since a short one alone may be valid in several.
    """
    names = [_told(member) or member.orig_filename for member in members]
    undeclared = [at for at, member in enumerate(members) if not (member.flag_bits & 0x800 or _told(member))]
    raw = [names[place].encode("cp437") for place in undeclared]
    encoding = find_encoding(raw)
    for place, name in zip(undeclared, raw, strict=True):
        names[place] = name.decode(encoding, "replace")
    guessed = "" if encoding == "utf-8" else encoding
    return [name.replace("\\", "/") for name in names], guessed


def _told(member: zipfile.ZipInfo) -> str:
    """The name in the extra field for it, "" without one, or if the name was changed since."""
    extra, raw = member.extra, member.orig_filename.encode("cp437" if not member.flag_bits & 0x800 else "utf-8")
    while len(extra) >= 4:
        kind, size = struct.unpack_from("<HH", extra)
        content, extra = extra[4 : 4 + size], extra[4 + size :]
        if kind == UNICODE_PATH and content[:1] == b"\1" and content[1:5] == struct.pack("<L", zlib.crc32(raw)):
            return content[5:].decode("utf-8", "ignore")
    return ""


def find_encoding(names: Sequence[bytes]) -> str:
    """The first of ENCODINGS in which all these names, of folders and files, read like names, unless another looks
    much more like a language."""
    parts = {part for name in names for part in name.split(b"/") if not part.isascii()}
    found = next((encoding for encoding in ENCODINGS[:-1] if _reads(encoding, parts)), ENCODINGS[-1])
    if found == "utf-8" or (found != ENCODINGS[-1] and len(HIGH.findall(b"".join(parts))) < ENOUGH):
        return found
    found_scores = {name: score for score, name in scores(b"\n".join(sorted(parts))) if name not in NEVER}
    best = next((name for name in found_scores if _decodes(name, parts)), found)
    own = found_scores[SCORED_AS.get(found, found)]
    return best if found_scores.get(best, 0) > max(own + MUCH, PLAUSIBLE) else found


def _reads(encoding: str, parts: set[bytes]) -> bool:
    return _decodes(encoding, parts) and _fits(encoding, parts, [part.decode(encoding) for part in parts])


def _decodes(encoding: str, parts: set[bytes]) -> bool:
    try:
        for part in parts:
            part.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _fits(encoding: str, parts: set[bytes], texts: Sequence[str]) -> bool:
    whole = "".join(texts)
    high = b"".join({run for part in parts for run in re.findall(rb"[\x80-\xff]+", part)})
    if encoding == "utf-8":
        return True
    if encoding == "gb2312":
        return not HANGUL.fullmatch(high)
    if encoding == "cp866":
        fits = not re.search(rb"[^\x80-\xaf\xe0-\xf1]", high) and all(map(CYRILLIC.search, parts))
        return fits and not any(map(AMID_A_WORD.search, texts))
    likely = ASIAN.fullmatch(re.sub(r"[\x00-\x7f]", "", whole)) is not None
    if encoding == "shift_jis":
        likely = likely and bool(KANA.search(whole))
    if encoding in ("gb18030", "big5"):
        likely = likely and not HANGUL.fullmatch(high)
    return likely and not any(map(INSIDE_A_WORD.search, texts))
