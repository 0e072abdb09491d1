"""A visitor's own pictures, from picture files or one ZIP.

Uploads are hostile until shown otherwise: nothing is written to disk or unpickled, every size is checked
before it is believed and again while reading, and only one picture is ever held at its full size. What cannot be
used is left out and told of; it never takes the other pictures along.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import reduce
from pathlib import Path

import numpy as np
from PIL import Image

from engines.data.archives import ArchiveLimits, read_archive, shown_name
from engines.data.folders import Folders, read_folders
from engines.data.pictures import PictureSet
from engines.data.seeing import FORMATS, depth, in_8_bits, is_flat, open_picture, see
from engines.messages import ConfigError, EngineError, Message

__all__ = ["FORMATS", "LIMITS", "LeftOut", "UploadLimits", "UploadedPictures", "read_uploads", "shown_name"]

# ISO media brands.
LATER = {**dict.fromkeys(("heic", "heix", "heim", "heis", "hevc", "hevx", "heif", "mif1", "msf1"), "HEIC"),
         **dict.fromkeys(("avif", "avis"), "AVIF")}  # fmt: skip
# How pictures of kinds begin that are not read.
OTHERS = {
    "TIFF": (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"), "PSD": (b"8BPS",), "PDF": (b"%PDF",),
    "JPEG 2000": (b"\0\0\0\x0cjP  ", b"\xff\x4f\xff\x51"), "JPEG XL": (b"\0\0\0\x0cJXL ", b"\xff\x0a"),
    "SVG": (b"<svg",), "ICO": (b"\0\0\1\0",), "DICOM": (bytes(128) + b"DICM",),
}  # fmt: skip
NAMED = 8  # files left out that are named without a reason


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

    @property
    def archive(self) -> ArchiveLimits:
        """What a ZIP may be."""
        return ArchiveLimits(self.most, self.unpacked_mb, self.directory_mb, self.megapixels)


LIMITS = UploadLimits()


@dataclass(frozen=True)
class LeftOut:
    """A file that was not used."""

    name: str  # fit for a sentence
    reason: Message


@dataclass(frozen=True, eq=False)
class UploadedPictures(PictureSet):
    """A visitor's pictures, which files were left out, and what else a person should know before training on them."""

    left_out: tuple[LeftOut, ...] = ()
    notes: tuple[Message, ...] = ()
    parts: tuple[str, ...] = ()  # of the split that the folders tell, one a picture; see folders.py
    splits: tuple[str, ...] = ()  # the folders that tell it

    def sentences(self, most: int = 3) -> list[Message]:
        """How many files were left out, with at most so many of the reasons, and the notes; for one who merges."""
        notes = [*told_left_out(self.left_out, len(self), most), *self.notes]
        if not self.splits:
            return notes
        return [*notes, Message("The folders {names} are learned from together.", names=", ".join(self.splits))]

    def complete(self) -> UploadedPictures:
        """These; ConfigError with the reason if a file was left out."""
        if self.left_out:
            raise _because(self.left_out[0].reason)
        return self


def told_left_out(left_out: Sequence[LeftOut], used: int, most: int = 3) -> list[Message]:
    """How many files were left out beside `used` others, with at most so many of the reasons, and more names."""
    if not left_out:
        return []
    reasons = [one.reason for one in left_out[:most]]
    if others := [one.name for one in left_out[most : most + NAMED]]:
        names = ", ".join(others) + (" …" if len(left_out) > most + NAMED else "")
        reasons.append(Message("The others: {names}.", names=names))
    said = reduce(lambda before, after: Message("{before} {next}", before=before, next=after), reasons)
    if len(left_out) == 1:
        return [Message("One file is left out: {reasons}", reasons=said)]
    count = len(left_out)
    return [Message("{count} of {total} files are left out: {reasons}", count=count, total=used + count, reasons=said)]


@dataclass
class _Reading:
    """The pictures as far as they are read."""

    size: int
    limits: UploadLimits
    images: list[np.ndarray] = field(default_factory=list)  # uint8 [S, S, 3], of 16 bits float32 [S, S, 1 or 3]
    names: list[str] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    pixels: int = 0

    def take(self, name: str, content: bytes | ConfigError) -> None:
        """Read one file, or leave it out."""
        try:
            if isinstance(content, ConfigError):
                raise content
            image = self._read(name, content)
        except ConfigError as problem:
            self.left_out.append(LeftOut(shown_name(name), problem.message))
        else:
            self.images.append(image)
            self.names.append(name)
        if self.pixels > self.limits.total_megapixels * 10**6:
            raise ConfigError(
                "The pictures are too large; together they may have {most} million pixels.",
                most=self.limits.total_megapixels,
            )

    def _read(self, name: str, data: bytes) -> np.ndarray:
        """What `see` gives of one picture file; its pixels are counted even if they turn out to be damaged."""
        most = self.limits.megapixels
        try:
            picture = open_picture(data)
            pixels = picture.width * picture.height
            if pixels <= most * 10**6:
                self.pixels += pixels
                image = see(picture, self.size)
                self.pixels += pixels * picture.tell()  # the frames before the one that shows something
                return image
        except Image.DecompressionBombError:
            pass
        except Exception as error:  # a decoder given hostile bytes may raise nearly anything
            raise no_picture(name, data) from error
        raise ConfigError("{file} is too large; at most {most} million pixels.", file=shown_name(name), most=most)

    def keep(self, kept: Sequence[bool]) -> None:
        """Leave out those that are not kept, since they have no class."""
        for name in (shown_name(name) for name, k in zip(self.names, kept, strict=True) if not k):
            self.left_out.append(LeftOut(name, Message("{file} lies in no folder of a class.", file=name)))
        self.images = [image for image, k in zip(self.images, kept, strict=True) if k]

    def finished(self) -> tuple[np.ndarray, list[Message]]:
        """(uint8 [N, S, S, C], C 1 if all are gray, notes); ConfigError if they are too few."""
        if len(self.images) < self.limits.fewest:
            raise _too_few(len(self.images), self.left_out, self.limits)
        peak = max((float(image.max()) for image in self.images if image.dtype == np.float32), default=0.0)
        images = [in_8_bits(one, depth(peak)) if one.dtype == np.float32 else one for one in self.images]
        # gray saved as a colour JPEG is off by one or two
        gray = all(int(np.ptp(image, axis=2).max()) <= 2 for image in images)
        flat, notes = sum(map(is_flat, images)), []
        if 0 < peak < 2**15:
            notes.append(
                Message("The pictures with 16 bits use only {bits} of them, and were brightened.", bits=depth(peak))
            )
        if flat:
            note = "{flat} of {count} pictures are of one colour only, with nothing to see."
            notes.append(Message(note, flat=flat, count=len(images)))
        return np.stack([image[..., :1] for image in images] if gray else images), notes


def size_of(path: str | Path) -> int:
    """Bytes of an uploaded file, which is kept for a while only; EngineError if it is not there any more."""
    try:
        return Path(path).stat().st_size
    except FileNotFoundError:
        raise EngineError("The uploaded file is not kept any more; upload it again.") from None


def read_uploads(paths: Sequence[str], size: int, limits: UploadLimits = LIMITS) -> UploadedPictures:
    """A visitor's own pictures, from picture files or one ZIP, as squares of `size` pixels.

    Each is as people see it (see seeing.py), cut to the middle square and shrunk with antialiasing; RGB, or gray when
    all of them are. The folders of a ZIP become classes when every picture lies in one and there are 2 to 100. Files
    that cannot be used are left out, with the reason. Raises ConfigError if there are too few others, or too much.
    """
    paths = [str(path) for path in paths]
    if not paths:
        raise ConfigError("Choose some pictures, or a ZIP file of pictures.")
    zips = [path for path in paths if path.lower().endswith(".zip")]
    if zips and len(paths) > 1:
        raise ConfigError("Choose either picture files or one ZIP file, not both.")
    if sum(map(size_of, paths)) > limits.upload_mb * 10**6:
        raise ConfigError("The files are too large; together they may have {most} MB.", most=limits.upload_mb)
    notes: list[Message] = []
    reading = _Reading(size, limits)
    for name, content in read_archive(zips[0], limits.archive, notes) if zips else _files(paths, limits):
        reading.take(name, content)
    folders = read_folders(reading.names) if zips else Folders((True,) * len(reading.names))
    reading.keep(folders.kept)
    images, more = reading.finished()
    labels = np.array(folders.labels or [0] * len(images), np.int64)
    notes += [*folders.notes, *more]
    told = tuple(reading.left_out), tuple(notes), folders.parts, folders.splits
    return UploadedPictures("own", images, labels, folders.class_names, *told)


def no_picture(name: str, data: bytes) -> ConfigError:
    """Why a file that Pillow could not read is of no use."""
    file = shown_name(name)
    if not data:
        return ConfigError("{file} is empty.", file=file)
    if kind := other_kind(data):
        return ConfigError("{file} is {kind}; save it as JPEG or PNG first.", file=file, kind=kind)
    if data.startswith(b"PK\3\4") and name.lower().endswith(".zip"):
        return ConfigError("{file} is a ZIP inside the ZIP; unpack it first.", file=file)
    if data.startswith((b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"BM")):
        return ConfigError("{file} is a damaged picture.", file=file)
    return ConfigError("{file} is no PNG, JPEG, WebP, GIF or BMP picture.", file=file)


def other_kind(data: bytes) -> str:
    """What a file of another kind of picture is called, "" for one of FORMATS and for what is none."""
    if data[4:8] == b"ftyp":
        return LATER.get(data[8:12].decode("latin-1"), "")
    return next((kind for kind, starts in OTHERS.items() if data.startswith(starts)), "")


def _too_few(count: int, left_out: Sequence[LeftOut], limits: UploadLimits) -> ConfigError:
    if count == 0 and len(left_out) == 1:
        return _because(left_out[0].reason)
    if not left_out:
        if count == 1:
            return ConfigError("One picture is too few; choose at least {least}.", least=limits.fewest)
        return ConfigError("{count} pictures are too few; choose at least {least}.", count=count, least=limits.fewest)
    return ConfigError(
        "Only {count} of {total} files can be used, and at least {least} are needed: {reason}",
        count=count,
        total=count + len(left_out),
        least=limits.fewest,
        reason=left_out[0].reason,
    )


def _because(reason: Message) -> ConfigError:
    return ConfigError(reason.template, **reason.values)


def _files(paths: Sequence[str], limits: UploadLimits) -> Iterator[tuple[str, bytes]]:
    """(name, bytes) of each file."""
    if len(paths) > limits.most:
        count, most = len(paths), limits.most
        raise ConfigError("{count} pictures are too many; choose at most {most}.", count=count, most=most)
    for path in paths:
        yield Path(path).name, Path(path).read_bytes()
