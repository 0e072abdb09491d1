"""Writes CSV that opens everywhere: UTF-8 with a mark, cells that start no formula, no column name twice."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

FORMULA = re.compile("[=+\\-@\t\r\n＝＋－＠]")  # spreadsheets run what begins so
NUMBER = re.compile(r"[+-]?\d+([.,]\d+)*([eE][+-]?\d+)?%?")


def write_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """The table as a file; OSError if the disk refuses. A cell that is None or not a number is empty."""
    with path.open("w", encoding="utf-8-sig", errors="replace", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(map(harmless, different(columns)))
        writer.writerows([harmless(cell) for cell in row] for row in rows)


def harmless(cell: Any) -> str:
    """A cell that no spreadsheet takes for a formula; numbers stay as they are."""
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return ""
    text = str(cell)
    return f"'{text}" if FORMULA.match(text) and not NUMBER.fullmatch(text) else text


def different(columns: Sequence[str]) -> list[str]:
    """The names, made different where they come again (in any case, as spreadsheets see them)."""
    names: list[str] = []
    taken: set[str] = set()
    for column in columns:
        name, again = column, 2
        while name.casefold() in taken:
            name, again = f"{column} ({again})", again + 1
        taken.add(name.casefold())
        names.append(name)
    return names
