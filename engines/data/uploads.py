"""A visitor's own pictures, from picture files or one ZIP.

Uploads are hostile until shown otherwise: nothing is written to disk or unpickled, every size is checked
before it is believed and again while reading, and only one picture is ever held at its full size.
"""

from __future__ import annotations

import contextlib
import io
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath

import numpy as np
from PIL import Image, ImageOps

from engines.data.pictures import PictureSet
from engines.messages import ConfigError

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP")
PIECE = 2**20  # bytes read at a time
LITTER = ("Thumbs.db", "desktop.ini")  # left in ZIPs by file managers, like __MACOSX and .DS_Store


@dataclass(frozen=True)
class UploadLimits:
    """What a visitor may upload; sizes in millions of bytes (MB) and of pixels."""

    fewest: int = 16
    most: int = 5_000
    upload_mb: int = 100  # of all files together
    unpacked_mb: int = 500  # of all members of a ZIP together
    directory_mb: int = 8  # of a ZIP's own table of contents, about 100,000 entries
    megapixels: int = 50  # of one picture
    total_megapixels: int = 2_000  # of all pictures together, since decoding takes time
    broken: int = 100  # files left out, where that is allowed at all


LIMITS = UploadLimits()


def read_uploads(
    paths: Sequence[str], size: int, limits: UploadLimits = LIMITS, broken: list[str] | None = None
) -> PictureSet:
    """A visitor's own pictures, from picture files or one ZIP, as squares of `size` pixels.

    Pictures are turned upright, put on white, cut to the middle square and shrunk with antialiasing. They
    are RGB, or gray when all of them are. The folders of a ZIP become classes when every picture lies in
    one and there are 2 to 100. Raises ConfigError, naming the file, for anything that is not allowed; but given
    `broken`, a file that cannot be read is left out and its name is put there.
    """
    paths = [str(path) for path in paths]
    if not paths:
        raise ConfigError("Choose some pictures, or a ZIP file of pictures.")
    zips = [path for path in paths if path.lower().endswith(".zip")]
    if zips and len(paths) > 1:
        raise ConfigError("Choose either picture files or one ZIP file, not both.")
    if sum(Path(path).stat().st_size for path in paths) > limits.upload_mb * 10**6:
        raise ConfigError("The files are too large; together they may have {most} MB.", most=limits.upload_mb)
    members = _zip_members(zips[0], limits, broken) if zips else _files(paths, limits)

    images, folders, budget, gray = [], [], limits.total_megapixels * 10**6, True
    for name, data in members:
        try:
            image, pixels = _read_picture(name, data, size, limits)
        except ConfigError:
            if broken is None or len(broken) == limits.broken:
                raise
            broken.append(shown_name(name))
            continue
        budget -= pixels
        if budget < 0:
            raise ConfigError(
                "The pictures are too large; together they may have {most} million pixels.",
                most=limits.total_megapixels,
            )
        images.append(image)
        folders.append(PurePosixPath(name).parent.name if zips else "")
        gray = gray and np.ptp(image, axis=2).max() <= 2  # gray saved as a colour JPEG is off by one or two
    if len(images) < limits.fewest:
        count, least = len(images), limits.fewest
        raise ConfigError("{count} pictures are too few; choose at least {least}.", count=count, least=least)
    stacked = np.stack([image[..., :1] for image in images] if gray else images)
    labels, class_names = _classes(folders)
    return PictureSet("own", stacked, labels, class_names)


def _classes(folders: Sequence[str]) -> tuple[np.ndarray, tuple[str, ...]]:
    """(labels, class names) when each picture has a folder and there are 2 to 100, else no classes."""
    names = ["".join(c for c in folder if c.isprintable())[:40].strip() for folder in folders]
    class_names, labels = np.unique(names, return_inverse=True)
    if all(names) and 2 <= len(class_names) <= 100:
        return labels.astype(np.int64), tuple(class_names.tolist())
    return np.zeros(len(names), np.int64), ()


def _read_picture(name: str, data: bytes, size: int, limits: UploadLimits) -> tuple[np.ndarray, int]:
    """(uint8 [size, size, 3], pixels before) of one picture file."""
    try:
        picture = Image.open(io.BytesIO(data), formats=FORMATS)
        pixels = picture.width * picture.height
        if pixels <= limits.megapixels * 10**6:
            return _squared(picture, size), pixels
    except Image.DecompressionBombError:
        pass
    except Exception as error:  # a decoder given hostile bytes may raise nearly anything
        raise ConfigError("{file} is no PNG, JPEG, WebP, GIF or BMP picture.", file=shown_name(name)) from error
    raise _picture_too_large(name, limits)


def _picture_too_large(name: str, limits: UploadLimits) -> ConfigError:
    most = limits.megapixels
    return ConfigError("{file} is too large; at most {most} million pixels.", file=shown_name(name), most=most)


def _squared(picture: Image.Image, size: int) -> np.ndarray:
    """The upright middle square of a picture on white, uint8 [size, size, 3]."""
    picture.draft(None, (2 * size, 2 * size))  # a JPEG decodes many times faster at a fraction of its size
    picture = ImageOps.exif_transpose(picture)
    if picture.mode.startswith("I"):  # 16-bit gray, which Pillow would clip at 255
        picture = Image.fromarray((np.asarray(picture) >> 8).astype(np.uint8))
    picture = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    picture = ImageOps.fit(picture, (size, size), Image.Resampling.LANCZOS)
    if picture.mode == "RGBA":
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert("RGB")
    return np.asarray(picture)


def _files(paths: Sequence[str], limits: UploadLimits) -> Iterator[tuple[str, bytes]]:
    """(name, bytes) of each file."""
    if len(paths) > limits.most:
        raise _too_many(paths, limits)
    for path in paths:
        yield Path(path).name, Path(path).read_bytes()


def _too_many(found: Sequence, limits: UploadLimits) -> ConfigError:
    count, most = len(found), limits.most
    return ConfigError("{count} pictures are too many; choose at most {most}.", count=count, most=most)


def shown_name(name: str) -> str:
    """A file name from outside, fit for a sentence."""
    name = "".join(c if c.isprintable() else "?" for c in name)
    return name if len(name) <= 60 else f"{name[:28]}…{name[-28:]}"


class _CappedFile(io.FileIO):
    """A file that refuses to be read in large pieces, as zipfile would with a huge table of contents."""

    most = 0

    def read(self, size: int = -1) -> bytes:
        """At most `size` bytes; raises BadZipFile when asked for more than `most`."""
        if size > self.most:
            raise zipfile.BadZipFile("a piece is too large")
        return super().read(size)


def _zip_members(path: str, limits: UploadLimits, broken: list[str] | None) -> Iterator[tuple[str, bytes]]:
    """(name, bytes) of each picture in a ZIP, whose names and sizes are checked before any is read.

    A damaged one is left out if `broken` is given, to which its name is added.
    """
    damaged = ConfigError("{file} is damaged, or not a ZIP file.", file=shown_name(Path(path).name))
    with _CappedFile(path) as file:
        file.most = limits.directory_mb * 10**6
        try:
            archive = zipfile.ZipFile(file)
        except Exception as error:  # a damaged table of contents may raise nearly anything
            raise damaged from error
        budget = limits.unpacked_mb * 10**6
        members = _checked_members(archive, limits)
        for name, member in zip(_names(members), members, strict=True):
            try:
                data = _read_member(archive, member, limits)
            except ConfigError:
                if broken is None or len(broken) == limits.broken:
                    raise
                broken.append(shown_name(name))
                continue
            budget -= len(data)
            if budget < 0:
                raise _unpacked_too_large(limits)
            yield name, data


def _names(members: Sequence[zipfile.ZipInfo]) -> list[str]:
    """Their names. Where no encoding is declared, zipfile takes cp437, but most archivers write UTF-8 or GB 2312."""
    names = [member.filename for member in members]
    undeclared = [place for place, member in enumerate(members) if not member.flag_bits & 0x800]
    for encoding in ("utf-8", "gb2312"):  # all names alike: a short one alone may be valid in both
        with contextlib.suppress(UnicodeError):
            decoded = [names[place].encode("cp437").decode(encoding) for place in undeclared]
            for place, name in zip(undeclared, decoded, strict=True):
                names[place] = name
            break
    return names


def _unpacked_too_large(limits: UploadLimits) -> ConfigError:
    return ConfigError("The ZIP is too large; unpacked it may have {most} MB.", most=limits.unpacked_mb)


def _checked_members(archive: zipfile.ZipFile, limits: UploadLimits) -> list[zipfile.ZipInfo]:
    """The members that should be pictures; ConfigError for names, kinds and declared sizes not allowed."""
    members = []
    for member in archive.infolist():
        name = member.orig_filename  # as written, before zipfile tidies it
        parts = PurePosixPath(name).parts
        if not parts or "\\" in name or "\0" in name or ".." in parts or PureWindowsPath(name).anchor:
            raise ConfigError("{file} is not an allowed name inside a ZIP.", file=shown_name(name))
        if member.is_dir() or "__MACOSX" in parts or parts[-1].startswith(".") or parts[-1] in LITTER:
            continue
        if member.flag_bits & 1:
            raise ConfigError("{file} is encrypted; make the ZIP without a password.", file=shown_name(name))
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            # Python unpacks the others without a limit on memory.
            raise ConfigError("{file} is packed in a rare way; make an ordinary ZIP.", file=shown_name(name))
        members.append(member)
    if len(members) > limits.most:
        raise _too_many(members, limits)
    if sum(member.file_size for member in members) > limits.unpacked_mb * 10**6:
        raise _unpacked_too_large(limits)
    return members


def _read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, limits: UploadLimits) -> bytes:
    """The member's bytes, whatever size it declares; ConfigError when it is damaged or too large."""
    data, most = bytearray(), 4 * limits.megapixels * 10**6  # no encoding needs more than 4 bytes a pixel
    try:
        with archive.open(member) as source:
            while len(data) <= most and (piece := source.read(PIECE)):
                data += piece
    except Exception as error:  # a damaged member may raise nearly anything
        raise ConfigError("{file} is damaged inside the ZIP.", file=shown_name(member.filename)) from error
    if len(data) > most:
        raise _picture_too_large(member.filename, limits)
    return bytes(data)
