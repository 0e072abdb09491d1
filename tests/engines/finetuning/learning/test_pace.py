"""How a fine-tuning computes: tried out without touching the network, told, and taken from a checkpoint."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from engines.device import tuning
from engines.device.cores import Neighbours
from engines.device.tuning import Choice, kept
from engines.finetuning.config import FinetuningConfig
from engines.finetuning.data.sources import PictureSource
from engines.finetuning.learning.lanes import Lanes, Noise
from engines.finetuning.learning.pace import choose_how
from engines.finetuning.nets.pictures import PictureNet
from engines.running.events import Caption

CPU = torch.device("cpu")


@pytest.fixture
def learner(tmp_path, monkeypatch):
    monkeypatch.setenv("AIGC_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(tuning, "SECONDS", 0.05)
    lanes = Lanes(CPU)
    yield SimpleNamespace(
        config=FinetuningConfig(dataset="fashion_mnist", model="small_cnn", batch=8, seed=3),
        examples=SimpleNamespace(labels=np.arange(32) % 2, parts=SimpleNamespace(train=np.arange(32))),
        net=PictureNet("small_cnn", 28, 1, ("bad", "good")),
        inputs=PictureSource(np.full((32, 28, 28, 1), 7, np.uint8), CPU),
        lanes=lanes,
        noise=Noise(3, CPU),
        device=CPU,
    )
    lanes.close()


def tried():
    """What fine-tunings were tried out, apart from which number type multiplies faster here."""
    return [key for key in kept() if key.startswith("fine-tuning")]


def test_trying_leaves_the_network_as_it_was_and_the_way_is_told(learner):
    before = {name: tensor.clone() for name, tensor in learner.net.state_dict().items()}
    *_, told = choose_how(learner, Neighbours(), None)
    assert isinstance(told, Caption)
    assert f"lanes: {learner.lanes.count}" in told.message
    assert all(torch.equal(tensor, before[name]) for name, tensor in learner.net.state_dict().items())
    if learner.lanes.most > 1:
        assert "small_cnn" in "".join(tried())


def test_a_checkpoint_says_how_it_goes_on(learner):
    choice = Choice("float32", lanes=3, milliseconds=2.0)
    *_, told = choose_how(learner, Neighbours(), choice.to_dict())
    assert learner.lanes.choice == choice
    assert learner.lanes.count == 3
    assert "lanes: 3" in told.message
    assert not tried()
