"""The engine with short real trainings."""

import math

import numpy as np
import pytest

from engines.messages import EngineError
from engines.points_training import engine
from engines.points_training.config import PRESETS, PointsConfig
from engines.points_training.trainer import Trainer
from engines.running.clock import Clock
from engines.running.events import Ground, Metrics, Plane, Progress, Resumed, Verdict, Weights
from tests.engines.driven import driven, of

SMALL = {"width": 16, "batch": 32, "seed": 1}
FAMILIES = pytest.mark.parametrize("family", ["gan", "vae", "diffusion"])


def run(config, stop_after=None, folder=None):
    return driven(engine.train(config, folder), stop_after)


@FAMILIES
def test_a_run_tells_all_that_a_page_shows(family):
    events = run(PointsConfig(family=family, **SMALL, steps=40))
    (ground,) = of(events, Ground)
    assert ground.points.shape == (2000, 2)
    assert ground.centres.shape == (8, 2)
    planes = of(events, Plane)
    assert (planes[0].step, planes[-1].step) == (0, 40)
    assert planes[-1].samples.dtype == np.uint16
    assert planes[-1].covered.shape == (8,)
    assert (planes[-1].field is not None) is (family == "gan")
    assert (planes[-1].paths is not None) is (family != "gan")
    assert of(events, Progress)[-1].counts == {"{n} points": 40 * 32}
    assert all(math.isfinite(v) for m in of(events, Metrics) for v in m.values.values())
    assert of(events, Verdict)
    assert of(events, Weights)[-1].step == 40


def test_a_stop_ends_it_soon_and_everything_is_yielded_once_more():
    events = run(PointsConfig(**SMALL, steps=100_000), stop_after=1)
    last = of(events, Weights)[-1].step
    assert 1 <= last < 100_000
    assert of(events, Plane)[-1].step == last


@pytest.mark.slow
@FAMILIES
def test_a_training_that_was_cut_off_ends_as_an_unbroken_one(family, tmp_path, monkeypatch):
    config = PointsConfig(family=family, **SMALL, steps=30)
    with monkeypatch.context() as patch:
        patch.setattr(Clock, "due", lambda self: True)  # an answer at every step
        cut = run(config, stop_after=9, folder=tmp_path)
    assert 0 < of(cut, Weights)[-1].step < 30
    resumed, unbroken = run(config, folder=tmp_path), run(config)
    assert of(resumed, Resumed)[0].step == of(cut, Weights)[-1].step
    one, other = (of(events, Weights)[-1].tensors for events in (resumed, unbroken))
    assert one.keys() == other.keys()
    assert not [name for name in one if not np.array_equal(one[name], other[name])]


def test_a_checkpoint_of_other_settings_is_refused(tmp_path):
    run(PointsConfig(**SMALL, steps=1000), stop_after=1, folder=tmp_path)
    with pytest.raises(EngineError, match="What was saved of this run is damaged"):
        run(PointsConfig(**SMALL, steps=2000), folder=tmp_path)


def test_a_loss_that_is_no_number_ends_the_run_in_plain_words(monkeypatch):
    real = Trainer.signals

    def poisoned(self):
        return real(self) | ({"Loss_D": math.nan} if self.steps >= 3 else {})

    monkeypatch.setattr(Trainer, "signals", poisoned)
    monkeypatch.setattr(Clock, "due", lambda self: True)
    events = []
    with pytest.raises(EngineError, match="At step 3 a loss was not a number any more"):
        events.extend(engine.train(PointsConfig(**SMALL, steps=50)))
    assert of(events, Verdict)[-1].state == "diverging"


VERDICTS = {
    "default": "healthy",
    "collapse": "collapse",
    "mended": "healthy",
    "vae": "healthy",
    "holes": "holes",
    "beta": "posterior_collapse",
    "diffusion": "healthy",
    "one_step": "few_steps",
}


def test_every_recipe_has_its_verdict():
    assert VERDICTS.keys() == PRESETS.keys()


@pytest.mark.slow
@pytest.mark.parametrize(("recipe", "state"), VERDICTS.items())
def test_a_recipe_ends_as_its_name_says(recipe, state):
    events = run(PointsConfig.from_dict({**PRESETS[recipe].values, "seed": 1}))
    assert of(events, Verdict)[-1].state == state
    distances = [m.values["Distance"] for m in of(events, Metrics) if m.group == "scores"]
    if state == "healthy":
        assert distances[-1] < 0.5 * distances[0]
