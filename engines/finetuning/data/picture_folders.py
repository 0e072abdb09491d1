"""A visitor's own labelled pictures: a ZIP with one folder a class."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from pathlib import Path

import numpy as np

from engines.data.tables.cells import tidy
from engines.data.tables.labels import natural_order, one_of_each
from engines.data.uploads import UploadLimits, read_uploads
from engines.finetuning.data.brought import about_parts, usable_parts
from engines.finetuning.data.datasets import LabelledPictures
from engines.finetuning.data.tables import check_classes
from engines.messages import ConfigError, Message

LIMITS = UploadLimits(fewest=8)


def read_picture_zip(path: str | Path, size: int, limits: UploadLimits = LIMITS) -> LabelledPictures:
    """The pictures of a ZIP as squares of `size` pixels, RGB, or gray if all are; the folder names are the labels.

    Files that cannot be read are left out and named; folders of a split (train, test) make `parts`. A picture that
    comes again (pixel for pixel, once shrunk) is kept once; one that is in several classes is left out. Raises
    ConfigError for what engines/data/uploads.py does not allow, and unless there are 2 to 100 folders.
    """
    path = Path(path)
    if path.suffix.lower() != ".zip":
        raise ConfigError("Choose one ZIP file, with a folder of pictures for each class.")
    pictures = read_uploads([str(path)], size, limits)
    if not pictures.class_names:
        raise ConfigError("Put the pictures of each class into a folder of its own inside the ZIP: 2 to 100 folders.")
    classes = one_of_each([pictures.class_names[label] for label in pictures.labels]).names
    kept, duplicates, conflicts = _unique(pictures.images, classes)
    check_classes([classes[row] for row in kept])
    names = natural_order({classes[row] for row in kept})
    labels = np.array([names.index(classes[row]) for row in kept], np.int64)
    parts = usable_parts([pictures.parts[row] for row in kept] if pictures.parts else (), labels)
    notes: tuple[Message, ...] = pictures.notes
    if pictures.splits:
        notes = (*notes, about_parts(", ".join(pictures.splits), parts))
    return LabelledPictures(
        tidy(path.name),
        pictures.images[kept],
        labels,
        names,
        pictures.left_out,
        duplicates=duplicates,
        conflicts=conflicts,
        notes=notes,
        parts=parts,
    )


def _unique(images: np.ndarray, classes: list[str]) -> tuple[list[int], int, int]:
    """(rows kept, duplicates left out, pictures left out since they are in several classes)."""
    rows_of: dict[bytes, list[int]] = defaultdict(list)
    for row, image in enumerate(images):
        rows_of[hashlib.sha256(image.tobytes()).digest()].append(row)
    conflicts = {row for rows in rows_of.values() if len({classes[row] for row in rows}) > 1 for row in rows}
    kept = sorted(rows[0] for rows in rows_of.values() if rows[0] not in conflicts)
    return kept, len(images) - len(conflicts) - len(kept), len(conflicts)
