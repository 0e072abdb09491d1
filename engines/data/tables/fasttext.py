"""Reads the files of fastText: a line for each text, with its label before it, as __label__good What a film."""

from __future__ import annotations

import re
from typing import TextIO

from engines.data.tables.cells import Record, Table, TableLimits, check_cells, too_many_rows
from engines.messages import Message

MARK = "__label__"
LABELLED = re.compile(rf"{MARK}(\S+?)[\s,]+((?:{MARK}\S+[\s,]+)*)(.*)", re.DOTALL)
NAMES = ["text", "label"]


def looks_like_fasttext(start: str) -> bool:
    """Whether all lines of a file that begins so, but perhaps the last, which is cut, have a label before the text."""
    lines = [line for line in start.splitlines()[:-1] if line.strip()]
    return len(lines) > 1 and all(map(LABELLED.match, lines))


def read_fasttext(file: TextIO, table: Table, limits: TableLimits) -> list[Record]:
    """The names of the columns, and a record for each line; one with several labels says so."""
    records = [Record(0, NAMES)]
    for number, line in enumerate(iter(lambda: file.readline(limits.line), ""), 1):
        if not line.strip():
            continue
        found = LABELLED.match(line)
        label, more, text = found.groups() if found else ("", "", line)
        cells = [text.strip(), label]
        check_cells(cells, NAMES, number, limits)
        why = Message("several labels") if more else None
        records.append(Record(number, cells, why))
        if len(records) > limits.rows + 1:
            raise too_many_rows(table.name, limits)
    return records
