"""The chunks of a PNG: its texts wherever they stand, and the file without what a decoder stumbles over."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from engines.data.tables.encodings import decode_text

SIGNATURE = b"\x89PNG\r\n\x1a\n"
MOST_TEXT = 2_000_000  # bytes of one text, unpacked
MOST_TEXTS = 16_000_000  # of all together
MOST_KEYWORDS = 100  # telling an encoding takes a while
# What is needed to draw; everything else, such as a large text, can only keep a decoder from drawing.
DRAWN = (b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"iCCP", b"sRGB", b"gAMA", b"cHRM", b"eXIf", b"acTL", b"fcTL",
         b"fdAT")  # fmt: skip
UPRIGHT = (b"Raw profile type exif\0", b"XML:com.adobe.xmp\0")  # texts that may tell how a picture is turned
SMALL = 64_000  # bytes of such a text


def chunks(data: bytes) -> Iterator[tuple[bytes, bytes, bytes]]:
    """(kind, content, the whole chunk) of each chunk of a PNG, whether it stands before or after the pixels."""
    at = len(SIGNATURE)
    while data.startswith(SIGNATURE) and at + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        yield kind, data[at + 8 : at + 8 + size], data[at : at + 12 + size]
        at += 12 + size


def drawable(data: bytes) -> bytes:
    """The PNG with only the chunks that are drawn; other kinds of file as they are."""
    if not data.startswith(SIGNATURE):
        return data
    return SIGNATURE + b"".join(whole for kind, content, whole in chunks(data) if _drawn(kind, content))


def with_header(data: bytes, bits: int, colours: int) -> bytes:
    """The PNG as if it had so many bits a channel, and that type of colours."""
    at = len(SIGNATURE) + 16  # behind the size and kind of the first chunk, width and height
    header = data[at - 12 : at] + bytes((bits, colours)) + data[at + 2 : at + 5]
    return data[: at - 12] + header + struct.pack(">I", zlib.crc32(header)) + data[at + 9 :]


def texts(data: bytes) -> dict[str, str | None]:
    """Keyword -> text, the first that is not empty where one comes twice; None for one that is too long.

    PNG prescribes Latin-1, or UTF-8 for one kind of chunk; programs write what they like.
    """
    found: dict[str, str | None] = {}
    left = MOST_TEXTS
    for kind, content, _ in chunks(data):
        if kind not in (b"tEXt", b"zTXt", b"iTXt") or len(found) == MOST_KEYWORDS:
            continue
        keyword, raw = _text(kind, content, min(left, MOST_TEXT))
        left -= len(raw or b"")
        if not found.get(keyword):
            found[keyword] = None if raw is None else decode_text(raw)
    return found


def _drawn(kind: bytes, content: bytes) -> bool:
    if kind == b"iCCP":
        return unpacked(content.partition(b"\0")[2][1:], MOST_TEXT // 2) is not None
    upright = kind in (b"tEXt", b"zTXt", b"iTXt") and content.startswith(UPRIGHT) and len(content) <= SMALL
    return kind in DRAWN or (upright and _text(kind, content, SMALL)[1] is not None)


def _text(kind: bytes, content: bytes, most: int) -> tuple[str, bytes | None]:
    """(keyword, text as bytes) of a text chunk; None if it has more than `most` bytes or is damaged."""
    keyword, _, rest = content.partition(b"\0")
    packed = kind == b"zTXt"
    if kind == b"iTXt":
        packed, rest = rest[:1] == b"\1", rest[2:].split(b"\0", 2)[-1]
    elif packed:
        rest = rest[1:]
    raw = unpacked(rest, most) if packed else rest
    return keyword.decode("latin-1"), raw if raw is None or len(raw) <= most else None


def unpacked(packed: bytes, most: int) -> bytes | None:
    """zlib's inverse; None if that is more than `most` bytes, or damaged."""
    try:
        raw = zlib.decompressobj().decompress(packed, most + 1)
    except zlib.error:
        return None
    return raw if len(raw) <= most else None
