import numpy as np
import pytest

from engines.gpt_training.measures.form import lines_of
from engines.gpt_training.measures.scores import score
from engines.gpt_training.use import Writer
from engines.messages import ConfigError, EngineError
from engines.running.events import Weights
from tests.engines.gpt_training.tiny import ENGLISH, POEMS, trainer, weights_of


@pytest.fixture(scope="module")
def bundled():
    return Writer.bundled()


def writer_of(model="gpt", documents=POEMS, **more):
    one = trainer(model, documents, **{"steps": 120} | more)
    return Writer.of(one.config, weights_of(one, documents))


@pytest.mark.slow
def test_the_bundled_model_writes_poems(bundled):
    poems = bundled.write(["", "", "春", "五平东："] * 8, top_p=0.9, seed=1)
    assert poems[2].startswith("春")
    assert poems[3].startswith("五平东：")
    assert len(lines_of(poems[3].removeprefix("五平东："))[0]) == 5
    assert not [poem for i, poem in enumerate(poems) if "：" in poem and i % 4 != 3]
    found = score(poems)
    assert found.form >= 0.95
    assert found.rhyme >= 0.6
    assert found.tones >= 0.95
    assert bundled.write(["春"], seed=5) == bundled.write(["春"], seed=5) != bundled.write(["春"], seed=6)


@pytest.mark.slow
@pytest.mark.parametrize("form", ["五", "七", ""])
def test_an_acrostic_begins_its_lines_as_asked(bundled, form):
    poems = bundled.acrostic("春夏秋冬", form, seed=3, count=2)
    assert len(set(poems)) == 2
    for poem in poems:
        lines = lines_of(poem)
        assert [line[0] for line in lines] == list("春夏秋冬")
        assert not form or len(lines[0]) == {"五": 5, "七": 7}[form]
        assert score([poem]).rhyme == 1


@pytest.mark.parametrize("count", [5, *(pytest.param(count, marks=pytest.mark.slow) for count in (6, 7, 8))])
def test_a_longer_one_goes_on_in_its_length(bundled, count):
    characters = "春江花月夜山水明"[:count]
    (poem,) = bundled.acrostic(characters, seed=2)
    lines = poem.replace("。", "，").split("，")
    assert lines.pop() == ""
    assert "".join(line[0] for line in lines) == characters
    assert len({len(line) for line in lines}) == 1
    assert poem.endswith("。")


def test_what_cannot_be_an_acrostic_is_said(bundled):
    with pytest.raises(ConfigError, match="needs 4 to 8 characters; there are 2"):
        bundled.acrostic("春夏")
    with pytest.raises(ConfigError, match="Form must be"):
        bundled.acrostic("春夏秋冬", "九")
    with pytest.raises(ConfigError, match="never seen the character 風; near to it are 风"):
        bundled.acrostic("春風秋雨")
    with pytest.raises(ConfigError, match="never seen the character <"):
        bundled.write(["<b>"])


def test_the_bundled_model_can_be_looked_into(bundled):
    text = POEMS[1]
    tokens = bundled.tokens(text)
    assert tokens[0] == "⏎"
    assert "".join(tokens[5:]) == text  # after its plan
    shares = bundled.attention(text, 6, 4)
    assert shares.shape == (len(tokens), len(tokens))
    assert shares.dtype == np.float32
    assert shares.sum(1) == pytest.approx(1, abs=1e-5)
    assert not np.triu(shares, 1).any()
    likely = bundled.likely("白日依山尽", 5)
    assert likely[0][0] == "，"
    assert likely[0][1] > 0.9
    assert [share for _, share in likely] == sorted((share for _, share in likely), reverse=True)
    for layer, head, name in ((7, 0, "Layer"), (0, 5, "Head"), (-1, 0, "Layer")):
        with pytest.raises(ConfigError, match=f"{name} must be from 0"):
            bundled.attention(text, layer, head)


@pytest.mark.slow
def test_a_masked_model_fills_gaps_and_does_not_write():
    one = writer_of("masked", steps=250, lr=0.01)
    assert one.fill("白日依␣尽，黄_入海流。") == "白日依山尽，黄河入海流。"
    assert one.attention("白日依山尽，", 0, 1).shape == (7, 7)
    for call, sentence in (
        (lambda: one.fill("白日依山尽"), "Put ␣ or _"),
        (lambda: one.fill("白␣" * 30), "at most 24 characters"),
        (lambda: one.fill("X␣"), "never seen the character X"),
        (lambda: one.write([""]), "does not write on"),
        (lambda: one.likely(""), "does not write on"),
        (lambda: one.acrostic("春夏秋冬"), "does not write on"),
        (lambda: writer_of(steps=0).fill("白␣"), "only a masked one"),
        (lambda: writer_of("lstm", steps=0).attention("白", 0, 0), "has no attention"),
    ):
        with pytest.raises(ConfigError, match=sentence):
            call()


@pytest.mark.slow
@pytest.mark.parametrize("model", ["gpt", "lstm"])
def test_a_text_of_words_is_written_on_and_has_acrostics(model):
    one = writer_of(model, [ENGLISH], data="english", lr=0.01, steps=150)
    (text,) = one.write(["the cat"], temperature=0, room=40)
    assert text.startswith("the cat")
    assert len(text) == 47
    (lines,) = one.acrostic("tda", seed=1)
    assert [line[0] for line in lines.split("\n")] == ["t", "d", "a"]
    with pytest.raises(ConfigError, match="never seen the character Z"):
        one.acrostic("Zt")
    assert one.nearest("T")[0] == "t"


def test_damaged_weights_are_refused():
    one = trainer()
    good = weights_of(one)
    for facts, sentence in (({}, "damaged"), ({**good.facts, "length": "x"}, "damaged"), ([], "damaged"),
                            ({**good.facts, "vocabulary": "\nab"}, "of another model")):  # fmt: skip
        with pytest.raises(EngineError, match=sentence):
            Writer.of(one.config, Weights(1, good.tensors, facts))
