"""The measures that papers print, in the features of Inception: FID, Inception Score, KID, precision and recall.

Computed by torch-fidelity. Inception's weights of 2015, which all papers use, are a file that the person who runs the
app puts somewhere and names; only that very file is read.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from engines.knobs import Config, knob
from engines.live_training.data import load_pictures
from engines.live_training.explore import sample
from engines.live_training.family import Family
from engines.messages import EngineError, Message
from engines.running.events import Events, Metrics, Note, Progress, Weights

if TYPE_CHECKING:
    from torch import Tensor

    Look = Callable[[np.ndarray], tuple[Tensor, Tensor]]  # pictures uint8 [N, 3, H, W] -> features, logits

VARIABLE = "AIGC_INCEPTION"  # names the file
WEIGHTS = "https://github.com/toshas/torch-fidelity/releases/download/v0.2.0/weights-inception-2015-12-05-6726825d.pth"
SHA256 = "6726825d"  # begins the sum of it, as its name ends
TOGETHER = 16  # pictures that Inception sees at a time
SUBSETS, SUBSET = 50, 100  # of KID
MADE, REAL = "made", "real"
MEASURES = ("FID", "Inception Score", "KID", "Precision", "Recall")


@dataclass(frozen=True)
class PapersConfig(Config):
    """On how many pictures the measures rest."""

    count: int = knob(
        500,
        "Pictures",
        "So many made ones and as many real ones. Papers take 10,000 or 50,000; on fewer, FID is larger.",
        low=SUBSET,
        high=5000,
        step=100,
    )
    seed: int = knob(1, "Seed", "Of the pictures that are made and drawn.", low=0, high=10_000, step=1)


def measure(family: Family, config: Config, weights: Weights, papers: PapersConfig) -> Events:
    """Measure a run's model; yields Note and Progress, and at the end Metrics "made" and "real".

    "made" is of made pictures against real ones, "real" of other real ones against the same: what a perfect model
    would reach on so few. EngineError if torch-fidelity or Inception's weights are not there, or no dataset is.
    """
    if config.dataset == "own":
        raise EngineError("These measures need a dataset to compare with, and this run learns from pictures of yours.")
    yield Note(Message("Loading {model}", model="Inception"))
    look = load_inception()
    pictures = yield from load_pictures(config, ())
    if len(pictures) < 2 * papers.count:
        raise EngineError(
            "The dataset has {have} pictures; these measures take {count} twice.",
            have=len(pictures), count=papers.count,
        )  # fmt: skip
    real = pictures.sample(2 * papers.count, papers.seed).images
    made = sample(family, config, weights, papers.seed, papers.count)
    seen, parts = [], [made, real[: papers.count], real[papers.count :]]
    total = -(-papers.count // TOGETHER) * len(parts)
    for images in parts:
        found = []
        for start in range(0, len(images), TOGETHER):
            if (yield Progress(len(seen) * total // len(parts) + start // TOGETHER, total)):
                return
            found.append(look(coloured(images[start : start + TOGETHER])))
        seen.append(tuple(map(_joined, zip(*found, strict=True))))
    yield Note(Message("Comparing"))
    ours, theirs, others = seen
    yield Metrics(papers.count, compare(*ours, theirs[0]), MADE)
    yield Metrics(papers.count, compare(*others, theirs[0]), REAL)


def compare(features: Tensor, logits: Tensor, real: Tensor) -> dict[str, float]:
    """MEASURES of pictures with features float [N, D] and class logits [N, K] against real ones' features [M, D].

    FID (Heusel 2017), Inception Score (Salimans 2016), KID (Binkowski 2018, times 1,000), precision and recall
    (Kynkäänniemi 2019).
    """
    from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric
    from torch_fidelity.metric_isc import isc_features_to_metric
    from torch_fidelity.metric_kid import kid_features_to_metric
    from torch_fidelity.metric_prc import prc_features_to_metric

    statistics = (fid_features_to_statistics(part.double()) for part in (features, real))
    kid = kid_features_to_metric(
        features, real, kid_subsets=SUBSETS, kid_subset_size=min(SUBSET, len(features), len(real)), verbose=False
    )
    prc = prc_features_to_metric(features, real, verbose=False)
    values = (
        fid_statistics_to_metric(*statistics, verbose=False)["frechet_inception_distance"],
        isc_features_to_metric(logits)["inception_score_mean"],
        1000 * kid["kernel_inception_distance_mean"],
        prc["precision"],
        prc["recall"],
    )
    return dict(zip(MEASURES, values, strict=True))


def coloured(images: np.ndarray) -> np.ndarray:
    """uint8 [N, H, W, C] as [N, 3, H, W]."""
    return np.ascontiguousarray(np.broadcast_to(images, (*images.shape[:3], 3)).transpose(0, 3, 1, 2))


def load_inception() -> Look:
    """The network as a function; EngineError says what is missing and how to get it."""
    try:
        from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3
    except ImportError as problem:
        raise EngineError("These measures need the package torch-fidelity: pip install torch-fidelity.") from problem
    import torch

    from engines.device import pick_device

    device = pick_device()
    network = FeatureExtractorInceptionV3(
        "inception-v3-compat", ["2048", "logits_unbiased"], feature_extractor_weights_path=str(weights_file())
    ).to(device)

    def look(images: np.ndarray) -> tuple[Tensor, Tensor]:
        with torch.inference_mode():
            features, logits = network(torch.from_numpy(images).to(device))
        return features.cpu(), logits.cpu()

    return look


def weights_file() -> Path:
    """Where Inception's weights lie; EngineError if that is not said, or it is another file."""
    path = Path(os.environ.get(VARIABLE, ""))
    if not path.is_file():
        raise EngineError(
            "These measures need Inception's weights, which can't be fetched by themselves: download {address} (95 MB)"
            " and start the program with {variable} set to the file.",
            address=WEIGHTS,
            variable=VARIABLE,
        )
    with path.open("rb") as file:
        if not hashlib.file_digest(file, "sha256").hexdigest().startswith(SHA256):
            raise EngineError("{file} is not the file of Inception's weights, or not whole.", file=path.name)
    return path


def _joined(parts: tuple[Tensor, ...]) -> Tensor:
    import torch

    return torch.cat(parts)
