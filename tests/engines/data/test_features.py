"""The scores of generated pictures must move the way a person would expect."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from engines.data import features  # noqa: E402
from engines.data.cards import DATASETS  # noqa: E402
from engines.data.features import (  # noqa: E402
    Judge,
    describe_features,
    frechet_distance,
    load_net,
    net_file,
    read_metadata,
    to_tensor,
)
from engines.data.pictures import load_bundled  # noqa: E402

REAL = 2000
MOST = [pytest.param(name, marks=pytest.mark.slow) for name in DATASETS if name != "mnist"]
EACH = pytest.mark.parametrize("name", ["mnist", *MOST])
ACCURACY = {"fashion_mnist": 0.90, "mnist": 0.98, "emoji": 0.75}  # at least


@cache
def judge_of(name: str) -> Judge:
    pictures = load_bundled(name)
    return Judge(pictures.sample(REAL, seed=0), load_net(name, pictures.channels))


@cache
def others(name: str, count: int = 500) -> torch.Tensor:
    """Real pictures, most of which the judge has not seen."""
    return to_tensor(load_bundled(name).sample(count, seed=1).images)


def test_distance_of_known_gaussians() -> None:
    mean, eye = torch.zeros(3), torch.eye(3)
    assert frechet_distance(mean, eye, mean, eye) == pytest.approx(0, abs=1e-9)
    assert frechet_distance(mean, eye, mean + 2, eye) == pytest.approx(12)
    assert frechet_distance(mean, eye, mean, 9 * eye) == pytest.approx(3 * (3 - 1) ** 2)
    # Covariances that do not commute: tr √(AB) by the square roots of the eigenvalues of AB.
    a, b = torch.tensor([[2.0, 1.0], [1.0, 3.0]]), torch.tensor([[4.0, -1.0], [-1.0, 1.0]])
    roots = np.sqrt(np.linalg.eigvals((a @ b).double().numpy())).sum()
    zero = torch.zeros(2)
    assert frechet_distance(zero, a, zero, b) == pytest.approx(float(a.trace() + b.trace() - 2 * roots))


def test_distance_holds_for_singular_covariances() -> None:
    generator = torch.Generator().manual_seed(0)
    few = torch.randn(5, 64, generator=generator).T.cov()  # rank 4
    assert frechet_distance(torch.zeros(64), few, torch.zeros(64), few) == pytest.approx(0, abs=1e-5)
    nothing = torch.zeros(64, 64)
    assert frechet_distance(torch.zeros(64), few, torch.zeros(64), nothing) == pytest.approx(few.trace().item())


@pytest.mark.slow
@EACH
def test_real_pictures_score_as_real(name: str) -> None:
    scores = judge_of(name).judge(others(name))
    noise = judge_of(name).judge(torch.rand_like(others(name)) * 2 - 1)
    assert scores.frechet < noise.frechet / 50
    assert 0.9 < scores.diversity < 1.1
    assert sum(scores.shares) == pytest.approx(1, abs=1e-5)
    np.testing.assert_allclose(scores.shares, judge_of(name).real_shares, atol=0.05)


@pytest.mark.parametrize("name", [pytest.param("fashion_mnist", marks=pytest.mark.slow), "mnist"])
def test_classes_of_real_pictures_are_about_equal(name: str) -> None:
    shares = judge_of(name).judge(others(name)).shares
    assert len(shares) == 10
    assert min(shares) > 0.06
    assert max(shares) < 0.14


@pytest.mark.slow
@EACH
def test_distance_grows_with_corruption(name: str) -> None:
    images, judge = others(name), judge_of(name)
    noise = torch.randn(images.shape, generator=torch.Generator().manual_seed(0))
    noisy = [judge.judge((images + sigma * noise).clamp(-1, 1)).frechet for sigma in (0, 0.3, 1.0)]
    assert noisy == sorted(noisy)
    blur = [judge.judge(torch.nn.functional.avg_pool2d(images, k, 1, k // 2)).frechet for k in (1, 3, 7)]
    assert blur == sorted(blur)
    assert blur[1] > 1.2 * blur[0]


@EACH
def test_a_collapsed_generator_is_caught(name: str) -> None:
    one = others(name)[:1].expand(500, -1, -1, -1) + 0.01 * torch.randn(500, 1, 1, 1)
    scores = judge_of(name).judge(one)
    assert scores.diversity < 0.1
    assert max(scores.shares) > 0.95
    assert scores.frechet > 10 * judge_of(name).judge(others(name)).frechet


def test_a_missing_class_is_seen() -> None:
    fashion = load_bundled("fashion_mnist")
    boots = replace(fashion, images=fashion.images[fashion.labels == 9][:300])
    shares = judge_of("fashion_mnist").judge(to_tensor(boots.images)).shares
    assert shares[9] > 0.85
    assert max(shares[:5]) < 0.02


@pytest.mark.slow
def test_other_sizes_and_channels_score_alike() -> None:
    fashion = load_bundled("fashion_mnist").sample(500, seed=1)
    judge = judge_of("fashion_mnist")
    small, large = judge.judge(to_tensor(fashion.images)), judge.judge(to_tensor(fashion.resized(64).images))
    assert large.frechet < small.frechet + 0.3 * judge.judge(others("fashion_mnist") * 0).frechet
    np.testing.assert_allclose(large.shares, small.shares, atol=0.05)
    colour = judge.judge(to_tensor(fashion.images).expand(-1, 3, -1, -1))
    assert colour.frechet == pytest.approx(small.frechet, rel=1e-3)


@pytest.mark.parametrize(("like", "net"), [("emoji", "emoji"), ("mnist", "fashion_mnist")])
def test_own_pictures_borrow_a_net_and_get_no_shares(like: str, net: str) -> None:
    own = replace(load_bundled(like), name="own", class_names=())
    judge = Judge(own.sample(500, seed=0), load_net("own", own.channels))
    scores = judge.judge(to_tensor(own.sample(300, seed=1).images))
    assert scores.shares == ()
    assert judge.net.class_names == DATASETS[net].class_names
    assert DATASETS[net].title in describe_features("own", own.channels)


@pytest.mark.parametrize(("channels", "net"), [(1, "fashion_mnist"), (3, "emoji")])
def test_a_dataset_without_a_net_borrows_one_and_says_whose(monkeypatch, channels: int, net: str) -> None:
    monkeypatch.setattr(features, "DATASETS", {**DATASETS, "spirals": DATASETS["mnist"]})
    assert load_net("spirals", channels).class_names == DATASETS[net].class_names
    assert DATASETS[net].title in describe_features("spirals", channels)


@pytest.mark.parametrize("name", DATASETS)
def test_the_stated_accuracy_is_in_the_file_and_in_the_sentence(name: str) -> None:
    facts = read_metadata(net_file(name))
    assert float(facts["accuracy"]) >= ACCURACY[name]
    assert net_file(name).stat().st_size < 1_000_000
    sentence = describe_features(name)
    assert f"{100 * float(facts['accuracy']):.1f} %" in sentence
    assert "not comparable to published FID" in sentence
    pictures = load_bundled(name).sample(500, seed=3)
    net = load_net(name, pictures.channels)
    right = (net(to_tensor(pictures.images)).argmax(1).numpy() == pictures.labels).mean()
    assert right > float(facts["accuracy"]) - 0.03  # the bundled pictures were mostly trained on


@pytest.mark.parametrize("bad", [torch.zeros(1, 1, 28, 28), torch.full((4, 1, 28, 28), float("nan"))])
def test_what_cannot_be_judged_is_refused(bad: torch.Tensor) -> None:
    with pytest.raises(ValueError, match="pictures"):
        judge_of("mnist").judge(bad)


@pytest.mark.slow
def test_judging_is_cheap() -> None:
    """In processor time, since tests may share the machine; a CPU core alone needs about 0.07 s."""
    judge, images = judge_of("fashion_mnist"), others("fashion_mnist", 1000)
    seconds = []
    for _ in range(5):
        start = time.process_time()
        judge.judge(images)
        seconds.append(time.process_time() - start)
    assert min(seconds) < 0.6
