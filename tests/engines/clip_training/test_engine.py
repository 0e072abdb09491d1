"""The engine with short real trainings."""

import math

import numpy as np
import pytest

from engines.clip_training import engine
from engines.clip_training.config import ClipConfig
from engines.clip_training.retrieval import LEVELS
from engines.clip_training.step import Trainer
from engines.messages import EngineError
from engines.running.clock import Clock
from engines.running.events import Bars, Caption, Metrics, Progress, Reference, Resumed, Verdict, Weights, Written
from tests.engines.clip_training.tiny import TINY
from tests.engines.driven import driven, of


@pytest.fixture(autouse=True)
def alone(monkeypatch, tmp_path):
    monkeypatch.setenv("AIGC_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("engines.device.tuning.SECONDS", 0.0)


def run(config, stop_after=None, folder=None):
    return driven(engine.train(config, (), folder), stop_after)


@pytest.mark.slow
def test_a_run_tells_all_that_a_page_shows():
    events = run(ClipConfig(**TINY | {"steps": 20}))
    metrics = of(events, Metrics)
    assert {each.group for each in metrics} == {"losses", "held_out", "known", "temperature"}
    assert all(math.isfinite(value) for each in metrics for value in each.values.values())
    losses = [each.values for each in metrics if each.group == "losses"]
    assert losses[-1]["Guessing"] == pytest.approx(math.log(16))
    written = of(events, Written)
    assert (written[0].step, written[-1].step) == (0, 20)
    names, chinese = (each.split("\n") for each in written[-1].starts)
    assert len(names) == len(chinese) == 24
    assert len(written[-1].texts[0]) == 24 * 24
    assert set(written[-1].texts[0]) <= set(LEVELS)
    assert of(events, Reference)[0].images.shape == (24, 32, 32, 3)
    assert of(events, Bars)[-1].labels == ("English", "Chinese")
    assert of(events, Progress)[-1] == Progress(20, 20, {"{n} pictures": 20 * 16})
    assert of(events, Verdict)
    assert [caption for caption in of(events, Caption) if caption.group == "losses"]
    assert of(events, Weights)[-1].step == 20


@pytest.mark.slow
def test_a_stop_ends_it_soon_and_everything_is_yielded_once_more():
    events = run(ClipConfig(**TINY | {"steps": 100_000}), stop_after=1)
    last = of(events, Weights)[-1].step
    assert 1 <= last < 100_000
    assert of(events, Written)[-1].step == last


@pytest.mark.slow
def test_a_training_that_was_cut_off_ends_as_an_unbroken_one(tmp_path, monkeypatch):
    config = ClipConfig(**TINY | {"steps": 12, "dropout": 0.1})
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
    monkeypatch.setattr(Trainer, "signals", lambda self: real(self) | ({"Training": math.nan} if self.steps else {}))
    with pytest.raises(EngineError, match="Lower the learning rate"):
        run(ClipConfig(**TINY))
