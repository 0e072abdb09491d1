"""From an uploaded table to labelled texts that a classifier can learn from. Needs no torch."""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from engines.data.tables.cells import LIMITS, Table, TableLimits, tidy
from engines.data.tables.labels import is_blank, look_alikes, natural_order, one_of_each, tidy_label
from engines.data.tables.reading import LABEL_NAMES, TEXT_NAMES, read_table
from engines.finetuning.data.brought import about_parts, parts_of, split_column, usable_parts
from engines.messages import ConfigError, Message

__all__ = [
    "LIMITS",
    "LabelledTexts",
    "Table",
    "TableLimits",
    "check_classes",
    "guess_columns",
    "label_texts",
    "read_table",
    "tidy_label",
]
MOST_LINES = 5  # that are told of those left out
TO_TEST = 3  # rows of a class from which one is watched and one tested


@dataclass(frozen=True)
class Example:
    """A row of a table with its text and label; either may be blank."""

    row: int
    text: str
    label: str

    @property
    def key(self) -> str:
        """The text without what makes no difference."""
        return " ".join(self.text.casefold().split())


@dataclass(frozen=True, eq=False)
class LabelledTexts:
    """Texts of at least two classes; no text comes twice."""

    name: str  # "movie_reviews", "intents" or the file's name
    texts: tuple[str, ...]
    labels: np.ndarray  # int64 [N]
    label_names: tuple[str, ...]  # in natural order: "2" before "10", "a" before "B"
    empty: int = 0  # rows left out because the text or the label was blank
    odd: int = 0  # rows left out because they have another number of cells, or are no JSON objects
    damaged: int = 0  # rows left out because a character of the label could not be decoded
    duplicates: int = 0  # rows left out because the same text with the same label came before
    conflicts: int = 0  # rows left out because the same text comes with another label too
    where: Mapping[str, tuple[int, ...]] = field(default_factory=dict)  # "empty", … -> the first lines left out so
    merged: tuple[tuple[str, ...], ...] = ()  # (label, *how it was written), of those that read alike
    alike: tuple[tuple[str, ...], ...] = ()  # labels that look alike; they are kept apart
    notes: tuple[Message, ...] = ()  # what else a person should know of them
    parts: tuple[str, ...] = ()  # of the split that a column tells, one a text; none if none does

    def __len__(self) -> int:
        return len(self.texts)


def guess_columns(table: Table) -> tuple[str, str]:
    """(text column, label column), by their names, else by their content.

    A label column has few different values, and does not name the parts of a split; a text column has the longest.
    ConfigError for a single column.
    """
    if len(table.columns) < 2:
        raise ConfigError(
            "{file} has only one column; it needs texts and labels, separated by commas, semicolons, tabs or |.",
            file=table.name,
        )
    cells = dict(zip(table.columns, zip(*table.rows, strict=True), strict=True))
    text, label = _named(table.columns, TEXT_NAMES), _named(table.columns, LABEL_NAMES)
    if label is None:
        split = split_column(table, (text or "",))
        others = {name: column for name, column in cells.items() if name not in (text, split)} or cells
        kinds = {name: len({cell.strip() for cell in column} - {""}) for name, column in others.items()}
        most = min(LIMITS.classes, len(table.rows) // 2)
        repeated = [name for name, kind in kinds.items() if 2 <= kind <= most]
        label = min(repeated, key=kinds.__getitem__) if repeated else list(kinds)[-1]
    if text is None:
        text = max((name for name in cells if name != label), key=lambda name: sum(map(len, cells[name])))
    return text, label


def _named(columns: Sequence[str], names: Sequence[str]) -> str | None:
    """The column with the first of the usual names."""
    by_name = {column.casefold(): column for column in reversed(columns)}
    return next((by_name[name] for name in names if name in by_name), None)


def label_texts(table: Table, text_column: str, label_column: str, limits: TableLimits = LIMITS) -> LabelledTexts:
    """The labelled texts in two columns of a table.

    Labels that read alike are one; those that differ in case or only look alike are not, but are listed. Texts that
    differ only in spaces and case count as the same text, which is kept once. A text that comes with different
    labels says nothing about either: all its rows are left out, so that no text can land in two parts of a split.
    ConfigError, naming the column, for what nothing can be learnt from.
    """
    texts, labels = _column(table, text_column), _column(table, label_column)
    if text_column == label_column:
        raise ConfigError("The text and the label must be in two different columns.")
    rows = [row for row in range(len(texts)) if row not in table.odd]
    texts = [unicodedata.normalize("NFC", texts[row]).strip() for row in rows]
    read = one_of_each([labels[row] for row in rows])
    for column, cells in ((text_column, texts), (label_column, read.names)):
        if not any(cells):
            raise ConfigError("The column {column} is empty in every row.", column=column)
    examples = [Example(*parts) for parts in zip(rows, texts, read.names, strict=True)]
    kept, left = _sorted_out(examples)
    candidates = kept + left["duplicates"] + left["conflicts"]
    _check_label_column(label_column, [example.label for example in candidates], limits)
    check_classes([example.label for example in kept], limits)
    names = natural_order({example.label for example in kept})
    places = {name: place for place, name in enumerate(names)}
    numbers = np.array([places[example.label] for example in kept], np.int64)
    split = split_column(table, (text_column, label_column))
    parts = usable_parts(parts_of(table, split, [example.row for example in kept]), numbers)
    return LabelledTexts(
        name=table.name,
        texts=tuple(example.text for example in kept),
        labels=numbers,
        label_names=names,
        odd=len(table.odd),
        **{kind: len(examples) for kind, examples in left.items()},
        where={kind: tuple(_line(table, one.row) for one in found[:MOST_LINES]) for kind, found in left.items()},
        merged=read.merged,
        alike=look_alikes(names),
        notes=(about_parts(split, parts),) if split else (),
        parts=parts,
    )


def _sorted_out(examples: Sequence[Example]) -> tuple[list[Example], dict[str, list[Example]]]:
    """(the examples to use, those to leave out by the reason)."""
    left: dict[str, list[Example]] = {"empty": [], "damaged": [], "duplicates": [], "conflicts": []}
    labels_of: dict[str, set[str]] = defaultdict(set)
    for example in examples:
        labels_of[example.key].add(example.label)
    firsts: dict[tuple[str, str], Example] = {}
    for example in examples:
        if is_blank(example.text) or not example.label:
            left["empty"].append(example)
        elif "\ufffd" in example.label:
            left["damaged"].append(example)
        elif len(labels_of[example.key] - {""}) > 1:
            left["conflicts"].append(example)
        elif (example.key, example.label) in firsts:
            left["duplicates"].append(example)
        else:
            firsts[example.key, example.label] = example
    return list(firsts.values()), left


def _line(table: Table, row: int) -> int:
    return table.lines[row] if table.lines else row + 1


def _column(table: Table, name: str) -> tuple[str, ...]:
    if name not in table.columns:
        known = ", ".join(table.columns[:20])
        raise ConfigError("The table has no column {column}; it has {known}.", column=name, known=known)
    place = table.columns.index(name)
    return tuple(row[place] for row in table.rows)


def _check_label_column(column: str, labels: Sequence[str], limits: TableLimits) -> None:
    """ConfigError for a column that holds no labels."""
    count, rows = len(set(labels)), len(labels)
    if rows >= limits.fewest_rows and (count > limits.classes or 2 * count > rows):
        raise ConfigError(
            "The column {column} has {count} different values in {rows} rows, so it looks like a text; choose one"
            " with at most {most} labels.",
            column=column,
            count=count,
            rows=rows,
            most=limits.classes,
        )
    if any(len(label) > limits.label for label in labels):
        raise ConfigError(
            "The column {column} has a label of more than {most} characters; choose a column with short labels.",
            column=column,
            most=limits.label,
        )
    if count == 1:
        raise ConfigError(
            "The column {column} has only one label, {label}; at least two are needed.",
            column=column,
            label=tidy(labels[0]),
        )


def check_classes(labels: Sequence[str], limits: TableLimits = LIMITS) -> None:
    """ConfigError unless there are enough rows in all, two classes, and one of them can be tested."""
    counts = Counter(labels)
    rows, least = len(labels), limits.fewest_rows
    if rows < least:
        raise ConfigError(
            "Only {rows} different labelled examples are left; at least {least} are needed.", rows=rows, least=least
        )
    if len(counts) < 2:
        raise ConfigError("All examples that can be used have the label {label}.", label=tidy(labels[0]))
    if max(counts.values()) < TO_TEST:
        raise ConfigError("No label has {least} examples, so nothing could be tested; give some more.", least=TO_TEST)
