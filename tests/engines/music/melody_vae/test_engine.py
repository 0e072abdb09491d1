"""The engine with short real trainings on few melodies."""

import math

import numpy as np
import pytest

from engines.messages import ConfigError, EngineError
from engines.music.melody_vae import engine
from engines.music.melody_vae.config import MelodyConfig
from engines.music.melody_vae.step import Trainer
from engines.running.clock import Clock
from engines.running.events import Caption, Metrics, Progress, Resumed, Verdict, Weights, Written
from tests.engines.driven import driven, of
from tests.engines.music.melody_vae.tiny import TINY, few


@pytest.fixture(autouse=True)
def few_melodies(monkeypatch, tmp_path):
    monkeypatch.setenv("AIGC_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("engines.music.melody_vae.engine.load", few)
    monkeypatch.setattr("engines.device.tuning.SECONDS", 0.0)


def run(config, stop_after=None, folder=None):
    return driven(engine.train(config, (), folder), stop_after)


@pytest.mark.slow
@pytest.mark.parametrize("decoder", ["conv", "gru"])
def test_a_run_tells_all_that_a_page_shows(decoder):
    events = run(MelodyConfig(**TINY | {"steps": 20, "decoder": decoder}))
    found = {m.group: m.values for m in of(events, Metrics)}
    assert found["losses"].keys() == {"−ELBO", "Reconstruction", "KL"}
    assert found["elbo"].keys() == {"−ELBO, held-out melodies"}
    notes = {"Notes that come back", "Commonest note", "Sixteenths that come back", "Commonest sixteenth"}
    assert found["notes"].keys() == notes
    assert all(math.isfinite(v) for m in of(events, Metrics) for v in m.values.values())
    written = of(events, Written)
    assert (written[0].step, written[-1].step) == (0, 20)
    assert [len(text) for text in written[-1].texts] == [128] * 3
    assert written[0].texts[1] == written[-1].texts[1], "the same held-out melodies all along"
    assert of(events, Progress)[-1] == Progress(20, 20, {"{n} melodies": 20 * 8})
    assert of(events, Verdict)
    assert [caption for caption in of(events, Caption) if caption.group == "losses"]
    assert of(events, Weights)[-1].step == 20


@pytest.mark.slow
def test_a_training_that_was_cut_off_ends_as_an_unbroken_one(tmp_path, monkeypatch):
    config = MelodyConfig(**TINY | {"steps": 12, "dropout": 0.1, "decoder": "gru", "forget": 0.3})
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
        events.extend(engine.train(MelodyConfig(**TINY | {"steps": 50})))
    assert of(events, Verdict)[-1].state == "diverging"


def test_what_would_take_too_long_is_refused():
    with pytest.raises(ConfigError, match="Width and Batch size are too large together"):
        MelodyConfig(width=512, batch=512)
