"""Files of fastText become tables of texts and labels."""

from __future__ import annotations

import pytest

from engines.data.tables.reading import read_pasted, read_table

ROWS = [(f"What a film, number {i}!", ("good", "很差")[i % 2]) for i in range(20)]


@pytest.mark.parametrize("between", [" ", "\t", " , ", ",", "  "])
@pytest.mark.parametrize("encoding", ["utf-8", "gbk"])
def test_each_line_is_a_text_with_its_label(tmp_path, between: str, encoding: str) -> None:
    path = tmp_path / "train.txt"
    path.write_bytes("".join(f"__label__{label}{between}{text}\r\n" for text, label in ROWS).encode(encoding))
    table = read_table(path)
    assert (table.columns, table.rows, dict(table.odd)) == (("text", "label"), tuple(ROWS), {})


def test_what_has_several_labels_or_none_is_told() -> None:
    lines = ["__label__a one", "__label__a __label__b two", "", "__label__b three", "__label__b"]
    table = read_pasted("\n".join([*lines[:4], lines[0], ""]), "it")
    assert [(row, label) for row, label in table.rows] == [("one", "a"), ("two", "a"), ("three", "b"), ("one", "a")]
    assert {row: str(why) for row, why in table.odd.items()} == {1: "several labels"}
    assert table.lines == (1, 2, 4, 5)


def test_a_text_that_speaks_of_such_marks_is_none() -> None:
    table = read_pasted("text,label\n__label__a is a mark,x\n__label__b too,y\n", "it")
    assert table.rows == (("__label__a is a mark", "x"), ("__label__b too", "y"))
