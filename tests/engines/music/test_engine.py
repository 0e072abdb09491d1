"""The engine with short real trainings on few chorales."""

import math

import numpy as np
import pytest

from engines.messages import EngineError
from engines.music import engine
from engines.music.composing import ComposeConfig, fill
from engines.music.config import MusicConfig
from engines.music.grid import FREE, Chorale, from_text
from engines.music.step import Trainer
from engines.running.clock import Clock
from engines.running.events import Bars, Caption, Metrics, Progress, Resumed, Verdict, Weights, Written
from tests.engines.driven import driven, of
from tests.engines.music.tiny import TINY, few


@pytest.fixture(autouse=True)
def few_chorales(monkeypatch, tmp_path):
    monkeypatch.setenv("AIGC_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("engines.music.engine.load", lambda share: few())
    monkeypatch.setattr("engines.device.tuning.SECONDS", 0.0)


def run(config, stop_after=None, folder=None):
    return driven(engine.train(config, (), folder), stop_after)


@pytest.mark.slow
def test_a_run_tells_all_that_a_page_shows():
    config = MusicConfig(**TINY | {"steps": 20})
    events = run(config)
    losses = [m.values for m in of(events, Metrics) if m.group == "losses"]
    lines = {"1-gram", "2-gram", "5-gram", "Hold the last note"}
    assert losses[-1].keys() == {"Training", "Held-out", "Pitch alone"} | lines
    assert losses[-1]["Pitch alone"] < losses[-1]["Held-out"]
    assert all(math.isfinite(v) for m in of(events, Metrics) for v in m.values.values())
    assert {m.group for m in of(events, Metrics)} == {"losses", "scores", "rules", "copies"}
    written = of(events, Written)
    assert (written[0].step, written[-1].step) == (0, 20)
    assert from_text(written[-1].texts[0]).shape == (64, 4)
    assert of(events, Bars)[-1].labels == ("Soprano", "Alto", "Tenor", "Bass")
    assert of(events, Progress)[-1] == Progress(20, 20, {"{n} passages": 20 * 4})
    assert of(events, Verdict)
    assert [caption for caption in of(events, Caption) if caption.group == "losses"]
    weights = of(events, Weights)[-1]
    assert weights.step == 20
    empty = Chorale(np.full((16, 4), FREE, np.int8))
    made = fill(config, weights, empty, ComposeConfig(seed=1, passes=4))
    assert not (made.chorale.grid == FREE).any()


@pytest.mark.slow
def test_a_stop_ends_it_soon_and_everything_is_yielded_once_more():
    events = run(MusicConfig(**TINY | {"steps": 100_000}), stop_after=1)
    last = of(events, Weights)[-1].step
    assert 1 <= last < 100_000
    assert of(events, Written)[-1].step == last


@pytest.mark.slow
def test_a_training_that_was_cut_off_ends_as_an_unbroken_one(tmp_path, monkeypatch):
    config = MusicConfig(**TINY | {"steps": 12, "dropout": 0.1})
    with monkeypatch.context() as patch:
        patch.setattr(Clock, "due", lambda self: True)  # an answer at every step
        cut = run(config, stop_after=4, folder=tmp_path)
    assert 0 < of(cut, Weights)[-1].step < 12
    resumed, unbroken = run(config, folder=tmp_path), run(config)
    assert of(resumed, Resumed)[0].step == of(cut, Weights)[-1].step
    one, other = (of(events, Weights)[-1].tensors for events in (resumed, unbroken))
    assert not [name for name in one if not np.array_equal(one[name], other[name])]
    assert of(resumed, Written)[-1] == of(unbroken, Written)[-1]


def test_a_loss_that_is_no_number_ends_the_run_in_plain_words(monkeypatch):
    real = Trainer.signals

    def poisoned(self):
        return real(self) | ({"Training": math.nan} if self.steps >= 3 else {})

    monkeypatch.setattr(Trainer, "signals", poisoned)
    monkeypatch.setattr(Clock, "due", lambda self: True)
    events = []
    with pytest.raises(EngineError, match="At step 3 a loss was not a number any more"):
        events.extend(engine.train(MusicConfig(**TINY | {"steps": 50})))
    assert of(events, Verdict)[-1].state == "diverging"
