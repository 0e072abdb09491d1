"""What a run shows beside its samples: named sheets of pictures, bars and scattered points, the latest of each name.

An exhibit is kept as it is told to a page and written to a file: JSON, and for a sheet an encoded picture.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from typing import Any

import numpy as np

from engines.data.grids import Picture, encode, make_grid
from engines.messages import MAX_LENGTH, Message
from engines.running.events import Bars, Scatter, Sheet

MAX_EXHIBITS = 16  # of a run; one more is left out
MAX_BARS = 512
MAX_DOTS = 5000
MAX_SIDE = 4096  # pixels of a sheet


@dataclass(frozen=True)
class Exhibit:
    """`kind` is "sheet", "bars" or "scatter"; `about` is ready for JSON, numbers in comma strings as in a series."""

    kind: str
    about: Mapping[str, Any]
    picture: Picture | None = None

    @cached_property
    def tag(self) -> str:
        """The same for what looks the same."""
        digest = blake2b(json.dumps([self.kind, self.about]).encode(), digest_size=12)
        if self.picture:
            digest.update(self.picture.data)
        return digest.hexdigest()

    @property
    def member(self) -> str:
        """The name of a sheet's picture in a run file or folder. It tells the content, so a file never changes."""
        return f"sheets/{self.tag}{self.picture.suffix}"


def exhibit(event: Sheet | Bars | Scatter) -> Exhibit:
    """The event as it is kept; ValueError if its parts do not fit or are more than a page can bear."""
    match event:
        case Sheet(_, step, images, columns, note):
            sheet = make_grid(images, columns)
            _check(max(sheet.size) <= MAX_SIDE, "a sheet that is not too large")
            size = {"width": sheet.width, "height": sheet.height, "count": len(images)}
            return Exhibit("sheet", {"step": step, "note": note.to_json() if note else None, **size}, encode(sheet))
        case Bars(_, labels, values, unit):
            _check(len(labels) == len(values) <= MAX_BARS, "as many labels as values, not too many")
            return Exhibit("bars", {"labels": list(labels), "values": _numbers(values), "unit": unit})
        case Scatter(_, points, classes, names):
            points, classes = np.asarray(points), np.asarray(classes)
            _check(points.shape == (len(classes), 2) and len(classes) <= MAX_DOTS, "points [N, 2], not too many")
            columns = {"x": _numbers(points[:, 0]), "y": _numbers(points[:, 1])}
            return Exhibit("scatter", {**columns, "classes": _numbers(classes), "class_names": list(names)})
    raise TypeError(event)


def describe(exhibits: Mapping[str, Exhibit]) -> list[dict[str, Any]]:
    """What a run file says of them, ready for JSON; the pictures are members of their own."""
    return [
        {"name": name, "kind": each.kind, **each.about, **({"picture": each.member} if each.picture else {})}
        for name, each in exhibits.items()
    ]


def read_exhibits(said: list[dict[str, Any]], picture: Callable[[str], Picture]) -> dict[str, Exhibit]:
    """The inverse of `describe`; any exception if it is something else, which a visitor may have made up."""
    found = {}
    for each in said[:MAX_EXHIBITS]:
        with contextlib.suppress(FileNotFoundError):  # in a folder one may be replaced meanwhile
            found[_text(each["name"])] = _READERS[each["kind"]](each, picture)
    return found


def _read_sheet(said: Mapping[str, Any], picture: Callable[[str], Picture]) -> Exhibit:
    note = said["note"] and Message.from_json(said["note"]).to_json()
    sizes = {name: int(said[name]) for name in ("width", "height", "count")}
    return Exhibit("sheet", {"step": int(said["step"]), "note": note, **sizes}, picture(_text(said["picture"])))


def _read_bars(said: Mapping[str, Any], picture: object) -> Exhibit:
    return exhibit(Bars("", tuple(map(_text, said["labels"])), tuple(_parsed(said["values"])), _text(said["unit"])))


def _read_scatter(said: Mapping[str, Any], picture: object) -> Exhibit:
    points = np.array([_parsed(said["x"]), _parsed(said["y"])]).T
    names = tuple(map(_text, said["class_names"]))
    return exhibit(Scatter("", points, np.array(_parsed(said["classes"])), names))


_READERS = {"sheet": _read_sheet, "bars": _read_bars, "scatter": _read_scatter}


def _numbers(values: Any) -> str:
    return ",".join(f"{float(value):.4g}" for value in values)


def _parsed(text: str) -> list[float]:
    return [float(number) for number in _text(text, 20 * MAX_DOTS).split(",")] if text else []


def _text(value: Any, longest: int = MAX_LENGTH) -> str:
    _check(isinstance(value, str) and len(value) <= longest, "a text, not too long")
    return value


def _check(fits: bool, what: str) -> None:
    if not fits:
        raise ValueError(f"an exhibit must have {what}")
