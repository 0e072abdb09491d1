"""The folders of pictures as their classes: names that read alike are one class, and a split is none.

A split may stand above the classes (train/cat/1.png) or below them (cat/train/1.png).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from engines.data.tables.labels import Labels, natural_order, one_of_each, tidy_label
from engines.messages import Message

MOST_CLASSES = 100
STRAY = 20  # one picture among so many that lies in no folder keeps the others from no class
LONGEST = 40  # characters of a class name
# What a split is called -> the part that it is.
SPLITS = {
    **dict.fromkeys(("train", "training", "trainset", "训练", "训练集", "训练数据"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "dev", "eval", "验证", "验证集", "验证数据"), "validation"),
    **dict.fromkeys(("test", "testing", "testset", "测试", "测试集", "测试数据"), "test"),
}
WORDS = re.compile(r"[\W\d_]+")  # what separates the words of "train_set", "01-test" and "val2017"
FILLERS = ("set", "data", "dataset", "images", "image", "imgs", "img", "pictures", "pics", "split", "folder")


@dataclass(frozen=True)
class Folders:
    """Which of the pictures to keep, and the labels and names of the kept ones' classes, none without classes."""

    kept: tuple[bool, ...]
    labels: tuple[int, ...] = ()
    class_names: tuple[str, ...] = ()
    notes: tuple[Message, ...] = ()
    parts: tuple[str, ...] = ()  # "train", "validation", "test" or "" of each picture kept; none without a split
    splits: tuple[str, ...] = ()  # the folders that said so


def read_folders(paths: Sequence[str]) -> Folders:
    """The classes that the paths in a ZIP tell, if every picture lies in a class's folder and there are 2 to 100.

    Pictures right in a folder named like a split (train, test) have no class, and are left out if others have one; so
    are a few strays in no folder at all.
    """
    raw = [PurePosixPath(path).parent.name for path in paths]
    classes = _classes_called_train(paths)
    written = _class_folders(paths, classes)
    made = one_of_each([tidy_label(name)[:LONGEST] for name in written])
    names = list(made.names)
    few = STRAY * raw.count("") <= len(raw)
    kept = tuple(bool(name) or not (folder or few) for name, folder in zip(names, raw, strict=True))
    if not all(kept) and len({name for name in names if name}) < 2:
        kept, names = (True,) * len(names), [""] * len(names)
    used = [name for name, k in zip(names, kept, strict=True) if k]
    class_names = natural_order(set(used))
    splits = [next((part.name for part in _outermost_first(path) if _part(part, classes)), "") for path in paths]
    parts = [part_of(split) for split in splits]
    split: dict[str, tuple[str, ...]] = {}
    if len({part for part in parts if part}) > 1:
        split["parts"] = tuple(part for part, k in zip(parts, kept, strict=True) if k)
        split["splits"] = tuple(sorted(set(filter(None, splits))))
    if not all(used) or not 2 <= len(class_names) <= MOST_CLASSES:
        return Folders((True,) * len(paths), **split | ({"parts": tuple(parts)} if split else {}))
    labels = tuple(map({name: i for i, name in enumerate(class_names)}.get, used))
    return Folders(kept, labels, class_names, (*_merged(written, names), *_confusable(made)), **split)


def part_of(name: str) -> str:
    """The part of a split that a folder or a cell names, "" if it names none."""
    words = WORDS.sub(" ", tidy_label(name).lower()).split()
    return SPLITS.get("".join(word for word in words if word not in FILLERS) or "".join(words), "")


def _part(folder: PurePosixPath, classes: Collection[PurePosixPath]) -> str:
    """The part that a folder names, unless it is one of the classes."""
    return "" if folder in classes else part_of(folder.name)


def _outermost_first(path: str) -> list[PurePosixPath]:
    return list(PurePosixPath(path).parents)[::-1]


def _classes_called_train(paths: Sequence[str]) -> set[PurePosixPath]:
    """The folders of a class of trains: beside them lie folders of other classes, and none of another part."""
    folders = {PurePosixPath(path).parent for path in paths}
    beside = {folder: [one for one in folders if one.parent == folder.parent and one != folder] for folder in folders
              if part_of(folder.name) == "train"}  # fmt: skip
    return {folder for folder, others in beside.items() if others and not any(part_of(one.name) for one in others)}


def _class_folders(paths: Sequence[str], classes: Collection[PurePosixPath]) -> list[str]:
    """The folder of each path that may be its class: the nearest, or the one above a split that has no classes."""
    folders = [PurePosixPath(path).parent for path in paths]
    above = {  # those whose splits have the classes
        folder.parent
        for path in folders
        for folder in path.parents
        if _part(folder, classes) and not _part(path, classes)
    }
    nearest = [
        folder.parent if _part(folder, classes) and folder.parent not in above else folder for folder in folders
    ]
    names = ["" if _part(folder, classes) else folder.name for folder in nearest]
    if len(set(names) - {""}) == 1 and all(folder.parent.name for folder in nearest if folder.name):
        # such as cat/raw/1.png and dog/raw/1.png
        return _class_folders([str(folder) for folder in nearest], classes)
    return names


def _merged(raw: Sequence[str], names: Sequence[str]) -> list[Message]:
    written: dict[str, set[str]] = {}
    for folder, name in zip(raw, names, strict=True):
        written.setdefault(name, set()).add(folder)
    several = {name: len(folders) for name, folders in written.items() if name and len(folders) > 1}
    return [
        Message("{count} folders whose names read alike are one class: {name}.", count=count, name=name)
        for name, count in several.items()
    ]


def _confusable(made: Labels) -> list[Message]:
    return [Message("These classes look alike, and were kept apart: {names}.", names=", ".join(g)) for g in made.alike]
