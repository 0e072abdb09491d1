"""The settings that a picture file tells, wherever in it they stand."""

from __future__ import annotations

import contextlib
import html
import io
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PIL import Image

from engines.data.archives import shown_name
from engines.data.png_chunks import SIGNATURE, drawable, texts
from engines.data.seeing import FORMATS
from engines.data.tables.encodings import decode_text
from engines.data.uploads import LIMITS, other_kind, size_of
from engines.image_generation.config import ImageConfig
from engines.image_generation.told.axes import Axes
from engines.image_generation.told.hidden import hidden_texts
from engines.image_generation.told.other_programs import told_by_others
from engines.image_generation.told.signed import signed_by
from engines.image_generation.told.taking import UNKNOWN, Told, about_version, take
from engines.messages import ConfigError, Message

CHUNK = "aigc_playground"
MAX_FILE_MB = 100
MAX_TEXT = 100_000  # characters of a text that is read
EXIF_IFD, USER_COMMENT, MAKE, MODEL, DESCRIPTION = 0x8769, 0x9286, 0x010F, 0x0110, 0x010E
UNICODE = b"UNICODE\0"
LOSSLESS = ("PNG", "WEBP")  # which may hide texts in their pixels
IN_XMP = re.compile(r"<(?:exif:(UserComment)|dc:(description))>\s*<rdf:Alt>\s*<rdf:li[^>]*>([^<]*)</rdf:li>")
ENCODINGS = {UNICODE: ("utf-16-be", "utf-16-le", "utf-8"), b"ASCII\0\0\0": ("utf-8", "latin-1")}


def read_settings(path: str | Path) -> tuple[ImageConfig, list[Message]]:
    """The settings that a picture tells, and what a person should know about them.

    Of a picture of this program all of them; of another program's those that are known. A prompt that is not told is
    empty. ConfigError in one sentence if there are none, or if they are damaged or too long.
    """
    data, name = _data(path), shown_name(Path(path).name)
    found = _texts(data, name)
    if CHUNK in found:
        return _own(found[CHUNK], name)
    told = _told(found)
    if not (told and told.values) and (hidden := _told(_hidden(data, name))):
        told = hidden
    if told and told.values:
        return take(told)
    if "parameters" in found and len(found["parameters"] or "x" * MAX_TEXT * 2) > MAX_TEXT:
        raise ConfigError("The settings in {file} are too long to be read.", file=name)
    if told or ("workflow" in found or "prompt" in found):
        maker = told.maker if told else "ComfyUI"
        if maker:
            raise ConfigError(
                "{file} was made by {maker}, in a way of which nothing can be taken over.", file=name, maker=maker
            )
    if found.get("parameters"):
        raise UNKNOWN
    if (maker := signed_by(data)) is not None:
        maker = maker or Message("another program")
        raise ConfigError("{file} was made by {maker}, which wrote no settings into it.", file=name, maker=maker)
    raise ConfigError("{file} tells no settings: its program wrote none, or they were removed.", file=name)


def _told(found: Mapping[str, str | None]) -> Told | None:
    """What other programs' texts tell."""
    short = {key: text for key, text in found.items() if text is not None and len(text) <= 20 * MAX_TEXT}
    return told_by_others({key: text for key, text in short.items() if key != "parameters" or len(text) <= MAX_TEXT})


def read_axes(path: str | Path) -> Axes | None:
    """The axes of an X/Y grid of this program, None if the picture is none."""
    try:
        return Axes.from_json(json.loads(_texts(_data(path), shown_name(Path(path).name)).get(CHUNK) or "")["grid"])
    except (ValueError, TypeError, KeyError, RecursionError, ConfigError):
        return None


def _own(text: str | None, name: str) -> tuple[ImageConfig, list[Message]]:
    if text is None or len(text) > MAX_TEXT:
        raise ConfigError("The settings in {file} are too long to be read.", file=name)
    try:
        about = json.loads(text)
        config = ImageConfig.from_dict(about["config"])
        notes = [Axes.from_json(about["grid"]).note()] if "grid" in about else []
        return config, notes + about_version(str(about.get("model", "")))
    except ConfigError as problem:
        reason: Any = problem.message
    except (ValueError, TypeError, KeyError, RecursionError):
        reason = Message("they are damaged.")
    raise ConfigError("The settings in {file} cannot be used: {reason}", file=name, reason=reason)


def _data(path: str | Path) -> bytes:
    """All of a file; ConfigError if it is too large."""
    if size_of(path) > MAX_FILE_MB * 10**6:
        raise ConfigError("The files are too large; together they may have {most} MB.", most=MAX_FILE_MB)
    return Path(path).read_bytes()


def _texts(data: bytes, name: str) -> Mapping[str, str | None]:
    """Keyword -> text of a PNG's chunks, before or after its pixels, and of any picture's EXIF, XMP and comment."""
    picture = _header(data, name)
    found = texts(data)
    for keyword, text in _exif_texts(picture).items():
        found.setdefault(keyword, text)
    for part in IN_XMP.finditer((found.get("XML:com.adobe.xmp") or "")[: 20 * MAX_TEXT]):
        found.setdefault(part[1] or "Description", html.unescape(part[3]))
    for keyword in [keyword for keyword in found if keyword == "UserComment" or keyword.lower() == "parameters"]:
        found.setdefault("parameters", found[keyword])
    return found


def _hidden(data: bytes, name: str) -> Mapping[str, str]:
    """The texts in the pixels of a picture whose `_texts` have been read."""
    picture = _header(data, name)
    try:
        return hidden_texts(picture) if picture.format in LOSSLESS else {}
    except Exception:  # a decoder given hostile bytes may raise nearly anything
        return {}


def _header(data: bytes, name: str) -> Image.Image:
    """The picture, not decoded; ConfigError if it is none, or too large."""
    try:
        picture = Image.open(io.BytesIO(drawable(data)), formats=FORMATS)
    except Image.DecompressionBombError:
        picture = None
    except Exception as problem:  # a parser given hostile bytes may raise nearly anything
        if data.startswith(SIGNATURE):
            raise ConfigError("{file} is a damaged picture.", file=name) from problem
        if kind := other_kind(data):
            sentence = "{file} is {kind}; settings can be read from PNG, JPEG, WebP and GIF."
            raise ConfigError(sentence, file=name, kind=kind) from problem
        raise ConfigError("{file} is no picture; settings are kept in PNG files.", file=name) from problem
    if picture is None or picture.width * picture.height > LIMITS.megapixels * 10**6:
        most = LIMITS.megapixels
        raise ConfigError("{file} is too large; at most {most} million pixels.", file=name, most=most)
    return picture


def _exif_texts(picture: Image.Image) -> dict[str, str]:
    """What programs that write no PNG, or no text chunks, put into EXIF; ComfyUI among them into odd places."""
    try:
        exif = picture.getexif()
        found = {
            "UserComment": _comment(exif.get_ifd(EXIF_IFD).get(USER_COMMENT)),
            "Comment": _comment(picture.info.get("comment")),  # of a GIF or JPEG
        }
        if xmp := picture.info.get("xmp"):
            found["XML:com.adobe.xmp"] = bytes(xmp)[: 20 * MAX_TEXT].decode("utf-8", "replace")
        for tag in (MAKE, MODEL, DESCRIPTION):
            keyword, colon, text = _comment(exif.get(tag)).partition(":")
            if colon and keyword.lower() in (CHUNK, "prompt", "workflow", "parameters"):
                found[keyword.lower()] = text.strip()
    except Exception:  # a parser given hostile bytes may raise nearly anything
        return {}
    return {keyword: text.strip("\0 ") for keyword, text in found.items() if text.strip("\0 ")}


def _comment(raw: Any) -> str:
    """A text of EXIF, whose first 8 bytes may tell its encoding."""
    if isinstance(raw, str):
        return raw
    raw = bytes(raw or b"")[: 8 * MAX_TEXT]
    readings = []
    for encoding in ENCODINGS.get(raw[:8], ()):
        with contextlib.suppress(UnicodeDecodeError):
            readings.append(raw[8:].decode(encoding).removeprefix("\ufeff"))
    if readings:
        return max(readings, key=_plain)
    return decode_text(raw[8:] if raw.startswith((b"\0" * 8, *ENCODINGS)) else raw)


def _plain(text: str) -> float:
    """The share of a text that is plain letters, digits and signs: what the right reading of settings has most of."""
    return sum(" " <= char < "\x7f" or char == "\n" for char in text) / max(1, len(text))
