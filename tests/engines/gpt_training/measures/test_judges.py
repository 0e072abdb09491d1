from engines.gpt_training.config import GptConfig
from engines.gpt_training.measures.judges import CountedTunes, Names, Prose, Tunes, judge_of
from engines.gpt_training.text.corpus import build
from engines.gpt_training.text.sources import load_documents
from engines.music.measures.tunes import score


def test_the_bundled_tunes_keep_their_form():
    tunes = load_documents(GptConfig(data="tunes"))
    assert len(tunes) == len(set(tunes)) == 2618
    assert score(tunes[:300]).whole == 1.0
    assert max(map(len, tunes)) < 192, "a preset's context has room for each"


def test_names_are_new_or_known_and_plausible_or_not():
    judge = Names(["Anna", "Hanna", "Nora"])
    assert judge.scores(["Anna", "Nanna", "Hora", "Xq"]) == {"New names": 0.75, "Plausible": 0.25}
    assert judge.scores([""]) == {"New names": 0.0, "Plausible": 0.0}


def test_real_names_are_plausible():
    names = load_documents(GptConfig(data="names"))
    assert len(names) == len(set(names)) == 5163
    assert Names(names).scores(names[:100]) == {"New names": 0.0, "Plausible": 1.0}


def test_where_tunes_are_compared_their_head_is_left_out():
    assert Tunes.plain("[M:6/8][K:G]GAB|") == "GAB|"
    assert Tunes.scores(["[M:2/4][K:G]B4G4|"]) == {"Bars add up": 1.0, "Notes in key": 1.0, "Ends on tonic": 1.0}


def test_tunes_that_say_their_length_are_held_to_it():
    lines = ["[M:2/4][K:G][N:1]B4G4|", "[M:2/4][K:G][N:2]B4G4|"]
    assert CountedTunes.scores(lines)["As long as said"] == 0.5
    assert CountedTunes.plain(lines[0]) == "B4G4|"
    corpus = build(lines * 60, 10)
    assert isinstance(judge_of(GptConfig(data="tunes", bars=True), corpus), CountedTunes)


def test_each_text_has_its_judge():
    corpus = build(["a word and another one, and so on"], 10)
    assert isinstance(judge_of(GptConfig(data="english"), corpus), Prose)
    assert judge_of(GptConfig(data="tunes"), corpus).count == 8
    assert judge_of(GptConfig(data="poems"), corpus).starts[-1] == "月"
