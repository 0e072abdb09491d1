"""CSV that opens everywhere."""

import csv

import pytest

from engines.data.tables.writing import harmless, write_csv


@pytest.mark.parametrize("cell", ["=1+1", "@SUM(A1)", "+a", "-a", "\t=1", "\r=1", "＝1+1", "-1+1|cmd"])
def test_no_cell_starts_a_formula(cell):
    assert harmless(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["-1", "+5.2", "1,000", "a=b", "", "-1e5", "-5%"])
def test_numbers_and_texts_stay(cell):
    assert harmless(cell) == cell


def test_a_file_begins_with_a_mark_and_names_no_column_twice(tmp_path):
    path = tmp_path / "out.csv"
    write_csv(path, ["text", "predicted", "predicted", "Text"], [["猫", None, float("nan"), 1.5]])
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(path.read_text("utf-8-sig").splitlines()))
    assert rows == [["text", "predicted", "predicted (2)", "Text (2)"], ["猫", "", "", "1.5"]]
