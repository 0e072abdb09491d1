import gzip

import pytest

from engines.gpt_training.text import own
from engines.gpt_training.text.own import read_own
from engines.messages import ConfigError

CHINESE = "天下大势，分久必合，合久必分。周末七国分争，并入于秦。及秦灭之后，楚、汉分争，又并入于汉。\n" * 9


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030", "big5"])
def test_a_text_is_read_in_the_encoding_that_it_has(tmp_path, encoding):
    text = CHINESE if encoding != "big5" else "天下大勢，分久必合，合久必分。話說天下，三分之後必歸一統。\n" * 9
    path = tmp_path / "own.txt"
    path.write_bytes(text.replace("\n", "\r\n").encode(encoding))
    assert read_own([str(path)]) == text.strip()


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("short.txt", b"ten letter", r"short.txt has 10 characters; at least 200 are needed\."),
        ("empty.md", b"", r"empty.md has 0 characters"),
        ("same.txt", b"a" * 1000, r"one character again and again"),
        ("same.txt", b"a \n" * 1000, r"one character again and again"),
        ("binary.txt", gzip.compress(bytes(range(256)) * 40), r"binary.txt holds no text"),
        ("page.html", b"<p>" * 200, r"page.html is not a .txt or .md file\."),
        ("<b>.exe", b"MZ" * 200, r"<b>.exe is not a .txt"),
    ],
)
def test_what_is_no_text_to_learn_is_refused_in_one_sentence(tmp_path, name, content, sentence):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=sentence):
        read_own([str(path)])


def test_one_file_is_needed_and_it_may_not_be_too_large(tmp_path, monkeypatch):
    with pytest.raises(ConfigError, match="Choose your own text first"):
        read_own([])
    with pytest.raises(ConfigError, match="there are 2"):
        read_own(["a.txt", "b.txt"])
    monkeypatch.setattr(own, "MEGABYTES", 0.0001)
    path = tmp_path / "large.txt"
    path.write_bytes(b"ab" * 100)
    with pytest.raises(ConfigError, match=r"large\.txt is too large"):
        read_own([str(path)])
