"""Labels: what reads alike is one, what only looks alike stays apart and is told."""

import pytest

from engines.data.tables.labels import is_blank, one_of_each, tidy_label


@pytest.mark.parametrize(
    "spellings",
    [
        (
            "spam",
            "spam ",
            "\u3000spam\u00a0",
            "spam\u200b",
            "sp\u200dam",
            "s\u00adpam",
            "spam\ufe0f",
            "ｓｐａｍ",
            "spam\u3164",
        ),
        ("café", "cafe\u0301"),
        ("not spam", "not  spam", "not\u3000spam", "not\tspam"),
        ("ガ", "ｶﾞ"),
        ("1", "１"),
        ("❤", "❤\ufe0f"),
        ("好(很)", "好（很）"),
    ],
)
def test_what_reads_alike_is_one_and_told(spellings):
    read = one_of_each(spellings)
    assert len(set(read.names)) == 1
    assert [name for name, *_ in read.merged] == [read.names[0]]


@pytest.mark.parametrize(
    "pair", [("Spam", "spam"), ("1", "1.0"), ("e-mail", "e mail"), ("spam", "sp\u0430m"), ("don't", "don’t")]
)
def test_what_looks_alike_stays_apart_and_is_told(pair):
    read = one_of_each(pair)
    assert set(read.names) == set(pair)
    assert [set(group) for group in read.alike] == [set(pair)]


@pytest.mark.parametrize("pair", [("1", "-1"), ("C", "C++"), ("good", "goods"), ("👨\u200d👩", "👨👩"), ("是", "否")])
def test_what_differs_is_not_told_of(pair):
    read = one_of_each(pair)
    assert (set(read.names), read.merged, read.alike) == (set(pair), (), ())


def test_a_joiner_that_shapes_letters_stays():
    assert tidy_label("می\u200cخواهم") == "می\u200cخواهم"


@pytest.mark.parametrize("text", ["", " \t\u3000", "\u200b", "\ufeff\u2060", "\u3164", "\u200d\u00ad"])
def test_what_nobody_sees_is_blank(text):
    assert is_blank(text)
    assert not is_blank(text + "🍎")
