"""The engine with short real trainings on few poems."""

import math

import numpy as np
import pytest

from engines.gpt_training import engine
from engines.gpt_training.config import GptConfig
from engines.gpt_training.step import Trainer
from engines.gpt_training.use import Writer
from engines.live_training.race.terms import Terms
from engines.messages import ConfigError, EngineError
from engines.running.clock import Clock
from engines.running.events import Bars, Caption, Metrics, Progress, Resumed, Verdict, Weights, Written
from tests.engines.driven import driven, of
from tests.engines.gpt_training.tiny import ENGLISH, POEMS, TINY

MODELS = pytest.mark.parametrize("model", ["gpt", "lstm", "rnn", "masked"])


@pytest.fixture(autouse=True)
def few_poems(monkeypatch, tmp_path):
    monkeypatch.setenv("AIGC_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("engines.gpt_training.text.sources.poems", lambda: POEMS)
    monkeypatch.setattr("engines.device.tuning.SECONDS", 0.0)


def run(config, stop_after=None, folder=None, uploads=()):
    return driven(engine.train(config, uploads, folder), stop_after)


@MODELS
def test_a_run_tells_all_that_a_page_shows(model):
    config = GptConfig(**TINY | {"model": model, "steps": 20})
    events = run(config)
    losses = [m for m in of(events, Metrics) if m.group == "losses"]
    lines = {"1-gram"} if model == "masked" else {"1-gram", "2-gram", "5-gram"}
    assert all(m.values.keys() == {"Training", "Held-out"} | lines for m in losses)
    assert len({tuple(m.values[line] for line in sorted(lines)) for m in losses}) == 1
    assert all(math.isfinite(v) for m in of(events, Metrics) for v in m.values.values())
    scores = [m.values for m in of(events, Metrics) if m.group == "scores"]
    assert scores[-1].keys() == ({"Gaps filled right"} if model == "masked" else {"Form", "Rhyme", "Tones"})
    assert all(0 <= v <= 1 for values in scores for v in values.values())
    written = of(events, Written)
    assert (written[0].step, written[-1].step) == (0, 20)
    assert len(written[0].texts) == len(written[0].starts)
    if model == "masked":
        pairs = zip(written[-1].texts, written[-1].starts, strict=True)
        assert all("␣" not in text and "␣" in start and len(text) == len(start) for text, start in pairs)
    else:
        assert all(text.startswith(start) for text, start in zip(written[-1].texts, written[-1].starts, strict=True))
        assert "春" in written[-1].starts
    assert bool(of(events, Bars)) == (model != "masked")
    assert of(events, Progress)[-1] == Progress(20, 20, {"{n} pieces of text": 20 * 8})
    assert of(events, Verdict)
    assert [caption for caption in of(events, Caption) if caption.group == "losses"]
    weights = of(events, Weights)[-1]
    assert weights.step == 20
    writer = Writer.of(config, weights)
    assert writer.fill("白日␣山尽，黄河入海流。") if model == "masked" else writer.write(["白"])[0].startswith("白")


def test_an_own_text_is_written_on(tmp_path):
    path = tmp_path / "own.txt"
    path.write_text(ENGLISH)
    config = GptConfig(**TINY | {"data": "own", "tokens": "pairs", "vocabulary": 20, "steps": 30})
    events = run(config, uploads=[str(path)])
    written = of(events, Written)[-1]
    assert written.starts[:3] == ("", "", "")
    assert written.texts[3].startswith(written.starts[3])
    assert len(written.texts[0]) > 100
    scores = [m.values for m in of(events, Metrics) if m.group == "scores"]
    assert scores[-1].keys() == {"Words known"}
    assert [m for m in of(events, Metrics) if m.group == "copies"][-1].values["Longest copied run"] >= 0


def test_without_a_text_of_ones_own_it_is_said(tmp_path):
    with pytest.raises(ConfigError, match="Choose your own text first"):
        run(GptConfig(**TINY | {"data": "own"}))
    path = tmp_path / "own.txt"
    path.write_text(ENGLISH[:250])
    with pytest.raises(ConfigError, match="Context must be below"):
        run(GptConfig(**TINY | {"data": "own", "context": 500}), uploads=[str(path)])


def test_a_stop_ends_it_soon_and_everything_is_yielded_once_more():
    events = run(GptConfig(**TINY | {"steps": 100_000}), stop_after=1)
    last = of(events, Weights)[-1].step
    assert 1 <= last < 100_000
    assert of(events, Written)[-1].step == last


@pytest.mark.slow
@MODELS
def test_a_training_that_was_cut_off_ends_as_an_unbroken_one(model, tmp_path, monkeypatch):
    config = GptConfig(**TINY | {"model": model, "steps": 12, "dropout": 0.1})
    with monkeypatch.context() as patch:
        patch.setattr(Clock, "due", lambda self: True)  # an answer at every step
        cut = run(config, stop_after=4, folder=tmp_path)
    assert 0 < of(cut, Weights)[-1].step < 12
    resumed, unbroken = run(config, folder=tmp_path), run(config)
    assert of(resumed, Resumed)[0].step == of(cut, Weights)[-1].step
    one, other = (of(events, Weights)[-1].tensors for events in (resumed, unbroken))
    assert one.keys() == other.keys()
    assert not [name for name in one if not np.array_equal(one[name], other[name])]
    assert of(resumed, Written)[-1] == of(unbroken, Written)[-1]


def test_a_checkpoint_of_other_settings_is_refused(tmp_path):
    run(GptConfig(**TINY | {"steps": 1000}), stop_after=1, folder=tmp_path)
    with pytest.raises(EngineError, match="What was saved of this run is damaged"):
        run(GptConfig(**TINY | {"steps": 2000}), folder=tmp_path)


def test_a_loss_that_is_no_number_ends_the_run_in_plain_words(monkeypatch):
    real = Trainer.signals

    def poisoned(self):
        return real(self) | ({"Training": math.nan} if self.steps >= 3 else {})

    monkeypatch.setattr(Trainer, "signals", poisoned)
    monkeypatch.setattr(Clock, "due", lambda self: True)
    events = []
    with pytest.raises(EngineError, match="At step 3 a loss was not a number any more"):
        events.extend(engine.train(GptConfig(**TINY | {"steps": 50})))
    assert of(events, Verdict)[-1].state == "diverging"


@pytest.mark.slow
@pytest.mark.parametrize("model", ["lstm", "masked"])
def test_on_the_terms_of_a_race_it_ends_by_time_with_an_exam_that_is_repeated(model):
    config = GptConfig(**TINY | {"model": model, "steps": 100_000})
    events = list(engine.train(config, terms=Terms(seconds=1.0, exams=3)))
    final = [event for event in of(events, Metrics) if event.group == "final"]
    assert len(final) == 3
    assert {event.step for event in final} == {of(events, Progress)[-1].step}
    assert set(final[0].values) == {
        "Held-out",
        *(["Gaps filled right"] if model == "masked" else ["Form", "Rhyme", "Tones"]),
    }
    assert len({event.values["Held-out"] for event in final}) == 3, "another part each time"
    last = of(events, Progress)[-1]
    assert last.step == last.total < 100_000
    said = [caption.message for caption in of(events, Caption) if caption.group == "final"]
    assert ("other gaps" in said[0]) == (model == "masked")


def test_told_to_stop_a_race_has_no_exam(monkeypatch):
    monkeypatch.setattr(Clock, "due", lambda self: True)
    config = GptConfig(**TINY | {"steps": 100_000})
    events = driven(engine.train(config, terms=Terms(seconds=60)), 3)
    assert not [event for event in of(events, Metrics) if event.group == "final"]
