"""The split that data bring along: folders or a column that say what is to learn from, to watch and to test."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engines.data.folders import part_of
from engines.data.tables.cells import Table
from engines.messages import Message

MOST_SPELLINGS = 12  # different cells of such a column


def split_column(table: Table, others: Sequence[str]) -> str:
    """The column, none of `others`, whose cells name at least two parts and nothing else; "" if there is none."""
    whole = [row for number, row in enumerate(table.rows) if number not in table.odd]
    for place, column in enumerate(table.columns):
        cells = {row[place] for row in whole if row[place].strip()} if column not in others else ()
        parts = set(map(part_of, cells)) if len(cells) <= MOST_SPELLINGS else {""}
        if len(parts) > 1 and all(parts):
            return column
    return ""


def parts_of(table: Table, column: str, rows: Sequence[int]) -> list[str]:
    """The part that the column names in each of those rows; nothing without a column."""
    if not column:
        return []
    place = table.columns.index(column)
    return [part_of(table.rows[row][place]) for row in rows]


def usable_parts(parts: Sequence[str], labels: np.ndarray) -> tuple[str, ...]:
    """The parts, one for each of `labels` (int64 [N]); what is in none is to learn from.

    Nothing if some class would have nothing to learn from, or if fewer than two parts are left.
    """
    whole = tuple(part or "train" for part in parts)
    if len(set(whole)) < 2:
        return ()
    learnt = labels[np.array([part == "train" for part in whole])]
    return whole if set(learnt.tolist()) == set(labels.tolist()) else ()


def about_parts(names: str, parts: Sequence[str]) -> Message:
    """What is said of such a split, which stands in `names`: that it is used, unless `parts` is empty."""
    if parts:
        return Message("The split in {names} is used as it is.", names=names)
    return Message("The split in {names} cannot be used: some class has nothing to learn from in it.", names=names)
