"""Reads CSV, TSV and their kin: separator, quotes and rows. No row takes its neighbours along."""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import replace
from io import StringIO
from typing import Any, TextIO

from engines.data.tables.cells import Record, Table, TableLimits, check_cells, too_many_columns, too_many_rows
from engines.messages import EngineError, Message

DELIMITERS = "\t,;|"  # where several fit equally well, the first: texts seldom have a tab
WIDE = "，；｜、"  # taken only where every row fits: texts have them too
ONE_COLUMN = "\x1f"  # a delimiter that no text has
START = 2**16  # characters from which the delimiter is told
HINT = re.compile(r'"?sep=([^\r\n"])"?[ \t,;|]*(\r\n|\r|\n|$)', re.IGNORECASE)  # Excel's first line
MILLIONS = 10_000  # cells of a row
END_MARK = "\x1a"  # of a file, on old systems
SPACED = re.compile(r'^ +"')  # a quote that a space keeps from being seen
SENTENCE = 30  # characters of a cell that is no name of a column
RULE = re.compile(r"(?=.*(---|:-|-:))(:?-+:?)+")
BOX = re.compile(r"[ \t]*[+|]?([-=]+\+)+[-=]+[+|]?[ \t]*")  # a line between rows, as databases draw them
COUNTED = re.compile(r"\(?\d+ rows?( in set.*)?\)?")  # what they write below them
TITLES = 20  # lines above a table, at most: a bill has 16
FEW_TITLES = 5  # more must have as many rows below them
WELL = 0.9  # the share of rows that must fit below such lines
DOUBLED: dict[str, Any] = {}
ESCAPED: dict[str, Any] = {"escapechar": "\\", "doublequote": False}


class _Lines:
    """The lines of a file, which can be put back."""

    def __init__(self, file: TextIO, most: int) -> None:
        self.file, self.most, self.number = file, most, 0
        self.back: deque[str] = deque()

    def __iter__(self) -> Iterator[str]:
        while line := self.back.popleft() if self.back else self._next():
            self.number += 1
            yield line

    def _next(self) -> str:
        """The next line; the rest of one with too many or too long cells is left out, whatever it holds."""
        line = rest = self.file.readline(self.most)
        while len(rest) == self.most and not rest.endswith(("\n", "\r")):
            rest = self.file.readline(self.most)
        return line.replace("\0", "")

    def put_back(self, lines: Sequence[str]) -> None:
        """They come again next."""
        self.back.extendleft(reversed(lines))
        self.number -= len(lines)


def read_delimited(file: TextIO, table: Table, limits: TableLimits) -> tuple[Table, list[Record]]:
    """(the table with its delimiter, the records of the file, the header among them if there is one)."""
    start = file.read(START)
    hint = HINT.match(start)
    sample = start[hint.end() :] if hint else start
    if len(start) == START:  # its last row is cut
        sample = sample[: max(sample.rfind("\n"), sample.rfind("\r")) + 1] or sample
    drawn = any(map(BOX.fullmatch, sample.splitlines()[:3]))
    delimiter = hint[1] if hint else "|" if drawn else find_delimiter(sample, limits)
    file.seek(0)
    lines = _Lines(file, limits.line)
    if hint:
        next(iter(lines))
    table = replace(table, delimiter=delimiter)
    if delimiter and delimiter in WIDE:
        note = Message("The cells are taken to be separated by {sign}.", sign=delimiter)
        table = replace(table, notes=(*table.notes, note))
    found = _rows(records(lines, delimiter or ONE_COLUMN, _quoting(sample, delimiter, limits)), table, limits)
    found = _without_frame(_without_spacing(found), delimiter)
    kept = _without_titles(found)
    if kept and kept[0] is not found[0]:
        count = sum(record.line < kept[0].line for record in found if record.cells)
        note = Message("Lines above the table are left out: {count}.", count=count)
        table = replace(table, notes=(*table.notes, note))
    return table, _fitted(kept, table, limits)


def find_delimiter(start: str, limits: TableLimits) -> str:
    """The delimiter with which most rows have as many cells as the first, which must have two at least; else ""."""

    def rows(delimiter: str) -> list[list[str]]:
        found = records(_Lines(StringIO(start, newline=""), limits.line), delimiter, DOUBLED)
        return [record.cells for record in found if any(map(str.strip, record.cells))]

    found = {delimiter: rows(delimiter) for delimiter in DELIMITERS}
    fits = {delimiter: _fit(found[delimiter]) for delimiter in DELIMITERS}
    best = max(DELIMITERS, key=fits.__getitem__)
    if fits[best] and not _is_prose(found[best]):
        return best
    fits = {delimiter: _fit(found[delimiter], TITLES + 1) for delimiter in DELIMITERS}  # below lines that are no rows
    best = max(DELIMITERS, key=fits.__getitem__)
    if fits[best] > WELL:
        return best
    return next((sign for sign in WIDE if sign in start and len(wide := rows(sign)) > 2 and _fit(wide) == 1), "")


def _fit(rows: Sequence[Sequence[str]], titles: int = 0) -> float:
    """The share of rows with as many cells as the first; 0 if that has one. Up to so many titles may go before it."""
    sizes = list(map(len, rows))
    above = next((place for place, size in enumerate(sizes[:titles]) if size > 1), 0)
    sizes = sizes[above:]
    enough = len(sizes) > (_least_below(above) if titles else 0)
    return sizes.count(sizes[0]) / len(sizes) if enough and sizes[0] > 1 else 0.0


def _is_prose(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first row is rather a sentence with the separator in it: most rows have none."""
    sentence = any(len(cell) > SENTENCE or len(cell.split()) > 2 for cell in rows[0])
    return sentence and 2 * sum(len(cells) == 1 for cells in rows) > len(rows)


def _quoting(start: str, delimiter: str, limits: TableLimits) -> dict[str, Any]:
    """How a quote inside quotes is written: twice, or with a backslash before it."""
    if '\\"' not in start or not delimiter:
        return DOUBLED

    def misfits(style: dict[str, Any]) -> int:
        sizes = [len(r.cells) for r in records(_Lines(StringIO(start, newline=""), limits.line), delimiter, style)]
        return sum(size != sizes[0] for size in sizes if size)

    return min((DOUBLED, ESCAPED), key=misfits)


def records(lines: _Lines, delimiter: str, quoting: dict[str, Any]) -> Iterator[Record]:
    """The rows, blank lines among them. Where quotes go wrong, a line is a row by itself, and the next one too."""
    width = 0
    while True:
        taken: list[str] = []
        reader = csv.reader(_kept(lines, taken), strict=True, delimiter=delimiter, **quoting)
        try:
            for cells in reader:
                if ' "' in taken[0] and any(SPACED.match(cell) and delimiter + cell in taken[0] for cell in cells):
                    cells = _lenient(taken[0], delimiter, width, quoting)
                    lines.put_back(taken[1:])
                    del taken[1:]
                width = width or len(cells)
                blank = not any(map(str.strip, cells)) and len(cells) <= 1 and not "".join(taken).strip()
                yield Record(lines.number - len(taken) + 1, [] if blank else cells)
                taken.clear()
        except csv.Error:
            lines.put_back(taken[1:])
            cells = _lenient(taken[0], delimiter, width, quoting)
            width = width or len(cells)
            yield Record(lines.number, cells)
            continue
        return


def _kept(lines: _Lines, taken: list[str]) -> Iterator[str]:
    for line in lines:
        taken.append(line)
        yield line


def _lenient(line: str, delimiter: str, width: int, quoting: dict[str, Any]) -> list[str]:
    """The cells of a line whose quotes are odd: as csv reads it if that fits the width, else with quotes as text."""
    literal = line.rstrip("\r\n").split(delimiter)
    try:
        spaced = next(csv.reader([line], delimiter=delimiter, skipinitialspace=True, **quoting), [])
    except csv.Error:  # a cell longer than csv reads
        return literal
    spaced = [cell.rstrip("\r\n") for cell in spaced]
    closed = line.count('"') % 2 == 0
    choices = (literal, spaced) if delimiter == "\t" or not closed else (spaced, literal)
    return next((cells for cells in choices if len(cells) == width), literal)


def _rows(found: Iterator[Record], table: Table, limits: TableLimits) -> list[Record]:
    """The records from the first that is not blank; EngineError for too many, or a cell that is too long."""
    kept: list[Record] = []
    for record in found:
        if not kept and not any(map(str.strip, record.cells)):
            continue
        check_cells(record.cells, kept[0].cells if kept else (), record.line, limits)
        if len(kept) > limits.rows:
            raise too_many_rows(table.name, limits)
        kept.append(
            replace(record, cells=record.cells[: 10 * limits.columns])
        )  # a row of millions does not fit anyway
    return kept


def _fitted(kept: list[Record], table: Table, limits: TableLimits) -> list[Record]:
    """The records, all of one width but those that say why not."""
    kept = _with_row_names(kept)
    width = _width(kept)
    if width > limits.columns:
        raise too_many_columns(table.name, limits)
    kept = [_padded(record, width, table.delimiter) for record in kept]
    odd = [record for record in kept if record.why]
    if 2 * len(odd) > len(kept):
        raise EngineError(
            "Most rows of {file} do not have {count} cells as the first one has, such as line {line}; check the"
            " separators and quotes.",
            file=table.name,
            count=width,
            line=odd[0].line,
        )
    return _unspaced(kept)


def _without_spacing(kept: list[Record]) -> list[Record]:
    """Without blank lines at the end, nor those that follow every row, as some programs write line ends."""
    while kept and kept[-1].cells in ([], [END_MARK]):
        kept.pop()
    full = [record for record in kept if record.cells]
    return full if 2 * len(full) - 1 <= len(kept) else kept


def _without_frame(kept: list[Record], delimiter: str) -> list[Record]:
    """A table in Markdown, or drawn by a database, without its lines, the edge before each row, blanks."""
    if delimiter != "|":
        return kept
    lines = ["|".join(record.cells) for record in kept]
    if any(map(BOX.fullmatch, lines[:2])):
        drawn = [bool(BOX.fullmatch(line) or COUNTED.fullmatch(line.strip())) for line in lines]
    elif len(kept) > 1 and RULE.fullmatch("".join(map(str.strip, kept[1].cells))):
        drawn = [place == 1 for place in range(len(kept))]
    else:
        return kept
    rows = [record for record, line in zip(kept, drawn, strict=True) if not line]
    edge = all(not record.cells[0].strip() for record in rows if record.cells)
    return [replace(record, cells=[cell.strip() for cell in record.cells[edge:]]) for record in rows]


def _without_titles(kept: list[Record]) -> list[Record]:
    """Without lines of one cell above all others."""
    filled = [sum(map(bool, map(str.strip, record.cells))) for record in kept]
    start = next((place for place, count in enumerate(filled) if count > 1), 0)
    rest = filled[start:]
    least = max(_least_below(start), WELL * len(rest))
    return kept[start:] if start <= TITLES and sum(count > 1 for count in rest) > least else kept


def _least_below(titles: int) -> int:
    """How many rows there must be more than below so many titles, which else may be rows themselves."""
    return titles if titles > FEW_TITLES else 2


def _with_row_names(kept: list[Record]) -> list[Record]:
    """The records; the first with a blank name more if all others begin with a number that counts up, as R writes."""
    if len(kept) < 3 or not kept[0].cells:
        return kept
    wide = [record.cells for record in kept[1:] if len(record.cells) == len(kept[0].cells) + 1]
    numbers = [int(cells[0]) for cells in wide if re.fullmatch(r"[0-9]{1,15}", cells[0])]
    counted = len(numbers) == len(wide) > WELL * (len(kept) - 1) and numbers == sorted({*numbers})
    if not counted or not any(cells[-1].strip() for cells in wide):
        return kept
    return [replace(kept[0], cells=["", *kept[0].cells]), *kept[1:]]


def _width(kept: Sequence[Record]) -> int:
    """Cells of the first row; without the last ones if these are blank in every row, as spreadsheets write them."""
    width = len(kept[0].cells) if kept else 0
    named = max((place for place, cell in enumerate(kept[0].cells, 1) if cell.strip()), default=0) if kept else 0
    used = (
        place for r in kept if len(r.cells) == width for place, cell in enumerate(r.cells, 1) if place > named and cell
    )
    return max(used, default=named)


def _padded(record: Record, width: int, delimiter: str) -> Record:
    """The record with `width` cells; if it had others, it says so, and the surplus stays in the last one."""
    cells = record.cells
    if len(cells) > width:
        used = next((place for place in range(len(cells), width, -1) if cells[place - 1].strip()), width)
        cells = cells[:used]
    if len(cells) == width or not cells:
        return replace(record, cells=cells or [""] * width)
    if not any(map(str.strip, cells)):
        return replace(record, cells=[""] * width)
    why = Message("number of cells: {count}, not {width}", count=len(record.cells), width=width)
    last = delimiter.join(cells[width - 1 :])
    padded = [*cells, *[""] * width][:width] if len(cells) < width else [*cells[: width - 1], last]
    return replace(record, cells=padded, why=why)


def _unspaced(kept: list[Record]) -> list[Record]:
    """Without the space after each separator, if the first row has it."""
    if not kept or len(kept[0].cells) < 2 or not all(cell[:1] == " " for cell in kept[0].cells[1:]):
        return kept
    return [replace(record, cells=[cell.lstrip(" ") for cell in record.cells]) for record in kept]
