"""One reader for all doors: any table, in any encoding, separator and shape, comes back whole."""

from __future__ import annotations

import csv
import io
import json
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engines.data.tables.encodings import find_encoding
from engines.data.tables.reading import read_pasted, read_table
from engines.messages import EngineError

ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32")
LEGACY = {
    "gb18030": ("质量太差了，退货还不给退款", "投诉"),
    "gbk": ("這家店的服務態度很好，物流也快", "諮詢"),
    "big5": ("品質太差了，退貨還不給退款", "投訴"),
    "shift_jis": ("この商品はとても良いです", "肯定"),
    "euc_jp": ("配送が遅いので返金してほしい", "否定"),
    "euc_kr": ("배송이 너무 느려서 실망했습니다", "부정"),
    "cp1251": ("Отличный товар, очень доволен", "жалоба"),
    "koi8_r": ("Доставка была слишком медленной", "плохо"),
    "cp866": ("Верните деньги, пожалуйста", "хорошо"),
    "latin-1": ("L'été à Genève, c'est déjà fini", "négatif"),
    "cp1250": ("Zażółć gęślą jaźń, dziękuję", "dobrze"),
    "cp1253": ("Πολύ καλό προϊόν, ευχαριστώ", "παράπονο"),
    "cp1254": ("Çok güzel bir ürün, teşekkürler", "şikayet"),
    "iso2022_jp": ("この商品はとても良いです", "肯定"),
    "hz": ("这家店的服务质量真的很好", "好评"),
    "big5hkscs": ("這家店嘅服務質素真係好好，快啲嚟", "負評"),
    "mac_roman": ("Das Gerät für Zürich ist schön", "größer"),
    "cp850": ("Não é bom, coração e ações", "ótimo"),
    "cp852": ("Zażółć gęślą jaźń, dziękuję", "świetny"),
    "cp1257": ("Labai geras daiktas, ačiū už žąsį", "gražu"),
    "iso8859_6": ("هذا المنتج جيد جدا", "إيجابي"),
    "iso8859_15": ("C'est très déçu, à côté", "négatif"),
    "cp874": ("สินค้านี้ดีมาก", "บวก"),
    "cp932": ("ｺﾉｼｮｳﾋﾝﾊﾄﾃﾓﾖｲﾃﾞｽ", "ﾖｲ"),  # half-width kana alone, as banks write them
    "johab": ("배송이 너무 느려서 실망했습니다", "부정"),
    "utf-7": ("质量太差了，退货还不给退款", "1+1，投诉"),
    "utf-32-le": ("质量太差了", "投诉"),
    "utf-32-be": ("Très bon", "positif"),
    "cp737": ("Πολύ καλό προϊόν, ευχαριστώ", "παράπονο"),
    "cp862": ("המוצר הזה טוב מאוד", "חיובי"),
    "cp720": ("هذا المنتج جيد جدا", "إيجابي"),
    "cp857": ("Çok güzel bir ürün, teşekkürler", "şikayet"),
    "cp775": ("Labai geras daiktas, ačiū už žąsį", "gražu"),
    "cp1258": ("Sa\u0309n phâ\u0309m na\u0300y râ\u0301t tô\u0301t", "tô\u0301t"),
    "iso8859_2": ("Velmi dobré zboží, děkuji", "výborné"),
}
WIDE = ("utf-7", "utf-32-le", "utf-32-be")  # a table is in one of them as a whole
SHIFTED = ("iso2022_jp", "hz", *WIDE)  # in ASCII, of which a file without any need say nothing before they come
CELLS = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Cn", "Co"), exclude_characters="\ufeff\ufffd"), max_size=30
)
MULTILINE = st.one_of(
    CELLS, st.sampled_from(["two\nlines", 'a "quote"', '"', '""', "a\r\nb", "x,y;z|t\tu", " padded ", ""])
)


def written(rows, delimiter: str, quoting: int = csv.QUOTE_MINIMAL, end: str = "\n") -> str:
    target = io.StringIO(newline="")
    csv.writer(target, delimiter=delimiter, quoting=quoting, lineterminator=end).writerows(rows)
    return target.getvalue()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.tuples(MULTILINE, MULTILINE), min_size=1, max_size=8),
    encoding=st.sampled_from(ENCODINGS),
    delimiter=st.sampled_from(",;\t|"),
    style=st.sampled_from([(csv.QUOTE_MINIMAL, "\n"), (csv.QUOTE_MINIMAL, "\r\n"), (csv.QUOTE_ALL, "\r")]),
)
def test_any_table_that_python_writes_comes_back_whole(tmp_path, rows, encoding, delimiter, style) -> None:
    path = tmp_path / "any.csv"
    path.write_bytes(written([("text", "label"), *rows], delimiter, *style).encode(encoding))
    table = read_table(path)
    assert table.columns == ("text", "label")
    assert table.rows == tuple(rows)
    assert not table.odd


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", LEGACY)
def test_legacy_encodings_are_told_by_what_reads_like_a_language(tmp_path, encoding: str, delimiter: str) -> None:
    rows = [LEGACY[encoding]] * 3
    path = tmp_path / "old.csv"
    path.write_bytes(written([("text", "label"), *rows], delimiter).encode(encoding))
    assert read_table(path).rows == tuple(rows)


@pytest.mark.parametrize(
    ("encoding", "text"), [("cp1250", "Nagyon jó termék köszönöm kitűnő"), ("cp852", "Dostawa była zbyt wolna źle")]
)
def test_the_letters_of_one_language_tell_alike_encodings_apart(tmp_path, encoding: str, text: str) -> None:
    path = tmp_path / "old.csv"
    path.write_bytes(f"text,label\n{text},a\n".encode(encoding))
    assert read_table(path).rows[0] == (text, "a")


@pytest.mark.parametrize("text", ["+441234560", "a+b=c", "C++", "+1-555-0100", "AB+CD/12"])
def test_a_plus_is_a_plus(tmp_path, text: str) -> None:
    path = tmp_path / "calls.csv"
    path.write_text("text,label\n" + f"{text},a\n" * 9)
    assert read_table(path).rows[0] == (text, "a")


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("taken", ["cp1252", "cp1251", "mac_roman", "cp850", "cp437"])
def test_what_was_saved_as_utf8_twice_is_read_as_it_was(tmp_path, taken: str, mark: str) -> None:
    rows = [("naïve", "déçu"), ("投诉", "很差"), ("Привет", "plain")] * 2
    wrong = "".join(  # what an encoding has no letter for is a control
        bytes([code]).decode(taken, "ignore") or chr(code)
        for code in written([("text", "label"), *rows], ",").encode()
    )
    path = tmp_path / "twice.csv"
    path.write_text(mark + wrong, "utf-8")
    table = read_table(path)
    assert table.rows == tuple(rows)
    assert f"taken for {taken.upper().replace('_', ' ')} and saved as UTF-8 once more" in str(table.notes[0])


@pytest.mark.parametrize("text", ["Ã, ein Buchstabe", "São Tomé, café", "Рё не слово", "├── a", "© 2024 · £5"])
def test_letters_that_happen_to_look_so_stay(tmp_path, text: str) -> None:
    path = tmp_path / "once.csv"
    path.write_text("text;label\n" + f"{text};é\n" * 9, "utf-8")
    assert read_table(path).rows[0][-1] == "é"
    assert read_table(path).notes == ()


def test_a_long_line_costs_no_time(tmp_path) -> None:
    path = tmp_path / "long.txt"
    path.write_bytes(b"x" * 900_000 + b"\n" + "déçu\n".encode("cp1252") * 9)
    began = time.process_time()
    assert find_encoding(path).name in ("latin-1", "cp1252")
    assert time.process_time() - began < 2


def test_characters_that_another_program_lost_do_not_refuse_a_text(tmp_path) -> None:
    path = tmp_path / "lost.csv"
    path.write_text("text,label\n" + "na\ufffdve,b\n" * 9, "utf-8")
    assert (len(read_table(path).rows), read_table(path).damaged) == (9, 9)


@pytest.mark.slow
@pytest.mark.parametrize("encoding", [name for name in LEGACY if name not in SHIFTED])
def test_legacy_labels_that_come_late_are_read(tmp_path, encoding: str) -> None:
    label = LEGACY[encoding][0].replace(",", "")
    path = tmp_path / "late.csv"
    path.write_bytes(("text,label\n" + "plain text,a\n" * 90_000 + f"row,{label}\n" * 2).encode(encoding))
    assert read_table(path).rows[-1] == ("row", label)


@pytest.mark.parametrize("hint", ["sep=;", '"sep=;"', "SEP=;", "sep=;;"])
def test_the_first_line_of_excel_is_no_row(hint: str) -> None:
    table = read_pasted(f"{hint}\r\ntext;label\r\na, b;x\r\n", "it")
    assert (table.columns, table.rows, table.lines) == (("text", "label"), (("a, b", "x"),), (3,))


@pytest.mark.parametrize("frame", ["{}", "| {} |", "|{}|"])
def test_a_table_in_markdown_has_no_frame(frame: str) -> None:
    lines = ["text | label", ":--- | ---", "good film  | pos", "bad | neg"]
    table = read_pasted("\n".join(map(frame.format, lines)), "it")
    assert (table.columns, table.rows) == (("text", "label"), (("good film", "pos"), ("bad", "neg")))
    assert table.notes == ()


def test_two_possible_readings_are_told(tmp_path: Path) -> None:
    path = tmp_path / "short.csv"
    path.write_bytes("text,label\na,скарга\nb,була\n".encode("cp1251"))
    table = read_table(path)
    assert table.rows[0] == ("a", "скарга")
    path.write_bytes(b"text,label\na,\xa4\xa7\nb,\xb1\xd7\n")
    (note,) = read_table(path).notes
    assert str(note).startswith("Read as BIG5: “a,之”, though EUC-JP is possible too: “a,ぇ”. Save")


@pytest.mark.parametrize("sign", ["，", "；", "、", "｜"])
def test_wide_signs_separate_where_every_row_fits(sign: str) -> None:
    table = read_pasted(f"文本{sign}标签\n很好{sign}好评\n退货{sign}差评\n", "it")
    assert (table.columns, table.rows[1]) == (("文本", "标签"), ("退货", "差评"))
    assert f"separated by {sign}" in " ".join(table.notes)
    table = read_pasted(f"文本\n很好{sign}真的\n退货\n太慢{sign}差评\n", "it")
    assert (table.columns, len(table.rows)) == (("文本",), 3)


SENTENCES = ("The sea was calm in the morning", "I like this film very much", "Nobody came to the station",
             "What a wonderful evening", "He sold the house last year", "They never wrote back")  # fmt: skip
TITLES = ("Quiet and blue", "Praise", "An empty place", "Joy in the garden", "Moving away", "Silence")
CHINESE = ("今天天气很好,我们去公园", "这部电影不好看,浪费时间", "早上好,你好", "他走了,再也没回来")


@pytest.mark.parametrize(
    ("lines", "rows", "told"),
    [
        ([f"{a},{b}" for a, b in zip(SENTENCES, TITLES, strict=True)], 6, "taken for data"),
        (["Source,Answer", *(f"{a},{b}" for a, b in zip(SENTENCES, TITLES, strict=True))], 6, ""),
        (list(CHINESE), 4, "taken for data"),
        ([f"text {i},note {i}" for i in range(30)], 30, "taken for data"),
        (["Anna,Bonn", "Bert,Berlin", "Carl,Trier"], 2, "taken for the names"),
        (["word,translation", "cat,Katze", "dog,Hund", "cow,Kuh"], 3, ""),
        (["When?,How satisfied are you?", "2024-01-01,very", "2024-02-01,not", "2024-03-01,so so"], 3, ""),
        (["comentario,nota", "Muy bueno todo,5", "No me gusta nada,1", "Está bien,3"], 3, ""),
        (["comments", *SENTENCES], 6, ""),
        (list(SENTENCES), 6, "taken for data"),
        (["It was calm in the morning, and blue", *SENTENCES], 7, "taken for data"),
    ],
)
def test_a_first_row_of_prose_is_no_header_and_what_is_doubtful_is_told(tmp_path, lines, rows, told) -> None:
    path = tmp_path / "t.csv"
    path.write_text("\n".join(lines), "utf-8")
    table = read_table(path)
    assert len(table.rows) == rows
    notes = " ".join(map(str, table.notes))
    assert (told in notes) if told else not notes


ROWS = [(f"text {i}", "ab"[i % 2]) for i in range(12)]
LINES = [json.dumps({"text": text, "label": label}) for text, label in ROWS]


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a comma before each bracket", "[" + ",\n".join(LINES).replace('"}', '",}') + ",\n]", ""),
        ("such lines", "\n".join(LINES).replace('"}', '", }'), ""),
        ("comments", "// mine\n// yours\n[" + ",\n".join(LINES) + "]", ""),
        ("a mark before lines", "\ufeff" + "\n".join(LINES), ""),
        ("a row under each name", json.dumps({i: {"text": a, "label": b} for i, (a, b) in enumerate(ROWS)}), ""),
        ("split", json.dumps({"columns": ["text", "label"], "index": list(range(12)), "data": ROWS}), ""),
        ("sep= and a tab", "sep=\t\n" + written([("text", "label"), *ROWS], "\t"), ""),
        ("a title", "My table,\n\n" + written([("text", "label"), *ROWS], ","), "above the table are left out: 1"),
        ("comments in CSV", "# by me\n# 2024\n" + written([("text", "label"), *ROWS], ";"), "left out: 2"),
        ("Markdown", "| text | label |\n|:---|---|\n" + "".join(f"| {a} | {b} |\n" for a, b in ROWS), ""),
        (
            "short rules in Markdown",
            "| text | label |\n|---|:-:|\n" + "".join(f"| {a} | {b} |\n" for a, b in ROWS),
            "",
        ),
        ("arrays a line", "\n".join(map(json.dumps, [("text", "label"), *ROWS])), ""),
        ("labels in lists of one", "\n".join(json.dumps({"text": a, "label": [b]}) for a, b in ROWS), ""),
        (
            "an object in each row",
            "\n".join(json.dumps({"text": a, "meta": {"by": "me"}, "label": b}) for a, b in ROWS),
            "kept as JSON: meta.",
        ),
        (
            "psql",
            " id | text | label \n----+---------+-------\n"
            + "".join(f"  {i} | {a} | {b}\n" for i, (a, b) in enumerate(ROWS))
            + "(12 rows)\n\n",
            "",
        ),
        (
            "mysql",
            "+----+---+\n| text | label |\n+----+---+\n"
            + "".join(f"| {a}   | {b} |\n" for a, b in ROWS)
            + "+----+---+\n12 rows in set (0.00 sec)\n",
            "",
        ),
        ("org-mode", "| text | label |\n|------+-----|\n" + "".join(f"| {a} | {b} |\n" for a, b in ROWS), ""),
        (
            "row names of R",
            '"text","label"\n' + "".join(f'"{i}","{a}","{b}"\n' for i, (a, b) in enumerate(ROWS, 1)),
            "",
        ),
        (
            "a bill",
            "A bill,,\n" * 10 + "-----,,\ntext,label,note\n" + "".join(f'"{a}",{b},/\n' for a, b in ROWS),
            "left out: 11",
        ),
        ("a mark within", "\ufeff\ufefftext,label\n" + written(ROWS, ","), ""),
        ("a zero", written([("text", "label"), *ROWS], ",").replace("text 3", "text\0 3") + "\n" * 20, ""),
    ],
)
def test_what_people_and_programs_write_around_a_table_is_no_row(tmp_path, name, content, told) -> None:
    path = tmp_path / "t.txt"
    path.write_text(content, "utf-8")
    table = read_table(path)
    text, label = table.columns.index("text"), table.columns.index("label")
    assert [(row[text].strip(), row[label].strip()) for row in table.rows] == ROWS
    notes = " ".join(map(str, table.notes))
    assert (told in notes) if told else not notes


@pytest.mark.parametrize(
    "content",
    [
        b"<!DOCTYPE html><table><tr><td>a</td></tr></table>", b"{\\rtf1 text,label}\n", b"%PDF-1.7\na,b\n",
        b"PK\3\4\24\0\6\0" + bytes(90), b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(90),
        b"\x1f\x8b\x08" + bytes(range(200)), b"@relation x\n@attribute label {a,b}\n@data\n'text',a\n'more',b\n",
        ("text,label\n" + "a\0b\0c,x\n" * 40).encode(), ("[" + "{'text': 'a', 'label': 'b'}," * 9 + "]").encode(),
    ],
)  # fmt: skip
def test_what_is_no_table_gets_one_sentence(tmp_path, content: bytes) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(content)
    with pytest.raises(EngineError) as caught:
        read_table(path)
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize("many", [6, 12, 19])
def test_texts_of_which_only_the_last_have_a_comma_are_a_column(many: int) -> None:
    texts = [*(f"A text without one {i}" for i in range(many)), *["so, this one has it"] * 5]
    assert len(read_pasted("\n".join(texts), "it").rows) == many + 5


def test_a_first_row_that_is_short_is_not_taken_for_one_with_row_names() -> None:
    with pytest.raises(EngineError, match="do not have 2 cells"):  # a separator in every text
        read_pasted("text,label\n" + "".join(f"{i % 3},and {i},x\n" for i in range(9)), "it")


def test_files_put_together_have_one_header(tmp_path) -> None:
    path = tmp_path / "t.csv"
    one = written([("text", "label"), *ROWS], ",")
    path.write_text("\ufeff" + one + "\ufeff" + one, "utf-8")
    table = read_table(path)
    assert (table.columns, len(table.rows)) == (("text", "label"), 25)
    assert {row: str(why) for row, why in table.odd.items()} == {12: "the names of the columns again"}


@pytest.mark.parametrize(("first", "second"), [("utf-8", "gbk"), ("gbk", "utf-8"), ("utf-8", "shift_jis")])
@pytest.mark.parametrize(("many", "few"), [(20, 20), (20, 6)])
def test_files_put_together_of_two_encodings_are_read_line_by_line(tmp_path, first, second, many, few) -> None:
    texts = ("この商品はとても良い", "肯定") if "shift_jis" in (first, second) else ("这家店的服务很好", "好评")
    path = tmp_path / "t.csv"
    rows = [written([(f"{texts[0]}{i}", texts[1])] * 1, ",") for i in range(many + few)]
    path.write_bytes(b"text,label\n" + "".join(rows[:many]).encode(first) + "".join(rows[many:]).encode(second))
    table = read_table(path)
    assert table.rows == tuple((f"{texts[0]}{i}", texts[1]) for i in range(many + few))
    assert "each is read as what it is" in " ".join(table.notes)


@pytest.mark.parametrize(
    "text",
    ["a cup costs 5 €", "“quoted” – it’s fine…", "œuvre à Paris, 5 €", "50 £ each", "it’s", "20 °C ± 1 µm", "wait…",
     "a\xa0blank", "Brand™", "Müller & Söhne®", "§ 5"],
)  # fmt: skip
def test_signs_alone_are_signs(tmp_path, text: str) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(written([("text", "label"), *[(text, "a")] * 5], ",").encode("cp1252"))
    assert read_table(path).rows[0] == (text, "a")


@pytest.mark.parametrize(
    ("encoding", "labels"),
    [("cp1250", ("źle", "świetnie")), ("cp1254", ("şikâyet", "teşekkür")), ("latin-1", ("dårlig", "på øen")),
     ("latin-1", ("RÉCLAMATION", "À VOIR")), ("cp1251", ("добре", "погано")), ("iso8859_15", ("œuvre", "à 5 €")),
     ("gbk", ("good。", "bad？！")), ("big5hkscs", ("好嘢", "唔好")), ("gbk", ("滿意", "不滿")),
     ("cp932", ("①良い", "②悪い"))],
)  # fmt: skip
def test_short_labels_are_enough(tmp_path, encoding: str, labels: tuple[str, str]) -> None:
    path = tmp_path / "t.csv"
    rows = [("text", "label"), *((f"row {i}", labels[i % 2]) for i in range(20))]
    path.write_bytes(written(rows, ",").encode(encoding))
    assert {row[1] for row in read_table(path).rows} == {*labels}


def test_an_emoji_in_two_halves_is_one(tmp_path) -> None:
    path = tmp_path / "t.csv"
    halves = b"".join(half.encode("utf-8", "surrogatepass") for half in ("\ud83d", "\ude00"))
    path.write_bytes(b"text,label\n" + b"".join("好 ".encode() + halves + f"{i},a\n".encode() for i in range(9)))
    assert read_table(path).rows[0] == ("好 😀0", "a")


def test_a_separator_in_one_text_makes_no_columns(tmp_path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("text\nfirst\nsecond\n\tthird\n", "utf-8")
    table = read_table(path)
    assert (table.columns, len(table.rows), dict(table.odd)) == (("text",), 3, {})
