"""Reads an uploaded CSV, TSV or JSONL file into a table.

Uploads are hostile until shown otherwise: a file is read in pieces, and every size is checked on the way.
"""

from __future__ import annotations

import contextlib
import csv
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any, TextIO

from engines.finetuning.data.cells import LIMITS, Table, TableLimits, check_cells, column_names, tidy, too_many_rows
from engines.finetuning.data.encodings import find_encoding
from engines.messages import EngineError

DELIMITERS = "\t,;|"  # where several fit equally well, the first: texts seldom have a tab
ONE_COLUMN = "\x1f"  # a delimiter that no text has
SHOWN = {"utf-8-sig": "utf-8", "utf-16-le": "utf-16", "utf-16-be": "utf-16"}  # names that a person knows
START = 2**16  # characters from which the delimiter is told
TEXT_NAMES = (
    *("text", "sentence", "review", "comment", "content", "message", "utterance", "tweet", "post", "query"),
    *("question", "body", "title", "description", "feedback", "snippet"),
    *("文本", "文字", "内容", "评论", "句子", "正文", "问题", "留言", "标题"),
)
LABEL_NAMES = (
    *("label", "labels", "class", "category", "intent", "sentiment", "target", "tag", "topic", "emotion"),
    *("type", "stars", "rating", "polarity", "y"),
    *("标签", "类别", "分类", "意图", "情感", "标注", "类型", "主题", "星级"),
)


def read_table(path: str | Path, limits: TableLimits = LIMITS) -> Table:
    """The table in a CSV, TSV or JSONL file; its kind, encoding and delimiter are told from its content.

    A first row that looks like data is no header: the columns are then "Column 1" and so on. Raises
    EngineError, naming the line (and column), for what is no table or not allowed.
    """
    path = Path(path)
    name = tidy(path.name) or "?"
    if path.stat().st_size > limits.megabytes * 10**6:
        raise EngineError("{file} is too large; at most {most} MB.", file=name, most=limits.megabytes)
    encoding = find_encoding(path)
    if encoding is None:
        raise EngineError(
            "{file} is not a text file; choose a CSV, TSV or JSONL file. A spreadsheet can be saved as CSV.", file=name
        )
    with path.open(encoding=encoding, errors="replace", newline="") as file:
        start = file.read(START)
        if not start.strip():
            raise EngineError("{file} is empty.", file=name)
        file.seek(0)
        table = Table(name, (), (), SHOWN.get(encoding, encoding), "")
        if re.match(r"\s*(\[\s*)?\{", start):
            table = _read_json_lines(file, table, limits)
        else:
            table = _read_delimited(file, replace(table, delimiter=_find_delimiter(start)), limits)
    if not table.rows:
        raise EngineError("{file} has a header but no rows.", file=name)
    return replace(table, damaged=sum("\ufffd" in "".join(row) for row in table.rows))


# --- JSONL ---------------------------------------------------------------------------------------------------


def _read_json_lines(file: TextIO, table: Table, limits: TableLimits) -> Table:
    """One object a line; a field that is missing or null is an empty cell."""
    objects: list[dict[str, str]] = []
    columns: dict[str, None] = {}
    for number, line in enumerate(iter(lambda: file.readline(limits.line), ""), 1):
        if not line.strip():
            continue
        if len(line) == limits.line:
            raise EngineError("Line {line} has more than {most} characters.", line=number, most=limits.line)
        if len(objects) == limits.rows:
            raise too_many_rows(table.name, limits)
        cells = _json_cells(line, number)
        columns.update(dict.fromkeys(cells))
        if len(columns) > limits.columns:
            raise EngineError("{file} has more than {most} columns.", file=table.name, most=limits.columns)
        check_cells(list(cells.values()), list(cells), number, limits)
        objects.append(cells)
    rows = tuple(tuple(cells.get(column, "") for column in columns) for cells in objects)
    return replace(table, columns=column_names(columns), rows=rows)


def _json_cells(line: str, number: int) -> dict[str, str]:
    try:
        data = json.loads(line)
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict):
        raise EngineError(
            "Line {line} is not a JSON object; each line must hold one, with fields such as text and label.",
            line=number,
        )
    for field, value in data.items():
        if isinstance(value, (dict, list)):
            raise EngineError(
                "Line {line}: the field {column} holds a list or an object; only texts and numbers are allowed.",
                line=number,
                column=tidy(field),
            )
    return {field: _json_cell(value) for field, value in data.items()}


def _json_cell(value: Any) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value)
    # Escapes may write a zero, or half a character, which nothing could encode again.
    return text.replace("\0", "").encode("utf-8", "replace").decode()


# --- CSV and TSV ---------------------------------------------------------------------------------------------


def _find_delimiter(start: str) -> str:
    """The delimiter with which most rows have as many cells as the first, which must have two at least."""

    def fit(delimiter: str) -> float:
        rows = csv.reader(StringIO(start, newline=""), delimiter=delimiter, skipinitialspace=True)
        sizes: list[int] = []
        with contextlib.suppress(csv.Error):  # what comes before the trouble will do
            sizes.extend(len(row) for row in rows if any(row))
        return sizes.count(sizes[0]) / len(sizes) if sizes and sizes[0] > 1 else 0.0

    best = max(DELIMITERS, key=fit)
    return best if fit(best) else ""


def _read_delimited(file: TextIO, table: Table, limits: TableLimits) -> Table:
    """The rows of a CSV or TSV file.

    Many TSV files know no quotes: there, a text that begins with one would swallow the next rows. So if
    something looks odd, the rows are read without quotes too, and it stays so if then all of them fit.
    """
    tabs = table.delimiter == "\t"
    try:
        quoted = _read_rows(file, table, limits, csv.QUOTE_MINIMAL)
    except EngineError:
        if not tabs:
            raise
        file.seek(0)
        return _read_rows(file, table, limits, csv.QUOTE_NONE)
    if tabs and (quoted.ragged or any("\n" in cell or "\t" in cell for row in quoted.rows for cell in row)):
        file.seek(0)
        with contextlib.suppress(EngineError):
            literal = _read_rows(file, table, limits, csv.QUOTE_NONE)
            return quoted if literal.ragged else literal
    return quoted


def _read_rows(file: TextIO, table: Table, limits: TableLimits, quoting: int) -> Table:
    rows: list[tuple[str, ...]] = []
    width = ragged = ragged_line = 0
    for line, row in _rows(file, table.delimiter or ONE_COLUMN, quoting, limits):
        if not any(map(str.strip, row)):
            continue
        check_cells(row, rows[0] if rows else (), line, limits)
        width = width or max(place for place, cell in enumerate(row, 1) if cell.strip())
        if not any(map(str.strip, row[width:])):  # spreadsheets fill rows with empty cells
            del row[width:]
        if width > limits.columns:
            raise EngineError("{file} has more than {most} columns.", file=table.name, most=limits.columns)
        if len(row) != width:
            ragged, ragged_line = ragged + 1, ragged_line or line
            continue
        if len(rows) > limits.rows:
            raise too_many_rows(table.name, limits)
        rows.append(tuple(row))
    if ragged > len(rows):
        raise EngineError(
            "Most rows of {file} do not have {count} cells as the first one has, such as line {line}; check the"
            " separators and quotes.",
            file=table.name,
            count=width,
            line=ragged_line,
        )
    header = _has_header(rows)
    columns = column_names(rows[0] if header else [""] * width)
    return replace(table, columns=columns, rows=tuple(rows[header:]), ragged=ragged, ragged_line=ragged_line)


def _rows(file: TextIO, delimiter: str, quoting: int, limits: TableLimits) -> Iterator[tuple[int, list[str]]]:
    """(number of its first line, cells) of each row."""
    lines: list[str] = []  # of this row

    def read() -> Iterator[str]:
        # A longer line has too many or too long cells, so it may be cut, whatever it holds.
        while line := file.readline(limits.line):
            lines.append(line)
            yield line

    style = {"delimiter": delimiter, "quoting": quoting, "skipinitialspace": True}
    reader, line = csv.reader(read(), **style), 1
    while True:
        lines.clear()
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as problem:  # mostly a cell beyond what csv reads: show its beginning, to be refused
            start = "".join(lines)[: csv.field_size_limit()]
            row = []
            with contextlib.suppress(csv.Error):
                row += next(csv.reader(StringIO(start, newline=""), **style), [])
            if max(map(len, row), default=0) <= limits.cell:
                raise EngineError("Line {line} is not a row of a table; check its quotes.", line=line) from problem
        yield line, row
        line = reader.line_num + 1


def _has_header(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first row names the columns rather than being data.

    It is data if one of its cells comes again in a column of few different values, which is a label; or if
    some of its cells, but not all, are numbers and none is a usual name.
    """
    first, rest = rows[0], rows[1:]
    for cell, column in zip(first, zip(*rest, strict=True), strict=False):
        if cell.strip() and cell in column and 2 * len(set(column)) <= len(rows):
            return False
    if {cell.strip("\ufeff ").casefold() for cell in first} & {*TEXT_NAMES, *LABEL_NAMES}:
        return True
    numbers = sum(_is_number(cell) for cell in first)
    return len(first) > 1 and numbers in (0, len(first))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
