"""Two texts that are alike in form, the real one never learnt from."""

import pytest

from engines.gpt_training.config import GptConfig
from engines.gpt_training.measures import blind
from engines.gpt_training.measures.blind import pair
from engines.gpt_training.measures.form import lines_of
from engines.gpt_training.text.corpus import split
from engines.gpt_training.text.poems import poems
from engines.messages import ConfigError, EngineError
from tests.engines.gpt_training.tiny import ENGLISH, POEMS, trainer, weights_of


@pytest.mark.slow
def test_the_bundled_model_writes_beside_a_quatrain_that_it_has_not_learnt():
    found = [pair(None, None, seed) for seed in range(4)]
    held = set(split(poems())[1])
    for each in found:
        assert each.real in held
        assert len(each.made) == len(each.real)
        assert lines_of(each.made)
        assert "：" not in each.made, "its plan is not shown"
    assert len({each.real for each in found}) == 4
    assert pair(None, None, 1).made == found[1].made


@pytest.fixture
def texts(monkeypatch):
    """What a run learns from in place of the bundled texts."""
    held = {"documents": POEMS}
    monkeypatch.setattr(blind, "load_documents", lambda config: held["documents"])
    blind._texts.cache_clear()
    yield held
    blind._texts.cache_clear()


@pytest.mark.parametrize("model", ["gpt", "lstm", "rnn"])
def test_a_run_has_its_own(texts, model):
    one = trainer(model, steps=20)
    found = pair(one.config, weights_of(one), 3)
    assert found.real in POEMS
    assert found.made


def test_of_a_long_text_both_are_cut_from_the_middle(texts):
    texts["documents"] = [ENGLISH * 20]
    one = trainer("lstm", texts["documents"], steps=60, data="english")
    found = pair(one.config, weights_of(one, texts["documents"]), 1)
    assert found.real in ENGLISH * 20
    assert 100 < len(found.real) <= 160
    assert 60 < len(found.made) <= 160


def test_a_name_that_is_made_is_no_name_of_the_list(texts):
    every = [f"{a}{b}{c}" for a in "ABCDE" for b in "aeiou" for c in "lmnrst"]
    texts["documents"] = every[::7] * 6
    one = trainer("gpt", texts["documents"], steps=60, data="names", context=8)
    weights = weights_of(one, texts["documents"])
    made = [pair(one.config, weights, seed).made for seed in range(3)]
    assert not set(made) & set(texts["documents"])


@pytest.mark.parametrize(("data", "says"), [("own", "somebody's own"), ("own_tunes", "somebody's own")])
def test_what_somebody_brought_is_not_shown(data, says):
    one = trainer()
    with pytest.raises(EngineError, match=says):
        pair(GptConfig(data=data), weights_of(one), 1)


def test_a_masked_model_writes_none(texts):
    one = trainer("masked")
    with pytest.raises(ConfigError, match="does not write on"):
        pair(one.config, weights_of(one), 1)
