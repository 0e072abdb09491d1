"""The engine on the CPU, with short real trainings."""

import json
import math

import numpy as np
import pytest
import torch
from PIL import Image

from engines.data.features import read_metadata
from engines.gan_training import engine
from engines.gan_training.config import PRESETS, GanConfig
from engines.gan_training.explore import export, load_export, sample, walk
from engines.gan_training.objectives import OBJECTIVES
from engines.live_training import checkpoint, data
from engines.messages import ConfigError, EngineError
from engines.running.clock import Clock
from engines.running.events import (
    Caption,
    Metrics,
    Note,
    Progress,
    Reference,
    Resumed,
    Samples,
    Shares,
    Verdict,
    Weights,
)
from tests.engines.driven import driven, of
from tests.fakes import FULL_DISK

SMALL = {"dataset": "mnist", "architecture": "mlp", "features": 8, "batch": 16, "latent": 8, "seed": 1}


def run(config, uploads=(), stop_after=None, folder=None):
    return driven(engine.train(config, uploads, folder), stop_after)


@pytest.mark.slow
def test_a_run_tells_all_that_a_page_shows():
    events = run(GanConfig(**SMALL, steps=40))
    assert of(events, Note)
    assert of(events, Reference)[0].images.shape == (80, 28, 28, 1)
    samples = of(events, Samples)
    assert (samples[0].step, samples[-1].step) == (0, 40)
    assert samples[0].images.shape == (80, 28, 28, 1)
    assert samples[0].columns == 10  # one a class
    assert samples[0].images.dtype == np.uint8
    assert of(events, Progress)[-1].counts == {"{n} pictures": 40 * 16}
    assert all(math.isfinite(v) for m in of(events, Metrics) for v in m.values.values())
    shares = of(events, Shares)[-1]
    assert shares.labels == tuple("0123456789")
    assert sum(shares.values) == pytest.approx(1)
    assert of(events, Verdict)
    assert of(events, Weights)[-1].step == 40


def test_a_stop_ends_it_soon_and_everything_is_yielded_once_more():
    events = run(GanConfig(**SMALL, steps=100_000), stop_after=1)
    last = of(events, Weights)[-1].step
    assert 1 <= last < 100_000
    assert of(events, Samples)[-1].step == last


@pytest.mark.slow
def test_the_same_seed_gives_the_same_generator():
    first, second = (of(run(GanConfig(**SMALL, steps=12)), Weights)[-1].tensors for _ in range(2))
    assert all(np.array_equal(first[name], second[name]) for name in first)


def test_grids_of_a_gan_that_is_told_no_class_are_square():
    events = run(GanConfig(**SMALL, steps=10, conditional=False))
    assert of(events, Samples)[0].columns == 8
    assert of(events, Reference)[0].images.shape[0] == 64


def test_a_loss_that_is_no_number_ends_the_run_in_plain_words(monkeypatch):
    from engines.gan_training.step import Trainer

    real = Trainer.signals

    def poisoned(self):
        return real(self) | ({"Loss_D": math.nan} if self.steps >= 3 else {})

    monkeypatch.setattr(Trainer, "signals", poisoned)
    monkeypatch.setattr(Clock, "due", lambda self: True)
    events = []
    with pytest.raises(EngineError, match="At step 3 a loss was not a number any more"):
        events.extend(engine.train(GanConfig(**SMALL, steps=50)))  # keeps what came before the error
    assert of(events, Verdict)[-1].state == "diverging"
    assert of(events, Weights)[-1].step == 2


@pytest.mark.slow
def test_own_pictures_train_in_their_own_size(tmp_path):
    rng = np.random.default_rng(0)
    paths = []
    for i in range(20):
        paths.append(tmp_path / f"{i}.png")
        Image.fromarray(rng.integers(0, 256, (50, 40, 3), np.uint8)).save(paths[-1])
    config = GanConfig(**{**SMALL, "dataset": "own", "size": 32}, steps=10)
    events = run(config, [str(path) for path in paths])
    assert of(events, Samples)[-1].images.shape == (64, 32, 32, 3)
    assert not of(events, Shares)  # their classes are not known
    (tmp_path / "own").mkdir()
    cut = run(config, [str(path) for path in paths], stop_after=1, folder=tmp_path / "own")
    assert of(cut, Weights)[-1].step < 10
    resumed = run(config, folder=tmp_path / "own")  # uploads are gone by then; the run has kept them
    assert all(
        np.array_equal(v, of(events, Weights)[-1].tensors[k]) for k, v in of(resumed, Weights)[-1].tensors.items()
    )
    (tmp_path / "own" / "checkpoint" / "pictures.npz").write_bytes(b"PK")
    with pytest.raises(EngineError, match="What was saved of this run is damaged"):
        run(config, folder=tmp_path / "own")
    with pytest.raises(EngineError, match="Choose your own pictures first"):
        run(config)


def test_without_the_network_the_bundled_pictures_are_used(monkeypatch):
    def unreachable(*args):
        raise EngineError("Out of reach.")

    monkeypatch.setattr(data, "load_whole", unreachable)
    events = run(GanConfig(**SMALL, steps=10, whole=True))
    assert any("The bundled pictures are used" in caption.message for caption in of(events, Caption))
    assert of(events, Weights)


def checkpoint_of(folder):
    return folder / "checkpoint" / "training.safetensors"


@pytest.mark.slow
@pytest.mark.parametrize("values", [{}, {"objective": "relativistic", "conditional": True, "ema": 0.0}])
def test_a_training_that_was_cut_off_ends_as_an_unbroken_one(tmp_path, monkeypatch, values):
    config = GanConfig(**SMALL | {"architecture": "dcgan"}, **values, steps=40)
    with monkeypatch.context() as patch:
        patch.setattr(Clock, "due", lambda self: True)  # an answer at every step
        cut = run(config, stop_after=6, folder=tmp_path)
    at = of(cut, Weights)[-1].step
    assert at == 6
    resumed = run(config, folder=tmp_path)
    assert of(resumed, Resumed) == [Resumed(at)]
    assert of(resumed, Samples)[0].step == at
    assert of(resumed, Progress)[-1].step == 40
    unbroken, ended = of(run(config), Weights)[-1], of(resumed, Weights)[-1]
    assert ended.step == unbroken.step == 40
    assert all(np.array_equal(ended.tensors[name], unbroken.tensors[name]) for name in unbroken.tensors)


@pytest.mark.slow
def test_the_checkpoint_is_written_on_a_clock_and_never_seen_half_written(tmp_path, monkeypatch):
    real, sizes = checkpoint.write_atomically, []

    def watched(path, data, sync=False):
        real(path, data, sync)
        sizes.append((path.stat().st_size == len(data), sorted(p.name for p in path.parent.iterdir())))

    monkeypatch.setattr(checkpoint, "write_atomically", watched)
    monkeypatch.setattr(checkpoint, "SECONDS", 0.0)
    monkeypatch.setattr(checkpoint, "SHARE", 1.0)
    run(GanConfig(**SMALL, steps=20), folder=tmp_path)
    assert len(sizes) >= 5
    assert set(map(str, sizes)) == {str((True, ["training.safetensors"]))}


@pytest.mark.slow
def test_the_diagnosis_remembers_what_it_saw_before(tmp_path):
    def exams():
        about = read_metadata(checkpoint_of(tmp_path))
        return json.loads(about["memory"])["doctor"]["exams"]

    config = GanConfig(**SMALL, steps=2000)
    run(config, stop_after=1, folder=tmp_path)
    before = exams()
    run(config, stop_after=1, folder=tmp_path)
    assert exams() > before >= 1


@pytest.mark.slow
@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[: len(data) // 2],
        lambda data: b"\x80\x04pickle",
        lambda data: data.replace(b'\\"features\\": 8', b'\\"features\\": 9'),
    ],
)
def test_a_damaged_checkpoint_is_told_in_one_sentence(tmp_path, damage):
    config = GanConfig(**SMALL, steps=10)
    run(config, stop_after=1, folder=tmp_path)
    path = checkpoint_of(tmp_path)
    data = path.read_bytes()
    assert damage(data) != data
    path.write_bytes(damage(data))
    with pytest.raises(EngineError, match="What was saved of this run is damaged"):
        run(config, folder=tmp_path)


@pytest.mark.slow
def test_a_full_disk_does_not_end_the_training(tmp_path, monkeypatch, caplog):
    def refuse(path, data, sync=False):
        raise FULL_DISK

    monkeypatch.setattr(checkpoint, "write_atomically", refuse)
    assert of(run(GanConfig(**SMALL, steps=10), folder=tmp_path), Weights)[-1].step == 10
    assert "No space left on device" in caplog.text


@pytest.fixture(scope="module")
def trained():
    config = GanConfig(**SMALL, steps=10, conditional=True)
    return config, of(run(config), Weights)[-1]


def test_new_samples_depend_on_seed_and_class(trained):
    one, same, other = (sample(*trained, seed=seed, count=20) for seed in (1, 1, 2))
    assert one.shape == (20, 28, 28, 1)
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)
    assert not np.array_equal(one, sample(*trained, seed=1, count=20, label=3))
    with pytest.raises(ConfigError, match="Class must be from 0 to 9"):
        sample(*trained, seed=1, label=10)


def test_a_walk_goes_from_one_seed_to_the_other(trained):
    frames = walk(*trained, 1, 2, frames=5, count=4)
    assert frames.shape == (5, 4, 28, 28, 1)
    for frame, seed in ((0, 1), (4, 2)):
        ends = sample(*trained, seed=seed, count=4)
        assert np.abs(frames[frame].astype(int) - ends).max() <= 1
    assert np.array_equal(walk(*trained, 1, 1, frames=2, count=4)[0], frames[0])


def test_an_exported_generator_draws_the_same_again(trained, tmp_path):
    export(*trained, tmp_path / "generator.zip")
    again = load_export(tmp_path / "generator.zip")
    assert again[0] == trained[0]
    assert np.array_equal(sample(*again, seed=4), sample(*trained, seed=4))
    (tmp_path / "generator.zip").write_bytes(b"PK")
    with pytest.raises(EngineError, match="not an exported generator"):
        load_export(tmp_path / "generator.zip")


def test_weights_of_another_network_are_refused_in_one_sentence(trained):
    config, weights = trained
    with pytest.raises(EngineError, match="do not belong"):
        sample(GanConfig.from_dict({**config.to_dict(), "features": 16}), weights, seed=1)


@pytest.mark.slow
@pytest.mark.parametrize(("architecture", "steps"), [("mlp", 400), ("dcgan", 250)])
@pytest.mark.parametrize("objective", list(OBJECTIVES))
def test_every_objective_and_architecture_learns(objective, architecture, steps):
    small = {"features": 16, "batch": 32, "ema": 0.9, "seed": 1}
    config = GanConfig(objective=objective, architecture=architecture, steps=steps, **small)
    scores = [event for event in of(run(config), Metrics) if event.group == "scores"]
    first, last = scores[0].values["Fréchet distance"], scores[-1].values["Fréchet distance"]
    assert (scores[0].step, scores[-1].step) == (1, steps)
    assert last < 0.9 * first


@pytest.mark.slow
@pytest.mark.parametrize(
    ("preset", "state"),
    [("mode_collapse", "collapse"), ("d_too_strong", "d_too_strong"), ("lr_too_high", "diverging")],
)
def test_what_a_recipe_breaks_is_diagnosed(preset, state):
    steps = 100_000 if torch.cuda.is_available() else 3000  # a GPU would end before the first exams, which are timed
    config = GanConfig(**PRESETS[preset].values, steps=steps, seed=1)
    seen = []
    for event in engine.train(config):
        if isinstance(event, Verdict):
            seen.append(event.state)
            if event.state == state:
                break
    assert seen[-1] == state
    assert "healthy" not in seen
