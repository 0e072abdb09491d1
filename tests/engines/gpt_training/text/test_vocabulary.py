import pytest

from engines.gpt_training.text.vocabulary import UNKNOWN, Vocabulary, make_tokenizer

TEXT = "the cat sat on the mat. 春眠不觉晓，处处闻啼鸟。\n" * 20


def test_the_commonest_comes_first_and_a_text_comes_back():
    one = Vocabulary.of(["abca", "ab"])
    assert one.characters == ("\n", "a", "b", "c")
    assert one.decode(one.encode("cab\n")) == "cab\n"
    assert one.missing("axbyx") == ["x", "y"]
    with pytest.raises(KeyError, match="x"):
        one.encode("ax")


def test_beyond_the_limit_the_rarest_are_one():
    one = Vocabulary.of(["aaabbc", "d"], limit=4)
    assert one.characters == ("\n", UNKNOWN, "a", "b")
    assert one.decode(one.encode("abcd😀")) == f"ab{UNKNOWN * 3}"


def test_pairs_are_learnt_within_words_and_never_over_a_line():
    one = Vocabulary.of([TEXT], pairs=30)
    plain = Vocabulary.of([TEXT])
    assert one.decode(one.encode(TEXT)) == TEXT
    assert len(one.encode(TEXT)) < 0.6 * len(plain.encode(TEXT))
    assert " the" in one.tokens
    assert not [token for token in one.tokens[1:] if "\n" in token]
    assert one.lengths[one.encode(TEXT)].sum() == len(TEXT)
    assert Vocabulary.of([TEXT], pairs=30) == one


def test_rare_characters_are_in_no_pair():
    one = Vocabulary.of(["abab" * 9 + "xyxy" * 2], limit=4, pairs=5)
    assert one.characters == ("\n", UNKNOWN, "a", "b")
    assert "ab" in one.tokens
    assert one.decode(one.encode("abxy")) == f"ab{UNKNOWN * 2}"


@pytest.mark.parametrize("pairs", [0, 20])
def test_it_is_kept_in_facts_and_as_a_tokenizer(pairs):
    one = Vocabulary.of([TEXT], pairs=pairs)
    again = Vocabulary.of_facts(one.to_facts())
    assert again == one
    tokenizer = make_tokenizer(again)
    assert tokenizer.encode(TEXT).ids == one.encode(TEXT).tolist()
    assert tokenizer.decode(one.encode(TEXT).tolist(), skip_special_tokens=False) == TEXT


@pytest.mark.parametrize(
    "facts",
    [
        {}, {"vocabulary": 5}, {"vocabulary": ""}, {"vocabulary": "abc"}, {"vocabulary": "\naa"},
        {"vocabulary": "\n" + "".join(map(chr, range(1000, 12000)))}, {"vocabulary": "\nab", "pairs": 3},
        {"vocabulary": "\nab", "pairs": [["a"]]}, {"vocabulary": "\nab", "pairs": [["a", "c"]]},
        {"vocabulary": "\nab", "pairs": [["a", 1]]}, {"vocabulary": "\nab", "pairs": [["a", "b"]] * 9000},
    ],
)  # fmt: skip
def test_facts_that_are_none_are_refused(facts):
    with pytest.raises(ValueError, match=r"not|unknown"):
        Vocabulary.of_facts(facts)
