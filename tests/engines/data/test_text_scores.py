"""Scores: equal to the libraries' own, and pairs from whatever people paste."""

from __future__ import annotations

import csv
import io
import math
import random
import time
from pathlib import Path

import pytest
import sacrebleu

from engines.data.text_scores import Pair, distinct, read_pairs, score_pairs, to_csv, tokens
from engines.messages import ConfigError, PlaygroundError

CAT = Pair("the cat sat on the mat", "the cat is on the mat")
DOG = Pair("a dog barked loudly at night", "a dog barked at night")


def test_scores_are_those_of_the_libraries():
    rows, total = score_pairs([CAT, DOG])
    whole = sacrebleu.corpus_bleu([CAT.output, DOG.output], [[CAT.reference, DOG.reference]])
    assert total["BLEU"] == pytest.approx(whole.score)
    assert rows[0]["BLEU"] == pytest.approx(sacrebleu.sentence_bleu(CAT.output, [CAT.reference]).score)
    assert total["ROUGE-L"] == pytest.approx((rows[0]["ROUGE-L"] + rows[1]["ROUGE-L"]) / 2)


def test_the_same_text_scores_full_marks_and_an_empty_one_none():
    same, _ = score_pairs([Pair(CAT.reference, CAT.reference)])
    assert all(same[0][name] == pytest.approx(100) for name in ("BLEU", "ROUGE-1", "ROUGE-2", "ROUGE-L"))
    empty, _ = score_pairs([Pair("", CAT.reference)])
    assert {empty[0][name] for name in ("BLEU", "ROUGE-1", "ROUGE-2", "ROUGE-L")} == {0}
    assert math.isnan(empty[0]["Distinct-1"]), "there is nothing to be different"
    assert empty[0]["Note"] == "The output is empty."


class Tokens:
    """Our words for rouge-score; its own are of a to z and 0 to 9."""

    def tokenize(self, text: str) -> list[str]:
        return tokens(text)


def test_rouge_is_that_of_the_library():
    from rouge_score.rouge_scorer import RougeScorer  # with nltk, scipy and more

    chance = random.Random(0)
    texts = [" ".join(chance.choices("abcdef春眠不觉晓", k=chance.randint(2, 20))) for _ in range(120)]
    pairs = [Pair(output, reference) for output, reference in zip(texts[::2], texts[1::2], strict=True)]
    library = RougeScorer(["rouge1", "rouge2", "rougeL"], tokenizer=Tokens())
    for pair, row in zip([CAT, DOG, *pairs], score_pairs([CAT, DOG, *pairs])[0], strict=True):
        theirs = library.score(pair.reference, pair.output)
        for name in ("1", "2", "L"):
            assert row[f"ROUGE-{name}"] == pytest.approx(100 * theirs[f"rouge{name}"].fmeasure)


def test_long_texts_take_no_time():
    began = time.process_time()
    score_pairs([Pair("a b " * 4_000, "b a " * 4_000)])
    assert time.process_time() - began < 20  # a table of all pairs of words would take minutes


@pytest.mark.parametrize("other", ["nai\u0308ve \u200bideas", "\u202bnaïve\u00ad ideas", "\ufeffnaïve  ideas"])
def test_what_reads_alike_scores_full_marks(other):
    row = score_pairs([Pair(other, "naïve ideas")])[0][0]
    assert [row[name] for name in ("BLEU", "ROUGE-1", "ROUGE-2", "ROUGE-L")] == pytest.approx([100] * 4)


def test_chinese_is_scored_by_characters():
    rows, _ = score_pairs([Pair("今天天气很好", "今天天气不好")])
    assert rows[0]["ROUGE-1"] == pytest.approx(100 * 5 / 6)
    assert rows[0]["BLEU"] > 30


def test_distinct_is_the_share_of_different_n_grams():
    assert distinct(["a b a b"], 1) == 50
    assert distinct(["a b a b"], 2) == pytest.approx(200 / 3)
    assert math.isnan(distinct(["a", ""], 2))


def test_perplexity_is_a_column_and_its_mean_is_geometric():
    def perplexity(text: str) -> float:
        assert text
        if "dog" in text:
            raise ConfigError("too short")
        return 100.0 if "sat" in text else 4.0

    rows, total = score_pairs([CAT, DOG, Pair("x", "x")], perplexity)
    assert math.isnan(rows[1]["Perplexity"])
    assert total["Perplexity"] == pytest.approx(20)
    rows, total = score_pairs([Pair("", "a cat"), CAT, Pair(" 🍎", "🍎")], perplexity)
    assert (math.isnan(rows[0]["Perplexity"]), str(rows[0]["Note"])) == (True, "The output is empty.")
    assert (rows[1]["Perplexity"], total["Perplexity"]) == (100, pytest.approx(20))
    assert math.isnan(score_pairs([Pair("", "a cat")], perplexity)[1]["Perplexity"])


@pytest.mark.parametrize(
    "text",
    [
        'reference,output\nr1,o1\n"r, 2",o2\n',
        'o1,r1\no2,"r, 2"\n',
        "Output\tReference\no1\tr1\n\no2\tr, 2\n",
        '{"output": "o1", "reference": "r1"}\n\n{"prediction": "o2", "target": "r, 2"}\n',
    ],
)
def test_pairs_are_read_from_every_format(text, tmp_path: Path):
    expected = [Pair("o1", "r1"), Pair("o2", "r, 2")]
    assert read_pairs(text) == expected
    path = tmp_path / "pairs"
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert read_pairs(path) == expected


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "Paste pairs"),
        ("only one column\n", "Line 1 needs two texts"),
        ("output,reference\na,\n", "reference in line 2 is empty"),
        ('{"output": "x"', "Line 1 is not a JSON object"),
        ("output,reference\n", "no rows"),
        ("\x00", "is empty"),
        ("a," + "b" * 20_001, "more than 20000 characters"),
        ("a,b\n" * 2_001, "at most 2000"),
        ("a" * 10_000_001, "at most 10 MB"),
    ],
)
def test_what_is_not_a_pair_gets_one_sentence(text, sentence):
    with pytest.raises(PlaygroundError, match=sentence):
        read_pairs(text)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path):
    path = tmp_path / "pairs.csv"
    path.write_bytes(bytes([0, 1, 2]) * 100)
    with pytest.raises(PlaygroundError, match="not a text file"):
        read_pairs(path)


def test_csv_has_a_row_a_pair_and_the_total_and_starts_no_formula():
    rows, total = score_pairs([Pair("=1+1", "two"), CAT])
    table = list(csv.DictReader(io.StringIO(to_csv(rows, total))))
    assert [row["output"] for row in table] == ["'=1+1", CAT.output, "(all)"]
    assert float(table[2]["BLEU"]) == pytest.approx(total["BLEU"], abs=0.01)


SAME = (
    "🍎",
    "!!!",
    "good morning",
    "สวัสดีครับ",
    "こんにちは",
    "안녕하세요",
    "привет мир",
    "你好世界",
    "नमस्ते",
    "\u200b",
    "…",
    "a",
)


@pytest.mark.parametrize("text", SAME)
def test_equal_texts_score_full_marks_in_the_row_and_in_all(text):
    rows, total = score_pairs([Pair(text, text)])
    for scores in (rows[0], total):
        assert [scores[name] for name in ("BLEU", "ROUGE-1", "ROUGE-L")] == pytest.approx([100] * 3)
        assert math.isnan(scores["ROUGE-2"]) or scores["ROUGE-2"] == pytest.approx(100)


@pytest.mark.parametrize(
    ("output", "reference"), [("!!!", "fine"), ("", "fine"), ("🍎", "🍊"), ("fine", "…"), ("是", "否")]
)
def test_texts_with_nothing_in_common_score_none(output, reference):
    rows, _ = score_pairs([Pair(output, reference), CAT])
    assert [rows[0][name] for name in ("BLEU", "ROUGE-1", "ROUGE-L")] == [0, 0, 0]
    assert rows[1]["ROUGE-1"] > 0, "and the next row is scored as ever"


def test_a_row_that_cannot_be_scored_says_why_and_takes_no_other_along():
    pairs = read_pairs("output,reference\na b,a b\n,\nc,\nx,y,z\n")
    rows, total = score_pairs(pairs)
    assert [bool(row["Note"]) for row in rows] == [False, True, True]
    assert "line 4" in rows[1]["Note"]
    assert total["BLEU"] == pytest.approx(100)
    assert total["Note"] == "2 of 3 pairs are not scored. 1 blank rows are left out."


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "gbk", "utf-8-sig"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_files_are_read_as_at_every_other_door(tmp_path: Path, encoding: str, delimiter: str):
    path = tmp_path / "pairs.csv"
    path.write_bytes((f"output{delimiter}reference\n" + f"很好的电影{delimiter}好电影\n" * 9).encode(encoding))
    assert read_pairs(path) == [Pair("很好的电影", "好电影")] * 9


def test_json_of_any_shape_is_read():
    expected = [Pair("a\u2028b", "c")]
    assert read_pairs('{"output": "a\u2028b", "reference": "c"}\n') == expected
    assert read_pairs('[\n {"output": "a\u2028b",\n "reference": "c"}\n]') == expected
