"""Speed and quality of the families of live trainings: `python -m tests.benchmarks.families` prints one JSON line.

The Fréchet distance is the app's own, on its default settings, as the page shows it so many seconds after Start.
`--only vae` measures one family, `--quick` ends within a minute, `--elbo` trains a VAE on binarised MNIST instead.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import torch

from engines.data.features import Judge, load_net, to_tensor
from engines.data.pictures import load_bundled
from engines.device.cores import Neighbours
from engines.device.tuning import processor
from engines.diffusion_training.config import DiffusionConfig
from engines.diffusion_training.family import FAMILY as DIFFUSION
from engines.gan_training.config import GanConfig
from engines.gan_training.family import FAMILY as GAN
from engines.knobs import Config
from engines.live_training.engine import train
from engines.live_training.exam.judging import REAL
from engines.live_training.family import Family
from engines.live_training.pace import best_choice
from engines.points_training.config import PRESETS, PointsConfig
from engines.points_training.engine import train as train_points
from engines.running.events import Metrics, Plane, Progress, Weights
from engines.vae_training.config import VaeConfig
from engines.vae_training.family import FAMILY as VAE
from engines.vae_training.tested import Tested

MARKS, QUICK_MARKS = (30, 60, 300), (8,)  # seconds after Start
Figures = dict[str, float | str | None]


def quality(family: Family, config: Config, marks: tuple[int, ...]) -> Figures:
    """`fd_30s` and so on: the Fréchet distance of the model that the run had so many seconds after Start, or that it
    ended with; `shown_30s`: the one that the page showed then; and steps a second.

    The run keeps its model every few seconds, so the one that is measured is a little older.
    """
    figures: Figures = {}
    training, left, latest, step, stop = train(family, config), list(marks), None, 0, None
    kept, then = None, {}
    start = time.perf_counter()
    with contextlib.suppress(StopIteration):
        while True:
            event = training.send(stop)
            if isinstance(event, Metrics) and event.group == "scores":
                latest = event.values["Fréchet distance"]
            if isinstance(event, Progress):
                step = event.step
            if isinstance(event, Weights):
                kept = event
            while left and time.perf_counter() - start >= left[0]:
                mark = left.pop(0)
                figures[f"shown_{mark}s"], then[mark] = latest, kept
                figures["steps_per_second"] = step / (time.perf_counter() - start)
            stop = not left
    return figures | {f"fd_{mark}s": distance(family, config, then.get(mark, kept)) for mark in marks}


def distance(family: Family, config: Config, weights: Weights | None) -> float | None:
    """As an exam measures it; None without weights."""
    if weights is None:
        return None
    pictures, model = load_bundled(config.dataset), family.load(config, weights)
    judge = Judge(pictures.sample(REAL, seed=0), load_net(pictures.name, pictures.channels))
    labels = np.arange(family.judged) % len(pictures.class_names)
    noise = model.noise(family.judged, seed=weights.step)
    pieces = range(0, family.judged, family.piece)
    drawn = [model.sample(noise[i : i + family.piece], labels[i : i + family.piece]) for i in pieces]
    return judge.judge(to_tensor(np.concatenate(drawn))).frechet


def floor(dataset: str = "fashion_mnist") -> float:
    """The distance between 2,000 real pictures of one half and 1,000 of the other, as many as the app compares."""
    pictures = load_bundled(dataset)
    shuffled = pictures.sample(len(pictures), seed=3)
    half = len(pictures) // 2
    judge = Judge(replace(shuffled, images=shuffled.images[:2000]), load_net(dataset, pictures.channels))
    return judge.judge(to_tensor(shuffled.images[half : half + 1000])).frechet


def measure_vae(quick: bool) -> Figures:
    """The default settings on Fashion-MNIST at 28 px."""
    return quality(VAE, VaeConfig(seed=0, steps=200_000), QUICK_MARKS if quick else MARKS)


def measure_diffusion(quick: bool) -> Figures:
    """The default settings on Fashion-MNIST at 28 px; and 64 samples in 20 steps, by wall clock and by processor."""
    marks = QUICK_MARKS if quick else MARKS
    return samples_in_20_steps() | quality(DIFFUSION, DiffusionConfig(seed=0, steps=200_000), marks)


def samples_in_20_steps() -> Figures:
    """Seconds for 64 samples of the default network, its weights as they begin: they take as long as trained ones."""
    config, pictures = DiffusionConfig(seed=0, sampling_steps=20), load_bundled("fashion_mnist")
    choice = best_choice(DIFFUSION, config, pictures, torch.device("cpu"), Neighbours().free())
    trainer = DIFFUSION.trainer(config, pictures.images, pictures.labels, 10, "cpu", choice=choice)
    noise = trainer.noise(64, seed=0)
    trainer.sample(noise)
    began = time.perf_counter(), time.process_time()
    trainer.sample(noise)
    return {
        "seconds_64_samples_20_steps": time.perf_counter() - began[0],
        "cpu_seconds_64_samples_20_steps": time.process_time() - began[1],
        "lanes": choice.lanes,
    }


def measure_gan(quick: bool) -> Figures:
    """The default settings on Fashion-MNIST at 28 px, their number of steps too: the rates fall towards the last."""
    return quality(GAN, GanConfig(seed=0), QUICK_MARKS if quick else MARKS)


def measure_points(quick: bool) -> Figures:
    """Seconds of a run of 2,000 steps of each recipe, and how often a second its picture changes meanwhile."""
    recipes = {name: PRESETS[name] for name in (["default"] if quick else PRESETS)}
    figures: Figures = {}
    for name, recipe in recipes.items():
        start, pictures = time.perf_counter(), 0
        for event in train_points(PointsConfig.from_dict({**recipe.values, "seed": 0, "steps": 2000})):
            pictures += isinstance(event, Plane)
        seconds = time.perf_counter() - start
        figures |= {f"seconds_{name}": seconds, f"pictures_per_second_{name}": pictures / seconds}
    return figures


MEASUREMENTS: dict[str, Callable[[bool], Figures]] = {
    "gan": measure_gan,
    "vae": measure_vae,
    "diffusion": measure_diffusion,
    "points": measure_points,
}

# Of dynamically binarised MNIST, with the standard normal prior and a Gaussian q(z|x) of independent numbers, after
# training on all 60,000 pictures to the end.
PUBLISHED = {
    "mlp": {
        "what": "VAE, MLP 784-200-200-50: -log p(x) of 5,000 importance samples (Burda et al. 2016, table 1)",
        "nll": 86.76,
    },
    "conv": {
        "what": "VAE, residual convolutions, 32 latent numbers: -ELBO, and -log p(x) of 128 importance samples"
        " (Kingma et al. 2016, arXiv:1606.04934, table 1, diagonal covariance)",
        "elbo": 84.08,
        "nll": 81.08,
    },
}


def measure_elbo(architecture: str, minutes: float) -> dict[str, object]:
    """A VAE of binarised MNIST: nats of held-out digits, beside published figures of such a network."""
    latent = 50 if architecture == "mlp" else 32
    bits: dict[str, object] = {"likelihood": "bernoulli", "binarise": True, "lr": 2e-3}
    config = VaeConfig(dataset="mnist", architecture=architecture, latent=latent, seed=0, **bits)
    data, device = load_bundled("mnist"), torch.device("cpu")
    choice = best_choice(VAE, config, data, device, Neighbours().free())
    trainer = VAE.trainer(config, data.images, data.labels, 10, device, choice=choice)
    curve = []
    for seconds in _marks(60 * minutes):
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            trainer.step()
        curve.append((trainer.steps, round(sum(trainer.tested.elbo(1000)), 2), round(trainer.signals()["−ELBO"], 2)))
    reconstruction, kl = trainer.tested.elbo(1000, draws=5)
    return {
        "elbo_held_out": reconstruction + kl,
        "kl": kl,
        "nll_held_out_128_samples": _binary(trainer.tested).likelihood(1000, 128),
        "steps_held_out_training": curve,
        "trained_on": len(trainer.images),
        "published": PUBLISHED[architecture],
    }


def _marks(seconds: float) -> Iterator[float]:
    """Ten equal parts of the time."""
    yield from [seconds / 10] * 10


def _binary(tested: Tested) -> Tested:
    """The same held-out pictures, their pixels drawn once."""
    rng = np.random.default_rng(0)
    images = tested.images.numpy()
    drawn = torch.tensor((rng.random(images.shape) < images / 255) * np.uint8(255))
    return Tested(replace(tested.config, binarise=False), tested.net, drawn, tested.labels, tested.holds_out)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="end within 60 seconds")
    parser.add_argument("--only", choices=MEASUREMENTS, help="one family")
    parser.add_argument("--elbo", choices=PUBLISHED, help="train such a VAE on binarised MNIST")
    parser.add_argument("--minutes", type=float, default=10.0, help="of that training")
    parsed = parser.parse_args()
    result: dict[str, object] = {"processor": processor(), "load": os.getloadavg()[0], "quick": parsed.quick}
    if parsed.elbo:
        result |= measure_elbo(parsed.elbo, parsed.minutes)
    else:
        result["fd_real_halves"] = floor()
        names = [parsed.only] if parsed.only else list(MEASUREMENTS)
        result |= {name: MEASUREMENTS[name](parsed.quick) for name in names}
    print(json.dumps(result))


if __name__ == "__main__":
    main()
