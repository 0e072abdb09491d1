"""One model at a time, lent in order; memory that does not grow."""

from __future__ import annotations

import dataclasses
import gc
import os
import time
import weakref
from pathlib import Path

import pytest

from engines.image_generation import models as models_module
from engines.image_generation.catalog import IMAGE_MODELS, find_image_model
from engines.image_generation.config import ImageConfig
from engines.image_generation.engine import generate
from engines.image_generation.models import ImageModels, Lease
from engines.running.events import Note
from tests.fakes import wait_until
from tests.tiny_image_models import save_emoji_model


class Loader:
    """Makes models that take a moment to load, and counts how many there are at once."""

    def __init__(self) -> None:
        self.alive: weakref.WeakSet = weakref.WeakSet()
        self.most = 0

    def __call__(self, card, folder) -> FakeModel:
        model = FakeModel()
        self.alive.add(model)
        time.sleep(0.05)
        self.most = max(self.most, len(self.alive))
        return model


class FakeModel:
    """Can only be closed."""

    def close(self) -> None:
        pass


@pytest.fixture
def loader() -> Loader:
    return Loader()


@pytest.fixture
def models(loader, monkeypatch, tmp_path):
    monkeypatch.setattr(models_module, "load_image_model", loader)
    monkeypatch.setattr(ImageModels, "fetch", lambda self, card: iter_return(tmp_path))
    models = ImageModels()
    yield models
    models.close()


def iter_return(value):
    """A generator that only returns."""
    return value
    yield


def lease_of(models: ImageModels, model_id: str) -> Lease:
    leases = []

    def collect():
        leases.append((yield from models.use(model_id)))

    for _ in collect():
        pass
    return leases[0]


@pytest.mark.slow
def test_a_model_stays_until_another_is_wanted_and_never_two_are_held(models, loader):
    for model_id in ("emoji", "emoji", "SD-Turbo", "emoji", "SD-1.5"):
        lease = lease_of(models, model_id)
        assert models.loaded() == model_id
        lease.release()
        del lease
        gc.collect()
    assert loader.most == 1
    first = lease_of(models, "SD-1.5")
    first.release()
    again = lease_of(models, "SD-1.5")
    assert again.model is first.model
    again.release()


def test_who_gives_up_while_it_loads_harms_nobody(models, loader):
    events = models.use("emoji")
    assert isinstance(next(events), Note)
    with pytest.raises(StopIteration) as end:
        events.send(True)
    assert end.value.value is None
    lease = lease_of(models, "SD-Turbo")
    assert models.loaded() == "SD-Turbo"
    assert loader.most == 1
    lease.release()


def test_a_page_closed_in_line_leaves_the_line(models):
    lease = lease_of(models, "emoji")
    waiting = models.use("emoji")
    next(waiting)
    waiting.close()
    lease.release()
    lease_of(models, "emoji").release()


@pytest.mark.slow
def test_the_order_is_the_order_of_asking(models):
    lease = lease_of(models, "emoji")
    second, third = models.use("emoji"), models.use("emoji")
    assert "place 1" in next(second).message
    assert "place 2" in next(third).message
    lease.release()
    assert "place 1" in next(third).message  # the second comes first although the third asks first
    with pytest.raises(StopIteration) as end:
        next(second)
    end.value.value.release()
    with pytest.raises(StopIteration) as end:
        next(third)
    end.value.value.release()


def test_closing_frees_everything(models):
    lease = lease_of(models, "emoji")
    old = weakref.ref(lease.model)
    lease.release()
    del lease
    models.close()
    wait_until(lambda: gc.collect() is not None and old() is None)
    assert models.loaded() == ""


def resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs Linux")
def test_memory_does_not_grow(monkeypatch, tmp_path):
    """The real loading and drawing, with a tiny model in two guises; tests.benchmarks.image has the long run."""
    save_emoji_model(tmp_path)
    monkeypatch.setattr(models_module, "EMOJI_FOLDER", tmp_path)
    other = dataclasses.replace(IMAGE_MODELS["emoji"], id="other")
    monkeypatch.setattr(
        models_module, "find_image_model", lambda name: other if name == "other" else find_image_model(name)
    )
    models = ImageModels(allow_any_model=True)

    def draw(model_id: str, seed: int) -> None:
        lease = lease_of(models, model_id)
        config = ImageConfig(prompt="pizza", steps=2, seed=seed)
        for _ in lease.model.draw(config, None, None, ()):
            pass
        lease.release()

    for i in range(10):
        draw(("emoji", "other")[i % 2], i)
    early = resident_mb()
    for i in range(60):
        list(generate(ImageConfig(prompt="pizza", steps=2, seed=i), models))
    for i in range(10):
        draw(("emoji", "other")[i % 2], i)
    assert resident_mb() < early + 20
    models.close()
