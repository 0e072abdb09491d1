import pytest

from engines.gpt_training.measures.form import Prosody, lines_of, prosody
from engines.gpt_training.text.poems import poems

REAL = "白日依山尽，黄河入海流。欲穷千里目，更上一层楼。"


def test_a_quatrain_is_told_from_what_is_none():
    assert lines_of(REAL) == ("白日依山尽", "黄河入海流", "欲穷千里目", "更上一层楼")
    for text in ("", REAL[:-1], REAL + "。", REAL.replace("，", "。"), REAL.replace("白日", "白"), "白，日。山，尽。"):
        assert lines_of(text) is None


def test_rhyme_and_tones_are_judged():
    one = prosody().judge(lines_of(REAL))
    assert one.rhyme
    assert one.level
    assert one.tones == 1.0
    other = prosody().judge(lines_of(REAL.replace("更上一层楼", "更上一层流")))
    assert not other.rhyme  # the same character is none
    assert prosody().judge(lines_of(REAL.replace("更上一层楼", "更上一层目"))).tones < 1


def test_a_character_in_no_list_is_of_either_tone_and_rhymes_with_none():
    one = Prosody({"平": "平", "仄": "仄"}, {"上平一": "平"})
    assert one.judge(("某" * 5,) * 4).tones == 1.0
    assert not one.common("某", "平")


def test_bundled_poems_have_the_form():
    for poem in poems()[::1000]:
        judged = prosody().judge(lines_of(poem))
        assert judged.rhyme
        assert judged.level
        assert judged.tones >= 0.85


@pytest.mark.parametrize(("traditional", "simplified"), [("風", "风"), ("雲", "云"), ("國", "国")])
def test_traditional_forms_are_known(traditional, simplified):
    assert prosody().simplified[traditional] == simplified
