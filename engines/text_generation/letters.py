"""Tokens that are only a part of a character: what can be shown of them. Needs no torch."""

from __future__ import annotations

import codecs
import re
from contextlib import suppress
from typing import Any

BROKEN = re.compile("[\udc80-\udcff]+")  # bytes that are no text, as Python's surrogateescape has them


def shown(before: bytes, own: bytes) -> str:
    """The character that a token completes after the beginning of one, else the token by itself."""
    with suppress(UnicodeDecodeError):
        return (before + own).decode()
    return readable(own)


def readable(data: bytes) -> str:
    """Bytes as text, with those that are none as ⟨F0 9F⟩."""
    return BROKEN.sub(
        lambda broken: f"⟨{' '.join(f'{ord(byte) - 0xDC00:02X}' for byte in broken[0])}⟩",
        data.decode("utf-8", "surrogateescape"),
    )


def unfinished(data: bytes) -> bytes:
    """The bytes at the end that begin a character."""
    decoder: Any = codecs.getincrementaldecoder("utf-8")("replace")
    decoder.decode(data)
    return decoder.getstate()[0]
