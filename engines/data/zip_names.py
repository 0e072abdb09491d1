"""What the names in a ZIP mean: their encoding, which many archivers do not declare, and their backslashes."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Sequence

# A letter that is read together with the ASCII letter after it, inside a word of ASCII letters: that is "Käfer" in
# cp437, taken for Chinese or Japanese.
INSIDE_A_WORD = re.compile(r"[A-Za-z][^\x00-\x7f]|[^\x00-\x7f][a-z]")
KANA = re.compile(r"[\u3041-\u3096\u30a1-\u30f6]")
CYRILLIC = re.compile(rb"[\x80-\xaf\xe0-\xf1]{2}")
# Hangul in cp949 are valid gb2312 too; Chinese, whose characters begin with B0 to F7, seldom has so many from there.
HANGUL = re.compile(rb"([\xb0-\xc8][\xa1-\xfe]){8,}")
ASIAN = re.compile(r"[\u3000-\u9fff\uac00-\ud7a3\uff01-\uff5e\U00020000-\U0003ffff]*")
ENCODINGS = ("utf-8", "cp866", "shift_jis", "gb2312", "gb18030", "big5", "cp949", "cp437")


def read_names(members: Sequence[zipfile.ZipInfo]) -> tuple[list[str], str]:
    """(their names with slashes, the encoding that was guessed for those that declare none; "" if there was no need).

    All undeclared names are taken to be in one encoding, since a short one alone may be valid in several.
    """
    names = [member.orig_filename for member in members]
    undeclared = [place for place, member in enumerate(members) if not member.flag_bits & 0x800]
    raw = [names[place].encode("cp437") for place in undeclared]
    encoding = find_encoding(raw)
    for place, name in zip(undeclared, raw, strict=True):
        names[place] = name.decode(encoding)
    guessed = "" if encoding == "utf-8" else encoding
    return [name.replace("\\", "/") for name in names], guessed


def find_encoding(names: Sequence[bytes]) -> str:
    """The first of ENCODINGS in which all these names, of folders and files, read like names."""
    parts = {part for name in names for part in name.split(b"/") if not part.isascii()}
    for encoding in ENCODINGS[:-1]:
        try:
            texts = [part.decode(encoding) for part in parts]
        except UnicodeDecodeError:
            continue
        if _fits(encoding, parts, texts):
            return encoding
    return ENCODINGS[-1]


def _fits(encoding: str, parts: set[bytes], texts: Sequence[str]) -> bool:
    whole = "".join(texts)
    high = b"".join({run for part in parts for run in re.findall(rb"[\x80-\xff]+", part)})
    if encoding == "utf-8":
        return True
    if encoding == "gb2312":
        return not HANGUL.fullmatch(high)
    if encoding == "cp866":
        return not re.search(rb"[^\x80-\xaf\xe0-\xf1]", high) and all(map(CYRILLIC.search, parts))
    likely = ASIAN.fullmatch(re.sub(r"[\x00-\x7f]", "", whole)) is not None
    if encoding == "shift_jis":
        likely = likely and bool(KANA.search(whole))
    if encoding in ("gb18030", "big5"):
        likely = likely and not HANGUL.fullmatch(high)
    return likely and not any(map(INSIDE_A_WORD.search, texts))
