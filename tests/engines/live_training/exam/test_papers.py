"""The papers' measures on features with known answers, and what is said where something is missing."""

import hashlib

import numpy as np
import pytest
import torch
from torch import nn

from engines.gan_training.config import GanConfig
from engines.gan_training.family import FAMILY
from engines.live_training.engine import train
from engines.live_training.exam import papers
from engines.live_training.exam.papers import MADE, MEASURES, REAL, PapersConfig, compare, measure, weights_file
from engines.messages import EngineError
from engines.running.events import Metrics, Progress, Weights

FEW = PapersConfig(count=100)


def drawn(count: int, seed: int, shift: float = 0.0, spread: float = 1.0) -> torch.Tensor:
    rng = np.random.default_rng(seed)
    return torch.tensor(rng.normal(shift, spread, (count, 8)), dtype=torch.float32)


@pytest.fixture(scope="module")
def model():
    """(config, weights) of a generator that has learnt for a moment."""
    config = GanConfig(steps=10, batch=16, seed=1)
    return config, [event for event in train(FAMILY, config) if isinstance(event, Weights)][-1]


@pytest.fixture
def looking(monkeypatch):
    """Means of quarters of a picture in place of Inception."""

    def look(images):
        quarters = nn.functional.adaptive_avg_pool2d(torch.tensor(images).float() / 255, 2).flatten(1)
        return quarters, quarters[:, :5]

    monkeypatch.setattr(papers, "load_inception", lambda: look)


def test_two_draws_of_the_same_are_near_and_others_far():
    real, same, shifted = drawn(2000, 0), drawn(2000, 1), drawn(2000, 2, shift=1.0)
    near, far = (compare(one, one, real) for one in (same, shifted))
    assert tuple(near) == MEASURES
    assert near["FID"] < 0.2
    assert far["FID"] == pytest.approx(8, rel=0.1), "eight numbers, each a deviation away"
    assert near["KID"] < far["KID"]
    assert near["Precision"] > 0.85 < near["Recall"]
    assert far["Precision"] < near["Precision"]


def test_what_is_all_alike_is_precise_and_recalls_little():
    narrow = compare(drawn(1000, 1, spread=0.1), drawn(1000, 1), drawn(1000, 0))
    assert narrow["Precision"] > 0.9
    assert narrow["Recall"] < 0.2


def test_the_inception_score_counts_classes_that_are_sure():
    sure = torch.eye(5).repeat(200, 1) * 50
    assert compare(drawn(1000, 1), sure, drawn(1000, 0))["Inception Score"] == pytest.approx(5, rel=0.02)
    assert compare(drawn(1000, 1), torch.zeros(1000, 5), drawn(1000, 0))["Inception Score"] == pytest.approx(1)


def test_a_run_is_measured_beside_real_pictures(model, looking):
    events = list(measure(FAMILY, *model, FEW))
    found = {event.group: event.values for event in events if isinstance(event, Metrics)}
    assert set(found) == {MADE, REAL}
    assert found[REAL]["FID"] < found[MADE]["FID"], "ten steps make no clothes"
    steps = [event for event in events if isinstance(event, Progress)]
    assert [event.step for event in steps] == list(range(21))
    assert steps[-1].total == 21


def test_told_to_stop_it_stops(model, looking):
    events = measure(FAMILY, *model, FEW)
    while not isinstance(next(events), Progress):
        pass
    with pytest.raises(StopIteration):
        events.send(True)


def test_own_pictures_and_too_few_are_said(model, looking):
    weights = model[1]
    with pytest.raises(EngineError, match="need a dataset"):
        list(measure(FAMILY, GanConfig(dataset="own"), weights, FEW))
    with pytest.raises(EngineError, match="The dataset has 1746 pictures; these measures take 1000 twice"):
        list(measure(FAMILY, GanConfig(dataset="emoji"), weights, PapersConfig(count=1000)))


def test_without_the_weights_it_is_said_where_they_are(model, monkeypatch, tmp_path):
    monkeypatch.delenv(papers.VARIABLE, raising=False)
    with pytest.raises(EngineError, match=r"download https://\S+6726825d\.pth .* AIGC_INCEPTION"):
        list(measure(FAMILY, *model, FEW))
    monkeypatch.setenv(papers.VARIABLE, str(tmp_path / "other.pth"))
    (tmp_path / "other.pth").write_bytes(b"a pickle of a stranger")
    with pytest.raises(EngineError, match=r"other\.pth is not the file"):
        weights_file()


@pytest.mark.slow
def test_inception_itself_looks_at_pictures(monkeypatch, tmp_path):
    from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

    monkeypatch.setattr(nn.Module, "load_state_dict", lambda *_: None)
    monkeypatch.setattr(torch, "load", lambda *_, **__: {})
    random = FeatureExtractorInceptionV3("any", ["2048"], feature_extractor_weights_path="any")
    monkeypatch.undo()
    path = tmp_path / "inception.pth"
    torch.save(random.state_dict(), path)
    monkeypatch.setenv(papers.VARIABLE, str(path))
    monkeypatch.setattr(papers, "SHA256", hashlib.sha256(path.read_bytes()).hexdigest())
    features, logits = papers.load_inception()(np.zeros((2, 3, 28, 28), np.uint8))
    assert features.shape == (2, 2048)
    assert logits.shape == (2, 1008)
