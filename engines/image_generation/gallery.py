"""Each visitor's pictures of this session, kept on the server under their owner key: bounded, and nobody else's."""

from __future__ import annotations

import hashlib
import io
import secrets
import shutil
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

from engines.data.grids import Picture, encode
from engines.data.png_chunks import texts
from engines.image_generation.picture_files import exif_of
from engines.image_generation.told.reading import CHUNK
from engines.messages import EngineError, Message
from engines.running.run_files import saving

THUMB = 96  # pixels a side
LOST = Message(
    "A copy by right click may lose its settings, which are too long for it: take the file from “Download PNG”."
)
PNG_UP_TO = (
    1_000_000  # bytes of a PNG that the page shows as it is, so that a download by right click keeps its settings
)
MIMES = {".png": "image/png", ".webp": "image/webp", ".gif": "image/gif"}


@dataclass(frozen=True)
class GalleryLimits:
    """How much is kept, and for how long; the oldest pictures go first."""

    pictures: int = 200  # of one visitor
    megabytes: int = 1_000  # of all visitors together
    hours: float = 24.0


@dataclass(frozen=True)
class Kept:
    """One picture of the gallery: its file, and what the page says about it."""

    id: str
    owner: str
    path: Path
    prompt: str
    about: Message
    group: str  # pictures made at once have the same
    thumb: str  # a data address
    size: int  # bytes
    made: float = field(default_factory=time.time)
    loses: bool = False  # a copy by right click has no room for its settings

    def data_uri(self) -> str:
        """The picture as a page shows it: as it is, or as JPEG if it is a large still; both with its settings."""
        data, mime = self.path.read_bytes(), MIMES[self.path.suffix]
        if self.path.suffix == ".png" and len(data) > PNG_UP_TO:
            with Image.open(io.BytesIO(data)) as image:
                return encode(image.convert("RGB"), exif_of(data)).data_uri()
        return Picture(data, mime).data_uri()


class Gallery:
    """All visitors' pictures. Made once an app, passed down; its folder ends with the app."""

    def __init__(self, limits: GalleryLimits | None = None) -> None:
        self.limits = limits or GalleryLimits()
        self._folder = tempfile.TemporaryDirectory(prefix="aigc-playground-gallery-", ignore_cleanup_errors=True)
        self._kept: dict[str, list[Kept]] = {}  # owner -> oldest first
        self._lock = threading.Lock()

    def add(self, owner: str, files: Sequence[tuple[str, bytes]], prompt: str, about: Sequence[Message]) -> list[Kept]:
        """Keep files (name, content) that were made at once; EngineError if the disk refuses.

        Without a key nobody finds them again.
        """
        owner = owner or secrets.token_urlsafe(16)
        group, kept = secrets.token_urlsafe(6), []
        for (name, data), words in zip(files, about, strict=True):
            picture_id = secrets.token_urlsafe(9)
            path = self._place(owner, picture_id) / name
            with saving(path):
                path.write_bytes(data)
            exif = exif_of(data)
            loses = not exif and path.suffix == ".png" and bool(texts(data).keys() & {CHUNK, "parameters"})
            words = Message("{about} · {note}", about=words, note=LOST) if loses else words
            thumb = _thumbnail(data, exif)
            kept.append(Kept(picture_id, owner, path, prompt, words, group, thumb, len(data), loses=loses))
        with self._lock:
            self._kept.setdefault(owner, []).extend(kept)
            self._forget_old(owner)
        return kept

    def of(self, owner: str) -> list[Kept]:
        """The visitor's pictures, newest first."""
        with self._lock:
            self._forget_old(owner)
            return self._kept.get(owner, [])[::-1]

    def newest(self, owner: str) -> list[Kept]:
        """What the visitor made last, in order."""
        pictures = self.of(owner)
        return [kept for kept in pictures if kept.group == pictures[0].group][::-1]

    def get(self, owner: str, picture_id: str) -> Kept:
        """One picture of the visitor's; EngineError if it is not there, or somebody else's."""
        for kept in self.of(owner):
            if kept.id == picture_id:
                return kept
        raise EngineError("This picture is not kept any more. Make it again, or choose another.")

    def empty(self, owner: str) -> None:
        """Forget all of the visitor's pictures."""
        with self._lock:
            for kept in self._kept.pop(owner, []):
                _delete(kept)

    def _place(self, owner: str, picture_id: str) -> Path:
        place = Path(self._folder.name) / hashlib.sha256(owner.encode()).hexdigest()[:24] / picture_id
        place.mkdir(parents=True)
        return place

    def _forget_old(self, owner: str) -> None:
        """Drop what is too old, what this visitor has too much of, and the oldest of what is too much in all."""
        mine = self._kept.get(owner, [])
        surplus = {kept.id for kept in mine[: max(0, len(mine) - self.limits.pictures)]}
        everything = sorted(
            (kept for pictures in self._kept.values() for kept in pictures), key=lambda kept: kept.made
        )
        excess = sum(kept.size for kept in everything) - 10**6 * self.limits.megabytes
        expired = time.time() - 3600 * self.limits.hours
        for kept in everything:
            if kept.made < expired or kept.id in surplus or excess > 0:
                excess -= kept.size
                self._kept[kept.owner].remove(kept)
                _delete(kept)
        self._kept = {key: pictures for key, pictures in self._kept.items() if pictures}


def _delete(kept: Kept) -> None:
    shutil.rmtree(kept.path.parent, ignore_errors=True)


def _thumbnail(data: bytes, exif: bytes) -> str:
    """A small still of a picture or animation, as a data address that tells the settings in `exif`."""
    with Image.open(io.BytesIO(data)) as image:
        small = image.convert("RGB")
        small.thumbnail((THUMB, THUMB), Image.Resampling.LANCZOS)
        buffer = io.BytesIO()
        small.save(buffer, "WEBP", quality=80, method=0, exif=exif)
        return Picture(buffer.getvalue(), "image/webp").data_uri()
