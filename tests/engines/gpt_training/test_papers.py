"""The papers' measures of language models on costs with known answers, on tiny models, and where they can't be had."""

import math
from dataclasses import replace

import numpy as np
import pytest

from engines.gpt_training import papers
from engines.gpt_training.config import ENGLISH, NAMES, OWN, GptConfig
from engines.gpt_training.papers import COUNTING, MADE, PERPLEXITY, REAL, PapersConfig, compare, measure, perplexity
from engines.messages import EngineError
from engines.running.events import Metrics, Progress
from tests.engines.gpt_training.tiny import ENGLISH as STORY
from tests.engines.gpt_training.tiny import POEMS, trainer, weights_of

FEW = PapersConfig(count=10)


@pytest.fixture
def texts(monkeypatch):
    """What every run learns from, few poems unless a test says so."""
    held = {"documents": POEMS}
    monkeypatch.setattr(papers, "load_documents", lambda config: held["documents"])
    return held


def found(events):
    return {event.group: event for event in events if isinstance(event, Metrics)}


def test_the_perplexity_of_guesses_among_ten_is_ten():
    told = perplexity(np.array([10, 20, 30]) * math.log(10), np.array([10.0, 20.0, 30.0]))
    assert all(value == pytest.approx(10) for value in told.values()), "no piece costs more than another"


def test_the_interval_holds_the_truth_in_95_of_100_draws():
    rng, hits = np.random.default_rng(0), 0
    for _ in range(400):
        characters = rng.integers(20, 40, 300).astype(float)
        told = perplexity(characters * rng.normal(2.0, 0.5, 300), characters)
        hits += told["Low"] < math.exp(2.0) < told["High"]
    assert 0.92 < hits / 400 < 0.98


def test_the_real_end_scores_100_and_names_are_compared_letter_by_letter():
    same = compare(GptConfig(), ["处处闻啼鸟", "花落知多少"], ["处处闻啼鸟", "花落知多少"])
    assert (same["BLEU"], same["ROUGE-L"]) == pytest.approx((100, 100))
    near = compare(GptConfig(data=NAMES), ["anna", "bert"], ["anne", "bern"])
    assert near["ROUGE-1"] == pytest.approx(75)
    assert compare(GptConfig(data=ENGLISH), ["anna"], ["anne"])["ROUGE-1"] == 0


@pytest.mark.parametrize("model", ["gpt", "lstm"])
def test_a_run_is_measured_beside_counting_and_other_real_texts(texts, model):
    one = trainer(model, steps=60)
    told = found(measure(one.config, weights_of(one), FEW))
    assert set(told) == {PERPLEXITY, COUNTING, MADE, REAL}
    sure = told[PERPLEXITY]
    assert sure.values["Low"] < sure.values["Perplexity"] < sure.values["High"]
    assert sure.values["Perplexity"] == pytest.approx(math.exp(one.held_out()), rel=0.02)
    assert sure.step == 6 * 25, "six poems of 24 characters and their ends"
    assert told[COUNTING].values["5-gram"] < 2 < told[COUNTING].values["1-gram"]
    assert told[MADE].values["BLEU"] >= 0 <= told[REAL].values["ROUGE-1"]


def test_a_longer_text_is_gone_on_with_in_pieces(texts):
    texts["documents"] = [STORY * 6]
    one = trainer("gpt", documents=texts["documents"], data=ENGLISH, steps=60)
    told = found(measure(one.config, weights_of(one, texts["documents"]), FEW))
    assert 2 <= told[MADE].step <= 10
    assert told[REAL].values["ROUGE-1"] > 50, "the same sentence again and again"


def test_told_to_stop_it_stops(texts):
    one = trainer("gpt")
    events = measure(one.config, weights_of(one), FEW)
    while not isinstance(next(events), Progress):
        pass
    with pytest.raises(StopIteration):
        events.send(True)


def test_what_cannot_be_measured_is_said(texts, tmp_path):
    masked, one = trainer("masked"), trainer("gpt")
    with pytest.raises(EngineError, match="A masked model fills gaps"):
        list(measure(masked.config, weights_of(masked), FEW))
    with pytest.raises(EngineError, match="not kept any more"):
        list(measure(replace(one.config, data=OWN), weights_of(one), FEW, tmp_path))
    texts["documents"] = [poem.replace("春", "冬") for poem in POEMS]
    with pytest.raises(EngineError, match="not as it was"):
        list(measure(one.config, weights_of(one), FEW))


def test_ones_own_text_is_read_where_it_is_kept(tmp_path):
    (tmp_path / "checkpoint").mkdir()
    (tmp_path / "checkpoint" / "text.txt").write_text(STORY * 6, "utf-8")
    one = trainer("gpt", documents=[STORY * 6], data=OWN)
    assert found(measure(one.config, weights_of(one, [STORY * 6]), FEW, tmp_path))[PERPLEXITY].step > 100
