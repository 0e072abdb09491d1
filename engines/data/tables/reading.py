"""Reads a table that somebody brings: CSV, TSV and their kin, or JSON; what it is, its content tells.

Uploads are hostile until shown otherwise: a file is read in pieces, and every size is checked on the way.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import TextIO

from engines.data.tables.cells import LIMITS, Record, Table, TableLimits, column_names, tidy
from engines.data.tables.delimited import START, read_delimited
from engines.data.tables.encodings import Encoding, find_encoding
from engines.data.tables.fasttext import looks_like_fasttext, read_fasttext
from engines.data.tables.objects import looks_like_json, read_objects
from engines.data.uploads import size_of
from engines.messages import EngineError, Message

# Names that a person knows.
SHOWN = {
    **{"utf-8-sig": "utf-8", "utf-16-le": "utf-16", "utf-16-be": "utf-16", "big5hkscs": "big5", "cp932": "shift-jis"},
    **{"cp949": "euc-kr", "euc_jp": "euc-jp", "koi8_u": "koi8", "iso8859_5": "iso-8859-5", "iso8859_2": "iso-8859-2"},
    **{
        "iso8859_6": "iso-8859-6",
        "mac_roman": "mac roman",
        "mac_cyrillic": "mac cyrillic",
        "iso8859_15": "iso-8859-15",
    },
}
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
NAMES = "The first row is taken for the names of the columns: {names}. If it is data, put a row of names above it."
DATA = "The first row is taken for data. If it is names, take usual ones, such as text and label."
DOCUMENT = re.compile(r"\s*(<!doctype|<html|<\?xml|<table|\{\\rtf|%PDF|@relation\s)", re.IGNORECASE)
HasHeader = Callable[[Sequence[Sequence[str]]], bool]


def has_header(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first row names the columns rather than being data.

    Two usual names are enough. Else it is data if one of its cells comes again in a column of few different values,
    which is a label; or if some of its cells, but not all, are numbers and none is a usual name; or if all of it has
    the same shape as what follows, or is as long as that and not made of single words.
    """
    first, rest = rows[0], rows[1:]
    usual = sum(cell.strip("\ufeff ").casefold() in (*TEXT_NAMES, *LABEL_NAMES) for cell in first)
    if usual > 1:
        return True
    for cell, column in zip(first, zip(*rest, strict=True), strict=False):
        if cell.strip() and cell in column and 2 * len(set(column)) <= len(rows):
            return False
    if usual:
        return True
    numbers = sum(_is_number(cell) for cell in first)
    if numbers not in (0, len(first)) or _alike(rows):
        return False
    if len(first) == 1:
        return len(rows) > 2 and _words(first[0]) == 1 and not _like_the_rest(rows)
    return not (_like_the_rest(rows) and max(map(_words, first)) > 2)


def told_header(rows: Sequence[Sequence[str]], headed: bool) -> tuple[Message, ...]:
    """What to say of a first row that looks like the others, so that it may have been taken for what it is not."""
    if not headed and len(rows[0]) == 1:
        return (Message(DATA),)
    if {cell.strip("\ufeff ").casefold() for cell in rows[0]} & {*TEXT_NAMES, *LABEL_NAMES} or not _like_the_rest(
        rows
    ):
        return ()
    return (Message(NAMES, names=tidy(", ".join(rows[0]))),) if headed else (Message(DATA),)


def read_table(path: str | Path, limits: TableLimits = LIMITS, header: HasHeader = has_header) -> Table:
    """The table in a file; its kind, encoding and separator are told from its content.

    Without a `header` the columns are "Column 1" and so on. Every record is a row, the blank ones too; those with
    another number of cells are in `odd`. EngineError, naming the line (and column), for what is no table or not
    allowed.
    """
    path = Path(path)
    name = tidy(path.name) or "?"
    if size_of(path) > limits.megabytes * 10**6:
        raise EngineError("{file} is too large; at most {most} MB.", file=name, most=limits.megabytes)
    encoding = find_encoding(path)
    if encoding is None:
        raise EngineError(
            "{file} is not a text file; choose a CSV, TSV or JSONL file. A spreadsheet can be saved as CSV.", file=name
        )
    table = Table(name, (), (), _shown(encoding.name), "", notes=_notes(encoding))
    if not encoding.plain:
        return _read(StringIO(encoding.decode(path.read_bytes()), newline=""), table, limits, header)
    with path.open(encoding=encoding.name, errors="replace", newline="") as file:
        return _read(file, table, limits, header)


def read_pasted(text: str, name: str, limits: TableLimits = LIMITS, header: HasHeader = has_header) -> Table:
    """The same of a text, which is called `name` in sentences."""
    whole = text.removeprefix("\ufeff").encode("utf-8", "replace").decode()  # half a character cannot be written
    return _read(StringIO(whole, newline=""), Table(name, (), (), "", ""), limits, header)


def _read(file: TextIO, table: Table, limits: TableLimits, header: HasHeader) -> Table:
    start = file.read(START)
    if not start.strip():
        raise EngineError("{file} is empty.", file=table.name)
    if DOCUMENT.match(start):
        raise EngineError("{file} is a web page or another document, not a table; save it as CSV.", file=table.name)
    file.seek(0)
    if looks_like_json(start):
        table, named, found = read_objects(file, table, limits)
    elif looks_like_fasttext(start):
        named, found = True, read_fasttext(file, table, limits)
    else:
        named = False
        table, found = read_delimited(file, table, limits)
    if not found:  # nothing but signs that no cell keeps
        raise EngineError("{file} is empty.", file=table.name)
    if not named:
        full = [record.cells for record in found if not record.why]
        named = found[0].why is None and header(full)
        if header is has_header and found[0].why is None:
            table = replace(table, notes=(*table.notes, *told_header(full, named)))
    names = found.pop(0) if named else Record(0, [""] * len(full[0]))
    found = _once_named(found, [cell.strip("\ufeff ") for cell in names.cells])
    if not found:
        raise EngineError("{file} has a header but no rows.", file=table.name)
    return replace(
        table,
        columns=column_names(names.cells),
        rows=tuple(tuple(record.cells) for record in found),
        lines=tuple(record.line for record in found),
        odd={row: record.why for row, record in enumerate(found) if record.why},
    )


def _once_named(found: list[Record], names: list[str]) -> list[Record]:
    """The records; those that repeat the names, as in files that were put together of several, are no rows."""
    if len(names) < 2:
        return found
    why = Message("the names of the columns again")
    return [
        replace(record, why=why)
        if record.cells[-1].strip() == names[-1] and [cell.strip("\ufeff ") for cell in record.cells] == names
        else record
        for record in found
    ]


def _shown(encoding: str) -> str:
    return SHOWN.get(encoding, encoding)


def _notes(encoding: Encoding) -> tuple[Message, ...]:
    """Whether the encoding is a guess."""
    taken = _shown(encoding.name).upper()
    if encoding.twice:
        foreign = _shown(encoding.twice).upper()
        return (Message("The texts were UTF-8, taken for {foreign} and saved as UTF-8 once more: that is undone.",
                        foreign=foreign),)  # fmt: skip
    if encoding.mixed:
        foreign = _shown(encoding.mixed).upper()
        return (Message("Some lines are {taken}, others {foreign}: each is read as what it is.", taken=taken,
                        foreign=foreign),)  # fmt: skip
    if encoding.other:
        return (
            Message(
                "Read as {taken}: “{text}”, though {other} is possible too: “{text_too}”. Save the file as UTF-8 if"
                " the texts look wrong.",
                taken=taken,
                text=tidy(encoding.readings[0]),
                other=_shown(encoding.other).upper(),
                text_too=tidy(encoding.readings[1]),
            ),
        )
    if not encoding.sure:
        return (
            Message("Read as {taken}, which is a guess; save the file as UTF-8 if the texts look wrong.", taken=taken),
        )
    return ()


def _alike(rows: Sequence[Sequence[str]]) -> bool:
    """Whether each cell of the first row is built like most cells below it, such as "text 0" like "text 1"."""
    columns = list(zip(*rows[:200], strict=True))
    return len(rows) > 2 and all(
        any(map(str.isdigit, cell)) and 2 * sum(_shape(other) == shape for other in rest) > len(rest)
        for cell, *rest in columns
        for shape in [_shape(cell)]
    )


def _like_the_rest(rows: Sequence[Sequence[str]]) -> bool:
    """Whether each cell of the first row could stand in its column: by length, as a number or not, by its spaces."""
    return len(rows) > 2 and all(map(_fits, *_first_and_rest(rows)))


def _first_and_rest(rows: Sequence[Sequence[str]]) -> tuple[list[str], list[list[str]]]:
    columns = [[cell.strip() for cell in column] for column in zip(*rows[:200], strict=True)]
    return [column[0] for column in columns], [[cell for cell in column[1:] if cell] for column in columns]


def _fits(cell: str, others: Sequence[str]) -> bool:
    if not others or not cell:
        return not cell
    lengths = sorted(map(len, others))
    shortest, longest = lengths[len(lengths) // 10], lengths[-1 - len(lengths) // 10]
    numbers, sentences = sum(map(_is_number, others)), sum(_words(other) > 1 for other in others)
    if _is_number(cell) != (2 * numbers > len(others)) or (_words(cell) < 2 and 5 * sentences > 4 * len(others)):
        return False
    return shortest <= 2 * len(cell) and len(cell) <= 2 * longest


def _words(text: str) -> int:
    """How many words it has; four characters of a script without spaces count as two."""
    return max(len(text.split()), len(re.findall("[\u0e00-\u0eff\u3040-\u9fff]", text)) // 2)


def _shape(text: str) -> str:
    """The text with its numbers made alike."""
    return re.sub(r"\d+", "0", text.strip())


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
