import json

import pytest

from engines.image_generation.catalog import EXAMPLES
from engines.image_generation.emoji.files import load_phrases
from engines.image_generation.emoji.reading import NEAR, READ, Reader, by_meaning
from engines.image_generation.models import EMOJI_FOLDER
from engines.messages import Message
from tabs.page.language import translate


@pytest.fixture(scope="module")
def reader():
    return Reader()


@pytest.mark.parametrize(
    ("prompt", "english"),
    [
        ("红苹果", "red apple"),
        ("蓝色的汽车", "blue car"),
        ("笑脸猫", "smiling cat"),
        ("猫和披萨", "cat and pizza"),
        ("請畫一隻貓", "one cat"),
        ("下雪的房子", "snow house"),
        ("心形绿色的", "green heart"),  # a colour before what it colours
        ("红色 rocket", "red rocket"),
        ("赤いロケット", "red rocket"),
        ("빨간 사과", "red apple"),
        ("красная машина", "red car"),
        ("gato negro", "black cat"),
        ("pomme rouge", "red apple"),
        ("roter Apfel", "red apple"),
        ("🍕", "pizza"),
        ("blue 🚗", "blue automobile"),
        ("ＲＥＤ\u3000苹果", "red apple"),
    ],
)
def test_other_languages_and_emoji_are_read_in_english_words(reader, prompt, english):
    read = reader.read(prompt)
    assert read.english == english
    assert read.translated
    assert not read.unread


@pytest.mark.parametrize("prompt", ["smiling cat", "House in the Snow", "two dogs", "  robot ", "chef with hat", ""])
def test_english_stays_as_it_is(reader, prompt):
    read = reader.read(prompt)
    assert read.english == (prompt if prompt.strip() else "")
    assert (read.unread, read.near, read.translated) == ((), (), False)


@pytest.mark.parametrize(
    ("prompt", "english", "unread"),
    [
        ("量子力学", "", ("量子力学",)),  # though one letter of it is a word for a ruler
        ("红魔方", "red", ("魔方",)),
        ("xyzzy", "xyzzy", ("xyzzy",)),
        ("a cat on a zzgh", "a cat on a zzgh", ("zzgh",)),
        ("عربي", "", ("عربي",)),
        ("!!!", "!!!", ("!!!",)),
    ],
)
def test_what_is_not_known_is_said(reader, prompt, english, unread):
    read = reader.read(prompt)
    assert (read.english, read.unread) == (english, unread)


def test_what_is_near_is_offered_in_the_language_of_the_prompt(reader):
    assert reader.read("strawbery").near == ("strawberry",)
    assert "赤リンゴ" in reader.read("赤いリンゴ").near
    many = reader.read("cat zzgh").near
    assert 1 < len(many) <= NEAR
    assert all("cat" in name for name in many)


@pytest.mark.parametrize(
    "prompt", ["红" * 10_000, "a" * 10_000, "\ud83c", "量\0子", "é" * 50, "ﷺ", "🏳️‍🌈🏳️‍🌈", "1" * 500]
)
def test_strange_prompts_are_read_in_bounds(reader, prompt):
    read = reader.read(prompt)
    assert len(read.near) <= NEAR
    assert all(len(word) <= READ * 18 for word in read.unread)  # one letter may stand for eighteen


def test_names_in_every_language_are_drawn_without_a_download(reader):
    known = load_phrases(EMOJI_FOLDER).places
    for language in set(reader.table) - {"emoji", "en"}:
        names = reader.table[language]["names"]
        assert len(names) >= 1445
        assert not set(names.values()) - known.keys()
    assert not set(reader.table["emoji"].values()) - known.keys()


def test_the_examples_in_chinese_are_those_that_ship(reader):
    known = load_phrases(EMOJI_FOLDER).places
    for text in EXAMPLES:
        chinese = translate(Message(text), "zh")
        assert chinese != text
        assert reader.read(chinese).english in known


def test_without_the_table_english_is_drawn_as_before(tmp_path):
    (tmp_path / "words.json.xz").write_bytes(json.dumps({}).encode())
    read = Reader(tmp_path / "words.json.xz").read("red apple")
    assert read.english == "red apple"


@pytest.mark.parametrize(
    ("prompt", "meaning"),
    [
        ("会飞的哺乳动物", True),
        ("一个很累的人", True),  # each word is known, the whole says more
        ("量子力学", True),
        ("неизвестная штука на крыше", True),
        ("حصان", True),
        ("una cosa que vuela y come insectos por la noche", True),  # though to come is English
        ("红苹果", False),
        ("紫色的大象", False),
        ("疲惫", False),
        ("🍎", False),
        ("a flying mammal", False),
        ("xyzzy", False),
        ("", False),
    ],
)
def test_a_prompt_in_another_language_that_is_no_name_is_to_be_read_by_meaning(reader, prompt, meaning):
    known = load_phrases(EMOJI_FOLDER).places
    assert by_meaning(reader.read(prompt), known) == meaning
