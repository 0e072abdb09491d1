"""A table of text cells, what it may be, and the checks that every kind of file shares."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from engines.messages import EngineError, Message


@dataclass(frozen=True)
class TableLimits:
    """What an uploaded table may be."""

    megabytes: int = 100  # of the file, in millions of bytes
    rows: int = 200_000
    columns: int = 100
    cell: int = 20_000  # characters
    label: int = 200  # characters
    classes: int = 100
    fewest_rows: int = 8

    @property
    def line(self) -> int:
        """Characters of a line; one that holds no more than is allowed is shorter, even if all are quotes."""
        return 2 * self.columns * self.cell


LIMITS = TableLimits()


@dataclass(frozen=True)
class Table:
    """An uploaded file as text cells: every record of it, in order, also the blank ones and those that do not fit."""

    name: str  # of the file, fit for a sentence
    columns: tuple[str, ...]  # all different
    rows: tuple[tuple[str, ...], ...]
    encoding: str  # as Python names it; "" for a pasted text
    delimiter: str  # "" for JSON and for a single column
    lines: tuple[int, ...] = ()  # the number of each row's first line in the file
    odd: Mapping[int, Message] = field(default_factory=dict)  # row -> why its cells may be in the wrong columns
    notes: tuple[Message, ...] = ()  # what a person should know of how the file was read

    @property
    def ragged(self) -> int:
        """Rows that do not fit."""
        return len(self.odd)

    @property
    def ragged_line(self) -> int:
        """Where the first of them begins; 0 without any."""
        return self.lines[next(iter(self.odd))] if self.odd else 0

    @property
    def damaged(self) -> int:
        """Rows some of whose characters could not be decoded."""
        return sum("\ufffd" in "".join(row) for row in self.rows)


@dataclass(frozen=True)
class Record:
    """A row of a file before it is known how wide the table is."""

    line: int
    cells: list[str]  # [] for a blank line
    why: Message | None = None  # why it is no row of the table


def tidy(name: str) -> str:
    """A name from outside, on one line and fit for a sentence."""
    name = " ".join("".join(c if c.isprintable() or c.isspace() else "?" for c in name.strip("\ufeff")).split())
    return name if len(name) <= 60 else f"{name[:40]}…{name[-19:]}"


def column_names(cells: Iterable[str]) -> tuple[str, ...]:
    """Names that are all different and not empty."""
    names: list[str] = []
    for place, cell in enumerate(cells, 1):
        name = first = tidy(cell) or f"Column {place}"
        again = 2
        while name in names:
            name, again = f"{first} ({again})", again + 1
        names.append(name)
    return tuple(names)


def too_many_rows(name: str, limits: TableLimits) -> EngineError:
    """The error that says so."""
    return EngineError(
        "{file} has more than {most} rows; upload a part of it that has every label.", file=name, most=limits.rows
    )


def too_many_columns(name: str, limits: TableLimits) -> EngineError:
    """The error that says so."""
    return EngineError("{file} has more than {most} columns.", file=name, most=limits.columns)


def check_cells(cells: Sequence[str], columns: Sequence[str], line: int, limits: TableLimits) -> None:
    """EngineError, naming the place, for a cell that is too long."""
    if max(map(len, cells), default=0) <= limits.cell:
        return
    place = next(place for place, cell in enumerate(cells) if len(cell) > limits.cell)
    raise EngineError(
        "The cell in line {line}, column {column} has more than {most} characters; shorten it, or close a quote that"
        " was left open.",
        line=line,
        column=tidy(columns[place]) if place < len(columns) else place + 1,
        most=limits.cell,
    )
