"""The members of an uploaded ZIP, hostile until shown otherwise: nothing is written to disk, every size is checked."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath

from engines.data.zip_names import read_names
from engines.messages import ConfigError, Message

PIECE = 2**20  # bytes read at a time
LITTER = ("thumbs.db", "desktop.ini", "icon\r", "__macosx", ".ipynb_checkpoints")  # left by file managers, in any case


@dataclass(frozen=True)
class ArchiveLimits:
    """What a ZIP may be; sizes in millions of bytes."""

    members: int
    unpacked_mb: int  # of all members together
    directory_mb: int  # of its own table of contents
    megapixels: int  # of one picture, for which no encoding needs more than 4 bytes each

    @property
    def member(self) -> int:
        """Bytes of one member."""
        return 4 * self.megapixels * 10**6


class _CappedFile(io.FileIO):
    """A file that refuses to be read in large pieces, as zipfile would with a huge table of contents."""

    most = 0

    def read(self, size: int = -1) -> bytes:
        """At most `size` bytes; raises BadZipFile when asked for more than `most`."""
        if size > self.most:
            raise zipfile.BadZipFile("a piece is too large")
        return super().read(size)


def read_archive(
    path: str | Path, limits: ArchiveLimits, notes: list[Message]
) -> Iterator[tuple[str, bytes | ConfigError]]:
    """(name, content, or why it cannot be had) of each member that is no litter; `notes` gets what to know of names.

    ConfigError if the ZIP as a whole is damaged or too large.
    """
    with _CappedFile(path) as file:
        file.most = limits.directory_mb * 10**6
        try:
            archive = zipfile.ZipFile(file)
            members = [member for member in archive.infolist() if not member.is_dir()]
            names, encoding = read_names(members)
        except Exception as error:  # a damaged table of contents may raise nearly anything
            name = shown_name(Path(path).name)
            raise ConfigError("{file} is damaged, or not a ZIP file.", file=name) from error
        if encoding:
            note = "The ZIP does not tell how its names are written; they were read as {encoding}."
            notes.append(Message(note, encoding=encoding.upper()))
        wanted = [(name, member) for name, member in zip(names, members, strict=True) if not _is_litter(name)]
        _check_sizes([member for _, member in wanted], limits)
        budget = limits.unpacked_mb * 10**6
        for name, member in wanted:
            content = _content(archive, name, member, limits)
            budget -= len(content) if isinstance(content, bytes) else 0
            if budget < 0:
                raise _unpacked_too_large(limits)
            yield name, content


def shown_name(name: str) -> str:
    """A file name from outside, fit for a sentence."""
    name = "".join(c if c.isprintable() else "?" for c in name)
    return name if len(name) <= 60 else f"{name[:28]}…{name[-28:]}"


def _is_litter(name: str) -> bool:
    parts = [part.lower() for part in name.split("/")]
    return name.endswith("/") or parts[-1].startswith(".") or not set(LITTER).isdisjoint(parts)


def _check_sizes(members: list[zipfile.ZipInfo], limits: ArchiveLimits) -> None:
    if len(members) > limits.members:
        count, most = len(members), limits.members
        raise ConfigError("{count} pictures are too many; choose at most {most}.", count=count, most=most)
    if sum(member.file_size for member in members) > limits.unpacked_mb * 10**6:
        raise _unpacked_too_large(limits)


def _unpacked_too_large(limits: ArchiveLimits) -> ConfigError:
    return ConfigError("The ZIP is too large; unpacked it may have {most} MB.", most=limits.unpacked_mb)


def _content(
    archive: zipfile.ZipFile, name: str, member: zipfile.ZipInfo, limits: ArchiveLimits
) -> bytes | ConfigError:
    """The member's bytes, whatever size it declares, or why they cannot be had."""
    parts, file = PurePosixPath(name).parts, shown_name(name)
    if not parts or "\0" in name or ".." in parts or PureWindowsPath(name).anchor:
        return ConfigError("{file} is not an allowed name inside a ZIP.", file=file)
    if member.flag_bits & 1:
        return ConfigError("{file} is encrypted; make the ZIP without a password.", file=file)
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        # Python unpacks the others without a limit on memory.
        return ConfigError("{file} is packed in a rare way; make an ordinary ZIP.", file=file)
    data = bytearray()
    try:
        with archive.open(member) as source:
            while len(data) <= limits.member and (piece := source.read(PIECE)):
                data += piece
    except Exception:  # a damaged member may raise nearly anything
        return ConfigError("{file} is damaged inside the ZIP.", file=file)
    if len(data) > limits.member:
        return ConfigError("{file} is too large; at most {most} million pixels.", file=file, most=limits.megapixels)
    return bytes(data)
