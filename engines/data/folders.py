"""The folders of pictures as their classes: names that read alike are one class, and a split is none."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from engines.messages import Message

MOST_CLASSES = 100
LONGEST = 40  # characters of a class name
SPLITS = ("train", "training", "test", "testing", "val", "valid", "validation", "dev")


@dataclass(frozen=True)
class Folders:
    """Which of the pictures to keep, and the labels and names of the kept ones' classes, none without classes."""

    kept: tuple[bool, ...]
    labels: tuple[int, ...] = ()
    class_names: tuple[str, ...] = ()
    notes: tuple[Message, ...] = ()


def tidy_folder(name: str) -> str:
    """A folder's name without what nobody sees: width, blanks, invisible marks, how letters compose."""
    name = unicodedata.normalize("NFKC", name)
    visible = "".join(c for c in name if c.isprintable() or c.isspace())
    return " ".join(visible.split())[:LONGEST].strip()


def read_folders(paths: Sequence[str]) -> Folders:
    """The classes that the paths in a ZIP tell, if every picture lies in a class's folder and there are 2 to 100.

    Pictures right in a folder named like a split (train, test) have no class, and are left out if others have one.
    """
    raw = [PurePosixPath(path).parent.name for path in paths]
    names = ["" if tidy_folder(name).lower() in SPLITS else tidy_folder(name) for name in raw]
    kept = tuple(bool(name) or not folder for name, folder in zip(names, raw, strict=True))
    if not all(kept) and len({name for name in names if name}) < 2:
        kept, names = (True,) * len(names), [""] * len(names)
    used = [name for name, k in zip(names, kept, strict=True) if k]
    class_names = sorted(set(used))
    notes = _splits(paths)
    if not all(used) or not 2 <= len(class_names) <= MOST_CLASSES:
        return Folders((True,) * len(paths), notes=notes)
    labels = tuple(map({name: i for i, name in enumerate(class_names)}.get, used))
    return Folders(kept, labels, tuple(class_names), (*notes, *_merged(raw, names), *_confusable(class_names)))


def _splits(paths: Sequence[str]) -> tuple[Message, ...]:
    found = {part for path in paths for part in PurePosixPath(path).parts[:-1] if part.lower() in SPLITS}
    if len({name.lower() for name in found}) < 2:
        return ()
    return (Message("The folders {names} are learned from together.", names=", ".join(sorted(found))),)


def _merged(raw: Sequence[str], names: Sequence[str]) -> list[Message]:
    written = defaultdict(set)
    for folder, name in zip(raw, names, strict=True):
        written[name].add(folder)
    several = {name: len(folders) for name, folders in written.items() if name and len(folders) > 1}
    return [
        Message("{count} folders whose names read alike are one class: {name}.", count=count, name=name)
        for name, count in several.items()
    ]


def _confusable(class_names: Sequence[str]) -> list[Message]:
    alike = defaultdict(list)
    for name in class_names:
        alike[name.casefold()].append(name)
    return [
        Message("These classes differ only in capitals, and were kept apart: {names}.", names=", ".join(names))
        for names in alike.values()
        if len(names) > 1
    ]
