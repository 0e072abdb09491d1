import pytest

from engines.gpt_training.config import GptConfig
from engines.gpt_training.text.sources import load_documents
from engines.messages import ConfigError, EngineError
from engines.music.measures.tunes import score
from engines.music.score.playing import piece_of
from engines.music.tunes import KEYS, METERS, compose, examples, judge, readable
from tests.engines.gpt_training.tiny import trainer, weights_of


@pytest.mark.slow
def test_the_bundled_model_writes_in_the_key_and_metre_asked_for():
    line = compose(None, None, "Em", "6/8", 0.9, seed=3)
    assert line.startswith("[M:6/8][K:Em]")
    assert line == compose(None, None, "Em", "6/8", 0.9, seed=3)
    found = judge(line)
    assert found.bars > 0.9
    assert found.in_key > 0.9
    assert found.copied < found.notes


@pytest.mark.slow
def test_a_tune_is_as_long_as_asked_for():
    """Of tunes that repeat one bar, as often as they say."""
    documents = [f"[M:2/4][K:D][N:{bars}]" + "A8|" * bars for bars in (2, 4, 6)] * 60
    one = trainer("lstm", documents, steps=150, data="tunes", bars=True, context=40, width=48, lr=0.01)
    for bars in (2, 6):
        line = compose(one.config, weights_of(one, documents), "D", "2/4", 0.9, seed=1, bars=bars)
        assert line.startswith(f"[M:2/4][K:D][N:{bars}]")
        assert judge(line).length == bars


def test_a_run_whose_tunes_say_no_length_is_not_asked_for_one():
    documents = ["[M:6/8][K:D]A3B3|d6|", "[M:6/8][K:D]F3A3|d6|"] * 60
    one = trainer("lstm", documents, steps=5, data="tunes", context=40)
    with pytest.raises(ConfigError, match="Length first"):
        compose(one.config, weights_of(one, documents), "D", "6/8", 0.9, seed=1, bars=16)


def test_there_are_tunes_to_begin_with_which_are_the_models_own():
    tunes = examples()
    assert len(tunes) >= 8
    assert score(tunes).whole == 1.0
    assert not set(tunes) & set(load_documents(GptConfig(data="tunes")))
    assert all(len(piece_of(readable(tune)).notes) > 30 for tune in tunes)


def test_all_keys_and_metres_stand_in_the_data():
    heads = {line[: line.index("]", line.index("]") + 1) + 1] for line in load_documents(GptConfig(data="tunes"))}
    assert {f"[M:{meter}][K:{key}]" for meter in METERS for key in ("G", "D")} <= heads
    assert all(any(f"[K:{key}]" in head for head in heads) for key in KEYS)


def test_a_copy_is_found_in_any_key():
    line = next(line for line in load_documents(GptConfig(data="tunes")) if "[K:D]" in line)
    assert judge(line).copied == judge(line).notes


def test_a_model_of_poems_writes_no_tunes():
    with pytest.raises(ConfigError, match="writes no tunes"):
        compose(GptConfig(), None, "D", "6/8", 0.9, seed=1)


def test_what_is_no_tune_yet_is_said_and_stray_signs_are_left_out():
    with pytest.raises(EngineError, match="no tune yet"):
        readable("[M:6/8][K:D]4|||")
    assert len(readable("[M:6/8][K:D]4AB]c9|").marks) == 4
