"""Uploaded tables: what they become, and one clear sentence for each that is not allowed."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import random
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engines.data.tables.cells import TableLimits
from engines.finetuning.data.datasets import describe, split
from engines.finetuning.data.tables import Table, guess_columns, label_texts, read_table
from engines.messages import ConfigError, EngineError, PlaygroundError

GOOD, BAD = "我很喜欢这件衣服，质量不错", "太差了，再也不会买"
CHINESE = "文本,标签\n" + f"{GOOD},正面\n{BAD},负面\n" * 4


def saved(folder: Path, content: str | bytes, name: str = "mine.csv") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def read(folder: Path, content: str | bytes, name: str = "mine.csv", **limits: int) -> Table:
    return read_table(saved(folder, content, name), TableLimits(**limits))


def table_of(*rows: tuple[str, str], columns: tuple[str, ...] = ("text", "label")) -> Table:
    return Table("mine.csv", columns, rows, "utf-8", ",")


def pairs(*labels: str) -> tuple[tuple[str, str], ...]:
    """A text of its own for each label."""
    return tuple((f"text {row}", label) for row, label in enumerate(labels))


def sentence_of(caught: pytest.ExceptionInfo[PlaygroundError], *said: str) -> None:
    """It is one sentence for a person, and says all of `said`."""
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert sentence.endswith(".")
    assert len(sentence) < 250
    for words in said:
        assert words in sentence


def refused(folder: Path, content: str | bytes, *said: str, name: str = "mine.csv", **limits: int) -> None:
    with pytest.raises(EngineError) as caught:
        read(folder, content, name, **limits)
    sentence_of(caught, *said)


def unusable(table: Table, *said: str, columns: tuple[str, str] = ("text", "label")) -> None:
    with pytest.raises(ConfigError) as caught:
        label_texts(table, *columns)
    sentence_of(caught, *said)


# --- Reading ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_the_delimiter_is_found(tmp_path, delimiter: str, end: str) -> None:
    rows = [
        ("text", "label"),
        ("Good, really; I mean it", "pos"),
        ("Bad: a|b, c;d\te", "neg"),
        ('He said "no"', "neg"),
    ]
    target = io.StringIO()
    csv.writer(target, delimiter=delimiter, lineterminator=end).writerows(rows)
    table = read(tmp_path, target.getvalue())
    assert table.columns == rows[0]
    assert table.rows == tuple(rows[1:])
    assert table.delimiter == delimiter
    assert (table.ragged, table.damaged, table.encoding, table.name) == (0, 0, "utf-8", "mine.csv")


def test_a_text_full_of_commas_does_not_fool_a_tab_or_a_semicolon(tmp_path) -> None:
    for delimiter in "\t;":
        rows = [f"one, two, three{delimiter}a", f"one, two, four{delimiter}b"] * 4
        table = read(tmp_path, f"text{delimiter}label\n" + "\n".join(rows))
        assert table.delimiter == delimiter
        assert len(table.rows) == 8


def test_quotes_hold_newlines_and_quotes(tmp_path) -> None:
    table = read(tmp_path, 'text,label\n"two\nlines, ""quoted""",a\nplain,b\n')
    assert table.rows == (('two\nlines, "quoted"', "a"), ("plain", "b"))


def test_spaces_after_a_comma_do_not_break_quotes(tmp_path) -> None:
    assert read(tmp_path, 'label, text\na, "x, y"\nb, z\n').rows == (("a", "x, y"), ("b", "z"))


def test_a_tsv_without_quoting_loses_no_row(tmp_path) -> None:
    rows = ['"Solaris" is slow\tneg', '"Unclosed at the start\tpos', "fine\tpos", '"Again unclosed\tneg', "x\tneg"]
    table = read(tmp_path, "text\tlabel\n" + "\n".join(rows * 3))
    assert len(table.rows) == 15
    assert table.ragged == 0
    assert ('"Unclosed at the start', "pos") in table.rows
    quoted = read(tmp_path, 'text\tlabel\n"two\nlines"\ta\n"a ""b"""\tb\n')  # as Excel writes it
    assert quoted.rows == (("two\nlines", "a"), ('a "b"', "b"))


@pytest.mark.parametrize(
    ("encoding", "found"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("utf-16", "utf-16"),
        ("gb18030", "gb18030"),
        ("gbk", "gb18030"),
    ],
)
def test_chinese_files_are_read_whatever_wrote_them(tmp_path, encoding: str, found: str) -> None:
    table = read(tmp_path, CHINESE.encode(encoding))
    assert table.encoding == found
    assert table.columns == ("文本", "标签")
    assert table.rows[:2] == ((GOOD, "正面"), (BAD, "负面"))
    assert guess_columns(table) == ("文本", "标签")


@pytest.mark.parametrize(
    ("encoding", "found"),
    [("latin-1", "latin-1"), ("cp1252", "cp1252"), ("utf-16-le", "utf-16"), ("utf-16-be", "utf-16")],
)
def test_western_files_are_read_whatever_wrote_them(tmp_path, encoding: str, found: str) -> None:
    text = "L’été à Genève, c’est déjà fini" if found == "cp1252" else "L'été à Genève, c'est déjà fini"
    table = read(tmp_path, f"text;label\n{text};négatif\nTrès bien;positif\n".encode(encoding))
    assert table.encoding == found
    assert table.rows[0] == (text, "négatif")


def test_a_few_bad_bytes_spoil_their_rows_only(tmp_path) -> None:
    content = CHINESE.encode() + "半个字,正面\n".encode()[1:]
    table = read(tmp_path, content)
    assert table.encoding == "utf-8"
    assert table.damaged == 1
    assert table.rows[0] == (GOOD, "正面")


def test_the_end_mark_of_old_systems_is_no_junk(tmp_path) -> None:
    assert read(tmp_path, "text,label\r\na,x\r\nb,y\r\n\x1a").rows == (("a", "x"), ("b", "y"))


@pytest.mark.slow
def test_utf_8_that_begins_late_is_seen(tmp_path) -> None:
    table = read(tmp_path, "text,label\n" + "plain text,a\n" * 100_000 + "naïve,b\n")
    assert table.rows[-1] == ("naïve", "b")


def test_a_file_without_a_header(tmp_path) -> None:
    table = read(tmp_path, "I like it,pos\nI hate it,neg\nIt is fine,pos\nNo,neg\n")
    assert table.columns == ("Column 1", "Column 2")
    assert len(table.rows) == 4
    numbers = read(tmp_path, "1,I like it\n0,I hate it\n")
    assert numbers.columns == ("Column 1", "Column 2")
    assert guess_columns(table) == ("Column 1", "Column 2")


def test_a_header_is_seen_by_its_names_and_by_what_follows(tmp_path) -> None:
    assert read(tmp_path, "Frage,Antwort\nWie?,gut\nWas?,gut\n").columns == ("Frage", "Antwort")
    assert read(tmp_path, "text,1\nI like it,pos\n").columns == ("text", "1")
    assert read(tmp_path, "0,1\nI like it,pos\nNo,neg\n").columns == ("0", "1")  # as pandas names columns
    # A class called like a usual column name does not make the first row a header.
    assert len(read(tmp_path, "What is it?,question\nOh,remark\nWhy?,question\nAh,remark\n").rows) == 4


def test_column_names_are_never_empty_or_equal(tmp_path) -> None:
    table = read(tmp_path, ",text,text,a\tb\n0,x,y,z\n1,x,y,z\n")
    assert table.columns == ("Column 1", "text", "text (2)", "a b")


def test_a_spreadsheets_empty_cells_are_no_columns_and_blank_rows_are_rows(tmp_path) -> None:
    table = read(tmp_path, "\ntext,label,,\na,x,,\n,,,\n\nb,y,,\nc,,,\n\n")
    assert table.columns == ("text", "label")
    assert table.rows == (("a", "x"), ("", ""), ("", ""), ("b", "y"), ("c", ""))
    assert (table.ragged, table.lines) == (0, (3, 4, 5, 6, 7))


def test_line_ends_written_twice_are_no_rows(tmp_path) -> None:
    assert read(tmp_path, "text,label\r\r\na,x\r\r\nb,y\r\r\n").rows == (("a", "x"), ("b", "y"))


def test_ragged_lines_are_kept_apart_and_counted(tmp_path) -> None:
    table = read(tmp_path, 'text,label\nx,a\n"two\nlines",b\nno label\ny,a,b\nz,b\nv,a\nw,b\n')
    assert [row[0] for row in table.rows] == ["x", "two\nlines", "no label", "y", "z", "v", "w"]
    assert table.rows[3] == ("y", "a,b"), "nothing of it is lost"
    assert (set(table.odd), table.ragged, table.ragged_line) == ({2, 3}, 2, 5)
    texts = label_texts(replace(table, rows=(*table.rows, *pairs(*"abababab"))), "text", "label")
    assert (len(texts), texts.odd) == (13, 2)


def test_a_file_of_ragged_lines_is_refused(tmp_path) -> None:
    refused(tmp_path, "text,label\na,b\n" + "one, two, three\n" * 9, "mine.csv", "line 3", "2 cells")


def test_one_column_is_read_but_no_data_to_learn_from(tmp_path) -> None:
    table = read(tmp_path, "text\nHello, world\nGood-bye\n")
    assert table.columns == ("text",)
    assert table.rows == (("Hello, world",), ("Good-bye",))
    assert read(tmp_path, "Hello you\nGood-bye\n").rows == (("Hello you",), ("Good-bye",))
    with pytest.raises(ConfigError) as caught:
        guess_columns(table)
    sentence_of(caught, "mine.csv", "only one column")


# --- JSONL -----------------------------------------------------------------------------------------------------


def test_json_lines(tmp_path) -> None:
    rows = [{"text": "猫\nand dog", "label": 1}, {"label": True, "text": "b", "id": 2.5}, {"text": None, "label": "x"}]
    table = read(tmp_path, "\n".join(map(json.dumps, rows)) + "\n\n", "any.txt")
    assert table.columns == ("text", "label", "id")
    assert table.rows == (("猫\nand dog", "1", ""), ("b", "true", "2.5"), ("", "x", ""))
    assert table.delimiter == ""


def test_half_a_character_in_json_can_still_be_written(tmp_path) -> None:
    table = read(tmp_path, '{"text": "half \\ud800\\u0000 é", "label": "a"}\n')
    assert table.rows[0][0].encode("utf-8").decode() == "half ? é"


@pytest.mark.parametrize("value", ['["a", "b"]', '{"a": 1}'])
def test_nested_values_are_refused_with_their_place(tmp_path, value: str) -> None:
    refused(tmp_path, f'{{"text": "a", "label": "b"}}\n{{"text": "c", "label": {value}}}\n', "Line 2", "label")


@pytest.mark.parametrize("line", ['{"text": "a"', "[1, 2]", '"text"', '{"a":' + "[" * 100_000])
def test_what_is_no_json_object_is_refused_with_its_line(tmp_path, line: str) -> None:
    refused(tmp_path, f'{{"text": "a", "label": "b"}}\n\n{line}\n', "Line 3", "JSON")


# --- Hostile and hopeless files --------------------------------------------------------------------------------


@pytest.mark.slow
def test_ten_million_rows_are_refused_at_once(tmp_path) -> None:
    path = saved(tmp_path, b"text,label\n" + b"a,b\n" * 10_000_000)
    start = time.process_time()
    with pytest.raises(EngineError) as caught:
        read_table(path)
    sentence_of(caught, "mine.csv", "200000 rows")
    assert time.process_time() - start < 5


def test_too_many_rows_or_columns_and_too_large_a_file(tmp_path) -> None:
    refused(tmp_path, "text,label\n" + "a,b\n" * 6, "5 rows", rows=5)
    refused(tmp_path, '{"text": "a"}\n' * 6, "5 rows", rows=5)
    refused(tmp_path, ",".join(f"c{i}" for i in range(101)) + "\n" + "x," * 100 + "x\n", "100 columns")
    refused(tmp_path, json.dumps({f"c{i}": 1 for i in range(101)}), "100 columns")
    with saved(tmp_path, b"").open("wb") as file:
        file.truncate(101 * 10**6)
    with pytest.raises(EngineError) as caught:
        read_table(tmp_path / "mine.csv")
    sentence_of(caught, "mine.csv", "100 MB")


@pytest.mark.parametrize("quote", ["", '"'])
@pytest.mark.parametrize("delimiter", [",", "\t"])
def test_a_cell_of_50_mb_is_named(tmp_path, quote: str, delimiter: str) -> None:
    start, cell = time.process_time(), quote + "x" * 50_000_000 + quote
    content = f"id{delimiter}text{delimiter}label\n1{delimiter}fine{delimiter}a\n2{delimiter}{cell}{delimiter}b\n"
    refused(tmp_path, content, "line 3", "column text", "20000 characters")
    assert time.process_time() - start < 5


def test_a_long_cell_of_json_is_named(tmp_path) -> None:
    first = '{"text": "a", "label": "b"}\n'
    refused(tmp_path, first + json.dumps({"text": "x" * 20_001, "label": "b"}), "line 2", "column text")
    refused(tmp_path, first + json.dumps({"text": "x" * 50_000_000}), "Line 2", "characters")


@pytest.mark.parametrize("delimiter", ["\t", ",", ";", "|"])
def test_an_open_quote_takes_no_neighbour_along(tmp_path, delimiter: str) -> None:
    lines = ["text,label", "fine,a", '"never closed,a', *["more text,b"] * 12_000, 'b,"late', 'x,"fine, quoted"']
    table = read(tmp_path, "\n".join(line.replace(",", delimiter, 1) for line in lines))
    assert len(table.rows) == len(lines) - 1
    assert table.rows[:3] == (("fine", "a"), ('"never closed', "a"), ("more text", "b"))
    assert table.rows[-2:] == (("b", '"late'), ("x", "fine, quoted" if delimiter != "\t" else table.rows[-1][1]))


def test_a_line_of_separators_alone(tmp_path) -> None:
    refused(tmp_path, "text,label\na,b\n" + "," * 9_000_000 + "x\nc,d\n" + "e\n" * 5, "Most rows")


@pytest.mark.slow
def test_what_is_no_text_is_refused(tmp_path) -> None:
    junk = random.Random(0).randbytes(100_000)
    for content in (junk, junk[:50], b"PK\x03\x04" + junk, b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + junk, bytes(1000)):
        refused(tmp_path, content, "table.xlsx", "not a text file", "CSV", name="table.xlsx")


def test_an_empty_file_and_a_lonely_header(tmp_path) -> None:
    refused(tmp_path, "", "mine.csv", "empty")
    refused(tmp_path, b"\xef\xbb\xbf \n\n", "empty")
    refused(tmp_path, "text,label\n", "no rows")


def test_a_strange_file_name_is_made_fit_for_a_sentence(tmp_path) -> None:
    path = saved(tmp_path, "", "a\u202e<b>\n" + "x" * 200 + ".csv")
    with pytest.raises(EngineError) as caught:
        read_table(path)
    sentence_of(caught, "a?<b>")
    assert "\u202e" not in str(caught.value)


@pytest.mark.parametrize("seed", range(60))
def test_no_junk_gets_anything_but_a_table_or_a_sentence(tmp_path, seed: int) -> None:
    """Damaged versions of a good file: bytes changed, cut out and repeated."""
    chance = random.Random(seed)
    content = bytearray((CHINESE + 'text "x",a\n' * 5 + '"q\n",b\n').encode(chance.choice(["utf-8", "gbk", "utf-16"])))
    for _ in range(chance.randrange(1, 30)):
        place = chance.randrange(len(content))
        content[place : place + chance.randrange(3)] = chance.randbytes(chance.randrange(3))
    with contextlib.suppress(PlaygroundError):
        table = read(tmp_path, bytes(content))
        assert all(len(row) == len(table.columns) for row in table.rows)
        label_texts(table, *guess_columns(table))


# --- Columns and labels ----------------------------------------------------------------------------------------


def test_columns_are_guessed_by_name_then_by_content() -> None:
    rows = tuple((str(i), "yes" if i % 3 else "no", f"a rather long sentence {i}", f"short {i}") for i in range(20))
    content = Table("t", ("id", "answered", "what they wrote", "code"), rows, "utf-8", ",")
    assert guess_columns(content) == ("what they wrote", "answered")
    named = Table("t", ("id", "category", "note", "Text"), rows, "utf-8", ",")
    assert guess_columns(named) == ("Text", "category")
    unique = Table("t", ("a", "b"), (("long text", "x"), ("longer text", "y")), "utf-8", ",")
    assert guess_columns(unique) == ("a", "b")


def test_labels_that_differ_only_in_spaces_are_one() -> None:
    spellings = ["spam", "spam ", " spam", "\u3000spam\u00a0", "spam\u200b", "not  spam", "not spam", "not\u3000spam"]
    texts = label_texts(table_of(*pairs(*spellings)), "text", "label")
    assert texts.label_names == ("not spam", "spam")
    assert texts.labels.tolist() == [1] * 5 + [0] * 3
    assert texts.labels.dtype == np.int64
    composed = label_texts(table_of(*pairs(*["caf\u00e9", "cafe\u0301", "bar", "bar"] * 2)), "text", "label")
    assert composed.label_names == ("bar", "caf\u00e9")


def test_labels_that_differ_in_case_stay_apart_and_are_told() -> None:
    texts = label_texts(table_of(*pairs(*["Spam", "spam", "ham", "ham"] * 2)), "text", "label")
    assert texts.label_names == ("ham", "Spam", "spam")
    assert texts.alike == (("Spam", "spam"),)


def test_numbers_are_in_the_order_of_numbers() -> None:
    texts = label_texts(table_of(*pairs(*["10", "9", "-1"] * 3)), "text", "label")
    assert texts.label_names == ("-1", "9", "10")


def test_the_order_of_labels_does_not_depend_on_the_order_of_rows() -> None:
    labels = ["b", "a", "C"] * 4
    names = {label_texts(table_of(*pairs(*order)), "text", "label").label_names for order in (labels, labels[::-1])}
    assert names == {("a", "b", "C")}


def test_empty_double_and_contradictory_rows_are_left_out_and_counted() -> None:
    rows = [*pairs(*"abababab"), ("", "a"), ("  ", "b"), ("x", ""), ("", "")]
    rows += [("text 0", "a"), ("TEXT  0 ", "a")]  # the same text again
    rows += [("both", "a"), ("both", "b"), ("Both", "a")]
    texts = label_texts(table_of(*rows), "text", "label")
    assert texts.texts == tuple(f"text {i}" for i in range(8))
    assert (texts.empty, texts.duplicates, texts.conflicts) == (4, 2, 3)
    assert len(texts) + texts.empty + texts.duplicates + texts.conflicts == len(rows)


def test_a_class_of_one_row_trains_and_is_untested() -> None:
    texts = label_texts(table_of(*pairs(*"aaaaaaaaab")), "text", "label")
    assert describe(texts, split(texts.labels, 0)).untested == ("b",)


def test_what_is_left_out_is_told_with_its_line(tmp_path) -> None:
    table = read(tmp_path, "text,label\na,x\n,x\nb,y\nb,y\n" + "".join(f"t{i},{'xy'[i % 2]}\n" for i in range(8)))
    texts = label_texts(table, "text", "label")
    assert texts.where["empty"] == (3,)
    assert texts.where["duplicates"] == (5,)


def test_smileys_make_a_difference() -> None:
    rows = [("nice :)", "a"), ("nice :(", "b"), *pairs(*"ababab")]
    assert len(label_texts(table_of(*rows), "text", "label")) == 8


def test_one_class_three_rows_and_blanks() -> None:
    unusable(table_of(*pairs(*"aaaaaaaaaa")), "label", "only one label, a")
    unusable(table_of(*pairs(*"aba")), "Only 3 different", "8")
    unusable(table_of(*pairs(*[" "] * 10)), "column label", "empty")
    unusable(table_of(*[("", "a"), ("\u3000", "b")] * 5), "column text", "empty")
    unusable(table_of(*[("x", ""), ("", "b")] * 5), "Only 0")
    unusable(table_of(*pairs(*"abcdabcd")), "No label has 3")
    unusable(table_of(*[("same", "a"), ("same", "b")] * 5, *pairs(*"aaaaaaaa")), "All", "label a")


def test_a_text_column_is_not_taken_for_labels() -> None:
    table = table_of(*pairs(*["a", "b"] * 10))
    unusable(table, "column text", "20 different values", columns=("label", "text"))
    many = table_of(*pairs(*[str(i % 101) for i in range(404)]))
    unusable(many, "101 different values", "at most 100")
    unusable(table_of(*pairs(*["a", "x" * 201] * 5)), "column label", "200 characters")


def test_wrong_columns_are_named() -> None:
    table = table_of(*pairs(*"abababab"))
    unusable(table, "no column kind", "text, label", columns=("text", "kind"))
    unusable(table, "two different columns", columns=("text", "text"))


@pytest.mark.slow
def test_a_large_table_is_fast(tmp_path) -> None:
    lines = (f"some words of row {i}, and a few more,class {i % 7}\n".replace(",", ";", 1) for i in range(100_000))
    path = saved(tmp_path, "text,label\n" + "".join(lines))
    start = time.process_time()
    table = read_table(path)
    texts = label_texts(table, *guess_columns(table))
    assert len(texts) == 100_000
    assert time.process_time() - start < 10


def test_reading_tables_loads_nothing_heavy() -> None:
    code = (
        "import sys, engines.finetuning.data.datasets, engines.finetuning.data.picture_folders as p;"
        "sys.exit(any(name in sys.modules for name in ('torch', 'pandas', 'gradio', 'transformers')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("header", ["split,text,label", "text,label,subset", "subset,body,kind"])
def test_a_column_that_tells_the_split_is_used_and_is_no_label(tmp_path, header: str) -> None:
    rows = [
        {"split": ("train", "Train", "TEST")[i % 3], "text": f"some words, number {i}", "label": "ab"[i % 2]}
        for i in range(30)
    ]
    names = {"split": "split", "subset": "split", "text": "text", "body": "text", "label": "label", "kind": "label"}
    lines = [header, *(",".join(f'"{row[names[name]]}"' for name in header.split(",")) for row in rows)]
    (tmp_path / "t.csv").write_text("\n".join(lines))
    table = read_table(tmp_path / "t.csv")
    text, label = guess_columns(table)
    assert (names[text], names[label]) == ("text", "label")
    data = label_texts(table, text, label)
    assert data.parts.count("test") == 10
    assert "is used as it is" in str(data.notes[0])
