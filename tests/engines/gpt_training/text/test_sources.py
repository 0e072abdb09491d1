import pytest

from engines.gpt_training.config import PRESETS, GptConfig
from engines.gpt_training.measures.form import lines_of
from engines.gpt_training.text.corpus import build
from engines.gpt_training.text.poems import plan_of, poems, punctuated, without_plan
from engines.gpt_training.text.sources import left_unknown, load_documents
from engines.messages import ConfigError
from engines.music.measures.tunes import as_long_as_said, said_bars
from tests.engines.gpt_training.tiny import ENGLISH


def test_the_bundled_texts_are_there():
    found = poems()
    assert len(found) == 60_000
    assert all(lines_of(poem) for poem in found[::500])
    works = load_documents(GptConfig(data="english"))
    assert [work.split()[0] for work in works] == ["Alice", "ACT", "Of"]


def test_a_plan_says_what_the_poem_is():
    class Known:
        def common(self, a, b):
            return {"上平声一东", "去声一送"}

        def starts_level(self, lines):
            return False

    poem = punctuated("白日依山尽黄河入海流欲穷千里目更上一层楼")
    assert poem == "白日依山尽，黄河入海流。欲穷千里目，更上一层楼。"
    assert plan_of(poem, Known()) == "五平东："
    assert without_plan("五平东：" + poem) == without_plan(poem) == poem


@pytest.mark.slow
def test_tunes_say_first_how_many_bars_they_have_if_that_is_wanted():
    plain, counted = (load_documents(GptConfig(data="tunes", bars=bars)) for bars in (False, True))
    assert as_long_as_said(counted) == 1.0
    assert {line.replace(f"[N:{said_bars(line)}]", "") for line in counted} == set(plain)
    assert all(said_bars(line) is None for line in plain)
    assert max(map(len, counted)) < PRESETS["tunes"].values["context"], "a preset's context has room for each"


def test_an_own_text_is_kept_for_when_the_run_goes_on(tmp_path):
    path, folder = tmp_path / "own.txt", tmp_path / "run"
    folder.mkdir()
    path.write_text(ENGLISH)
    config = GptConfig(data="own")
    first = load_documents(config, [str(path)], folder)
    path.unlink()
    assert load_documents(config, [], folder) == first == [ENGLISH.strip()]
    with pytest.raises(ConfigError, match="Choose your own text first"):
        load_documents(config)


def test_more_characters_than_a_vocabulary_holds_are_told():
    text = "".join(map(chr, range(0x4E00, 0x4E00 + 9000))) + "一" * 1000
    note = left_unknown([text])
    assert note == "There are 9000 different characters: the 1002 rarest, 10 % of the text, are all read as \ufffd."
    assert len(build([text], 30).vocabulary) <= 8000
    assert left_unknown([ENGLISH]) is None
