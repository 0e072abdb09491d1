"""Reads JSON lines, JSON arrays, and the other shapes in which programs write a table as JSON."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from io import StringIO
from typing import Any, TextIO

from engines.data.tables.cells import Record, Table, TableLimits, check_cells, tidy, too_many_columns, too_many_rows
from engines.messages import EngineError, Message

LOOKS_SO = re.compile(r"\ufeff?(\s*//[^\n]*\n)*\s*((\[\s*)*\{\s*[\"'}]|\[\s*(\[|\]|\{)|\[\s*[\r\n]\s*\")")
# What JSON forbids and people write: a comma before a closing bracket, lines of comment.
FORBIDDEN = re.compile(r",(?=\s*[}\]])|^\s*//.*$", re.MULTILINE)
# Numbers keep the digits that they are written with.
DECODER = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=str)
NO_OBJECT = "Line {line} is not a JSON object; each line must hold one, with fields such as text and label."


def looks_like_json(start: str) -> bool:
    """Whether a file that begins so holds objects or arrays."""
    if LOOKS_SO.match(start):
        return True
    try:
        first = DECODER.decode(start.strip("\ufeff \t\r\n").partition("\n")[0].strip(" \t\r,"))
    except (ValueError, RecursionError):
        return False
    return _is_row(first)


def read_objects(file: TextIO, table: Table, limits: TableLimits) -> tuple[Table, bool, list[Record]]:
    """(the table, whether the first record has the column names for sure, a record for each object or array).

    A field that is missing or null is an empty cell.
    """
    found: list[tuple[int, Any]] = []
    for line, value in _patient_values(file, limits):
        if len(found) == limits.rows:
            raise too_many_rows(table.name, limits)
        found.append((line, value))
    if len(found) == 1 and _is_row(found[0][1]):  # one array of texts: a column of them
        found = [(found[0][0], part) for part in found[0][1]]
    if found and all(isinstance(value, (str, bool)) for _, value in found):  # numbers are texts here
        found = [(line, [value]) for line, value in found]
    if found and isinstance(found[0][1], list):
        return table, False, _arrays(found, limits)
    columns: dict[str, None] = {}
    kept = _nested_fields([value for _, value in found])
    if kept:
        note = Message("Fields that hold lists or objects are kept as JSON: {names}.", names=tidy(", ".join(kept)))
        table = replace(table, notes=(*table.notes, note))
    rows = [(line, *_cells(line, value, kept)) for line, value in found]
    for line, cells, _ in rows:
        columns.update(dict.fromkeys(cells))
        if len(columns) > limits.columns:
            raise too_many_columns(table.name, limits)
        check_cells(list(cells.values()), list(cells), line, limits)
    records = [Record(line, [cells.get(name, "") for name in columns], why) for line, cells, why in rows]
    return table, True, [Record(0, list(columns)), *_mostly_rows(records)]


def _is_row(value: Any) -> bool:
    return isinstance(value, list) and len(value) > 1 and not any(isinstance(part, (list, dict)) for part in value)


def _arrays(found: Sequence[tuple[int, Any]], limits: TableLimits) -> list[Record]:
    """Records of arrays, all as wide as the first."""
    width, records = len(found[0][1]), []
    for line, value in found:
        cells = [_cell(part) for part in value] if isinstance(value, list) else []
        why = None if cells else Message(NO_OBJECT, line=line)
        if cells and len(cells) != width:
            why = Message("number of cells: {count}, not {width}", count=len(cells), width=width)
        check_cells(cells, (), line, limits)
        records.append(Record(line, [*cells, *[""] * width][:width], why))
    return _mostly_rows(records)


def _mostly_rows(records: list[Record]) -> list[Record]:
    """The records; EngineError if half of them are none."""
    odd = [record.why for record in records if record.why]
    if odd and 2 * len(odd) >= len(records):
        raise EngineError(odd[0].template, **odd[0].values)
    return records


def _patient_values(file: TextIO, limits: TableLimits) -> Iterator[tuple[int, Any]]:
    """`_values`; where the first of them cannot be read, those of the text without what is FORBIDDEN."""
    values = _values(file, limits)
    first = next(values, None)
    if first is not None and first[1] is None:
        file.seek(0)
        text = file.read()
        file.seek(0)
        yield from _values(StringIO(FORBIDDEN.sub("", text)) if FORBIDDEN.search(text) else file, limits)
    elif first is not None:
        yield first
        yield from values


def _values(file: TextIO, limits: TableLimits) -> Iterator[tuple[int, Any]]:
    """(line, what stands there) of each row; an array or nested shape is taken apart."""
    first = next((line for line in iter(lambda: file.readline(limits.line), "") if line.strip()), "")
    file.seek(0)
    try:
        value = DECODER.decode(first.strip("\ufeff \t\r\n,"))
        one_a_line = isinstance(value, dict) or _is_row(value)
    except (ValueError, RecursionError):
        one_a_line = not _is_whole(file)
        file.seek(0)
    yield from _lines(file, limits) if one_a_line else _whole(file)


def _lines(file: TextIO, limits: TableLimits) -> Iterator[tuple[int, Any]]:
    values: list[tuple[int, Any]] = []
    for number, line in enumerate(iter(lambda: file.readline(limits.line), ""), 1):
        if not line.strip("\ufeff \t\r\n\x1a"):
            continue
        if len(line) == limits.line:
            raise EngineError("Line {line} has more than {most} characters.", line=number, most=limits.line)
        try:
            value = DECODER.decode(line.strip("\ufeff \t\r\n,"))
        except (ValueError, RecursionError):
            value = None
        values.append((number, value))
        if len(values) > limits.rows:
            break
    yield from _unwrapped(*values[0]) if len(values) == 1 else values


def _is_whole(file: TextIO) -> bool:
    """Whether it is JSON that goes over several lines, rather than lines of which the first is broken."""
    text = file.read().strip("\ufeff \t\r\n")
    try:
        DECODER.raw_decode(text)
    except (ValueError, RecursionError):
        return text.startswith("[")
    return True


def _whole(file: TextIO) -> Iterator[tuple[int, Any]]:
    """The elements of an array, or values one after the other that go over several lines."""
    text = file.read()
    at = re.match(r"[\ufeff\s]*", text).end()
    array = text[at : at + 1] == "["
    at, line, counted = at + array, 1, 0
    values: list[tuple[int, Any]] = []
    while True:
        at = re.compile(r"[\s,]*").match(text, at).end()
        if at == len(text) or (array and text[at] == "]"):
            break
        line, counted = line + text.count("\n", counted, at), at
        try:
            value, at = DECODER.raw_decode(text, at)
        except (ValueError, RecursionError):
            value, following = None, re.compile(r"[\r\n]\s*(?=[\[{])").search(text, at + 1)
            at = following.end() if following else len(text)
        values.append((line, value))
    if len(values) == 1 and not array:
        yield from _unwrapped(*values[0])
    else:
        yield from values


def _named(values: Sequence[tuple[int, list[Any]]]) -> Iterator[tuple[int, Any]]:
    """Rows that are arrays, the first of which has the names."""
    names = [_cell(name) for name in values[0][1]]
    for line, value in values[1:]:
        yield line, dict(zip(names, value, strict=True)) if len(value) == len(names) else None


def _unwrapped(line: int, value: Any) -> Iterator[tuple[int, Any]]:
    """The rows in an object that holds all of them: under one name, or an array a column."""
    inner = list(value.values()) if isinstance(value, dict) else []
    if isinstance(value, dict) and {"columns", "data"} <= value.keys() and isinstance(value["data"], list):
        yield from _named([(line, row) for row in [value["columns"], *value["data"]] if isinstance(row, list)])
        return
    tables = [part for part in inner if isinstance(part, list) and part and all(isinstance(row, dict) for row in part)]
    if len(tables) == 1:
        yield from ((line, row) for row in tables[0])
    elif inner and all(isinstance(part, list) and len(part) == len(inner[0]) for part in inner):
        yield from ((line, dict(zip(value, row, strict=True))) for row in zip(*inner, strict=True))
    elif inner and all(isinstance(part, dict) and part.keys() == inner[0].keys() for part in inner):
        if len(inner) > len(inner[0]):  # a row under each name, rather than a column
            yield from ((line, row) for row in inner)
            return
        yield from ((line, {name: part[key] for name, part in value.items()}) for key in inner[0])
    else:
        yield line, value


def _nested_fields(values: Sequence[Any]) -> list[str]:
    """The fields that hold lists or objects in most rows, such as the source of a text.

    None if there are no other fields, or only one row: then the file is no table.
    """
    nested: Counter[str] = Counter()
    filled: Counter[str] = Counter()
    for value in values:
        for field, part in value.items() if isinstance(value, dict) else ():
            filled[field] += part is not None
            nested[field] += _is_nested(part)
    kept = [field for field, count in nested.items() if 2 * count > filled[field]]
    return kept if len(values) > 1 and len(kept) < len(filled) else []


def _is_nested(value: Any) -> bool:
    """Whether it is a list or an object; a list of one text or number counts as that, an empty one as none."""
    if isinstance(value, list):
        return len(value) > 1 or any(isinstance(part, (dict, list)) for part in value)
    return isinstance(value, dict)


def _cells(line: int, value: Any, kept: Collection[str]) -> tuple[dict[str, str], Message | None]:
    """(field -> cell, why it is no row); lists and objects are no reason in the fields `kept` as JSON."""
    if not isinstance(value, dict):
        return {}, Message(NO_OBJECT, line=line)
    value = {field: _single(part) if field not in kept else part for field, part in value.items()}
    nested = next((field for field, part in value.items() if _is_nested(part) and field not in kept), None)
    if nested is None:
        return {_text(field): _cell(part) for field, part in value.items()}, None
    why = Message(
        "Line {line}: the field {column} holds a list or an object; only texts and numbers are allowed.",
        line=line,
        column=tidy(nested),
    )
    return {_text(field): _cell(part) for field, part in value.items()}, why


def _single(value: Any) -> Any:
    """The only part of a list, None of an empty one: programs that allow several labels write one so."""
    return (value[0] if value else None) if isinstance(value, list) and not _is_nested(value) else value


def _cell(value: Any) -> str:
    """A value as it reads."""
    if value is None:
        return ""
    return _text(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def _text(text: str) -> str:
    # Escapes may write a zero, or half a character, which nothing could encode again.
    return text.replace("\0", "").encode("utf-8", "replace").decode()
