"""A visitor's own pictures are measured by a network of ImageNet, or where it cannot be had by a small classifier."""

import numpy as np
import pytest
import torch

from engines.data import imagenet
from engines.data.imagenet import BLOCKS, ImageNetFeatures, convert, load
from engines.data.pictures import PictureSet, load_bundled
from engines.live_training.exam import judging
from engines.live_training.exam.judging import make_judge
from engines.messages import EngineError
from engines.running.events import Caption

RNG = np.random.default_rng(0)
OWN = PictureSet("own", RNG.integers(0, 256, (30, 32, 32, 3), np.uint8), np.zeros(30, np.int64), ())


def package_weights():
    """Weights as the package names them, small random ones."""
    generator, found = torch.Generator().manual_seed(0), {}
    net = ImageNetFeatures()
    names = {"stem": ("_conv_stem", "_bn0")}
    for i, (_, times, *_) in enumerate(BLOCKS):
        parts = {"expand": ("_expand_conv", "_bn0")} if times > 1 else {}
        parts |= {"depthwise": ("_depthwise_conv", "_bn1"), "project": ("_project_conv", "_bn2")}
        names |= {f"blocks.{i}.{name}": tuple(f"_blocks.{i}.{one}" for one in pair) for name, pair in parts.items()}
    for name, (conv, norm) in names.items():
        weight = net.get_submodule(name).weight
        found[f"{conv}.weight"] = 0.2 * torch.randn(weight.shape, generator=generator)
        for part in ("weight", "bias", "running_mean", "running_var"):
            found[f"{norm}.{part}"] = 0.5 + torch.rand(len(weight), generator=generator)
    return found


@pytest.fixture
def folder(tmp_path):
    torch.save(package_weights(), tmp_path / "model.pth")
    convert(tmp_path)
    return tmp_path


def drive(events):
    """(events, what is returned)."""
    returned = []

    def driven():
        returned.append((yield from events))

    return list(driven()), returned[0]


def test_the_norms_are_folded_and_the_pickle_is_gone(folder):
    assert [path.name for path in folder.iterdir()] == [imagenet.FILE]
    weights, net = package_weights(), load(folder)
    x = torch.rand(2, 3, 64, 64)
    norm = torch.nn.functional.batch_norm(
        torch.nn.functional.conv2d(torch.nn.functional.pad(x, (0, 1, 0, 1)), weights["_conv_stem.weight"], stride=2),
        *(weights[f"_bn0.{part}"] for part in ("running_mean", "running_var", "weight", "bias")),
        eps=imagenet.EPSILON,
    )
    assert torch.allclose(net.stem(x), norm, atol=1e-4)


@pytest.mark.parametrize("shape", [(4, 1, 28, 28), (4, 3, 64, 64), (1, 3, 200, 90)])
def test_pictures_of_any_size_become_as_many_features(folder, shape):
    assert load(folder).features(torch.rand(shape) * 2 - 1).shape == (shape[0], imagenet.FEATURES)


def test_own_pictures_are_judged_by_it_and_it_is_said(folder, monkeypatch):
    def fetched(card, finish):
        return folder
        yield

    monkeypatch.setattr(judging, "fetch", fetched)
    told, (judge, seen) = drive(make_judge(OWN, torch.device("cpu"), 1000))
    (caption,) = [event for event in told if isinstance(event, Caption)]
    assert "has seen ImageNet" in caption.message
    assert "not comparable to published FID" in caption.message
    assert seen == judging.MADE_IN_IMAGENET
    scores = judge.judge(torch.rand(20, 3, 32, 32) * 2 - 1)
    assert np.isfinite(scores.frechet)
    assert scores.shares == ()


def test_without_it_a_small_classifier_judges_and_the_reason_is_said(monkeypatch):
    def refused(card, finish):
        raise EngineError("It is out of reach.")
        yield

    monkeypatch.setattr(judging, "fetch", refused)
    told, (_, seen) = drive(make_judge(OWN, torch.device("cpu"), 1000))
    captions = {event.group: event.message for event in told if isinstance(event, Caption)}
    assert captions["features"] == "It is out of reach. A small classifier is used."
    assert "ships with this app" in captions["scores"]
    assert seen == 1000


def test_who_stops_while_it_is_fetched_has_no_judge(monkeypatch):
    def stopped(card, finish):
        return None
        yield

    monkeypatch.setattr(judging, "fetch", stopped)
    assert drive(make_judge(OWN, torch.device("cpu"), 1000))[1] is None


def test_a_dataset_is_judged_by_its_own_classifier_without_any_download(monkeypatch):
    monkeypatch.setattr(judging, "fetch", None)
    pictures = load_bundled("mnist").sample(300, seed=0)
    _, (judge, seen) = drive(make_judge(pictures, torch.device("cpu"), 500))
    assert judge.class_names == pictures.class_names
    assert seen == 500
