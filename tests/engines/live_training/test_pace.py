"""How a training computes, shown with a GAN's: tried, told, kept, and changed when others need the cores."""

import contextlib
import json

import numpy as np
import pytest
import torch

from engines.data.features import read_metadata
from engines.data.pictures import PictureSet
from engines.device import tuning
from engines.device.tuning import Choice, kept
from engines.gan_training import engine
from engines.gan_training.config import GanConfig
from engines.gan_training.family import FAMILY
from engines.gan_training.step import Trainer
from engines.live_training import pace
from engines.live_training.pace import Computing, best_choice
from engines.running.events import COMPUTED, Caption

CPU = torch.device("cpu")
SMALL = {"features": 8, "latent": 4, "batch": 8, "seed": 5}
PICTURES = PictureSet("own", np.zeros((40, 28, 28, 1), np.uint8), np.zeros(40, np.int64), ("one",))


@pytest.fixture(autouse=True)
def quick(tmp_path, monkeypatch):
    monkeypatch.setenv("AIGC_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(tuning, "SECONDS", 0.05)


def trainer_of(choice, **values):
    config = GanConfig(**SMALL | values)
    return Trainer(config, PICTURES.images, PICTURES.labels, 1, choice=choice)


@pytest.mark.slow
def test_it_is_tried_out_once_and_a_penalty_needs_no_lanes():
    best_choice(FAMILY, GanConfig(**SMALL), PICTURES, CPU, free=1)
    best_choice(FAMILY, GanConfig(**SMALL | {"seed": 6, "steps": 50}), PICTURES, CPU, free=1)
    (key,) = kept()
    assert "batch 8" in key
    assert {tried["layout"] for tried in kept()[key]["tried"]} == {"channels_last", "contiguous"}
    best_choice(FAMILY, GanConfig(**SMALL, objective="wgan_gp"), PICTURES, CPU, free=1)
    other = next(found for key, found in kept().items() if "wgan_gp" in key)
    assert {tried["lanes"] for tried in other["tried"]} == {1}


@pytest.mark.parametrize(
    "choice", [Choice(lanes=2), Choice(threads=2), Choice(layout="contiguous"), Choice("bfloat16", lanes=2)]
)
def test_every_way_trains_and_may_be_changed_on_the_way(choice):
    trainer = trainer_of(Choice())
    trainer.step()
    trainer.use(choice)
    for _ in range(3):
        trainer.step()
    trainer.use(Choice())
    trainer.step()
    assert all(np.isfinite(value) for value in trainer.signals().values())
    assert all(np.isfinite(weight).all() for weight in trainer.weights().values())


def test_ways_in_float32_learn_the_same_but_for_rounding():
    found = []
    for choice in (Choice(), Choice(lanes=2), Choice(layout="contiguous")):
        trainer = trainer_of(choice)
        for _ in range(2):
            trainer.step()
        found.append(trainer.weights())
    for other in found[1:]:
        assert all(np.allclose(weight, other[name], atol=2e-3) for name, weight in found[0].items())


class SlowTrainer:
    """Stands for one whose steps take a second, where a hundredth was measured."""

    def __init__(self, choice):
        self.choice, self.steps, self.device, self.team, self.config = choice, 0, CPU, None, GanConfig(**SMALL)

    def step(self):
        self.steps += 1

    def use(self, choice):
        self.choice = choice


@pytest.mark.parametrize(("threads", "changes"), [(2, True), (1, False)])
def test_steps_that_stay_slow_lead_to_fewer_threads_and_it_is_said(monkeypatch, threads, changes):
    clock = iter(range(1000))
    monkeypatch.setattr(pace.time, "perf_counter", lambda: next(clock))
    computing = Computing(SlowTrainer(Choice(threads=threads, milliseconds=10)), lambda free: Choice(lanes=2))
    assert "others" not in computing.caption().message
    assert any([computing.step() for _ in range(9)]) == changes  # noqa: C419
    assert computing.trainer.choice == (Choice(lanes=2) if changes else Choice())
    if changes:
        assert f"at step {computing.changed}, since others needed the cores" in computing.caption().message


def stop(training):
    next(training)
    with contextlib.suppress(StopIteration):
        while True:
            training.send(True)


@pytest.mark.slow
@pytest.mark.skipif(torch.cuda.is_available(), reason="a GPU has one way")
def test_a_run_tells_how_and_goes_on_as_its_checkpoint_says(tmp_path, monkeypatch):
    config = GanConfig(**SMALL, dataset="mnist", architecture="mlp", steps=20)
    told = [e for e in engine.train(config, folder=tmp_path) if isinstance(e, Caption) and e.group == COMPUTED]
    assert "threads" in told[0].message
    file = tmp_path / "checkpoint" / "training.safetensors"
    if not file.exists():  # it ended before its first one was due
        stop(engine.train(config, folder=tmp_path))
    about = json.loads(read_metadata(file)["computed"])
    assert Choice.from_dict(about).milliseconds >= 0
    file.write_bytes(file.read_bytes().replace(b'\\"lanes\\": %d' % about["lanes"], b'\\"lanes\\": 3'))
    again = [e for e in engine.train(config, folder=tmp_path) if isinstance(e, Caption) and e.group == COMPUTED]
    assert "lanes: 3" in again[0].message
