"""How good and how varied generated pictures are, measured in the features of a small classifier.

The classifiers ship with the app as assets/<dataset>/features.safetensors and are made by
assets/classifiers.py; what they were measured at stands in each file's metadata.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from engines.data.cards import ASSETS, DATASETS
from engines.data.imagenet import ImageNetFeatures
from engines.data.pictures import PictureSet
from engines.messages import Message

FEATURES = 64
PAIRED = 500  # pictures behind a mean pairwise distance
BATCH = 128


class FeatureNet(nn.Module):
    """Three convolutions and two linear layers; the output of the first of those is the feature space."""

    def __init__(self, size: int, channels: int, class_names: tuple[str, ...], width: int = 24) -> None:
        """`size` and `channels` are of the pictures it sees; others are converted."""
        super().__init__()
        self.size, self.channels, self.class_names = size, channels, class_names
        self.layers = nn.Sequential(
            *self._block(channels, width),
            *self._block(width, 2 * width),
            *self._block(2 * width, 2 * width),
            nn.Flatten(),
            nn.Linear(2 * width * (size // 8) ** 2, FEATURES),
        )
        self.head = nn.Linear(FEATURES, len(class_names))

    @staticmethod
    def _block(fan_in: int, fan_out: int) -> list[nn.Module]:
        # ReLU after the pooling gives the same as before it, at a quarter of the work.
        convolution = nn.Conv2d(fan_in, fan_out, 3, padding=1, bias=False)
        return [convolution, nn.BatchNorm2d(fan_out), nn.MaxPool2d(2), nn.ReLU()]

    def fuse(self) -> None:
        """Folds each batch norm into its convolution, for a net in eval mode; faster, and the same."""
        for i in range(0, len(self.layers) - 2, 4):
            self.layers[i] = fuse_conv_bn_eval(self.layers[i], self.layers[i + 1])
            self.layers[i + 1] = nn.Identity()

    def features(self, images: Tensor) -> Tensor:
        """Pictures float [N, C, H, W] from -1 to 1, of any size, gray or RGB -> [N, 64]."""
        return self.layers(self.fitted(images).contiguous(memory_format=torch.channels_last))  # twice as fast

    def forward(self, images: Tensor) -> Tensor:
        """Pictures as in `features` -> logits [N, classes]."""
        return self.classify(self.features(images))

    def classify(self, features: Tensor) -> Tensor:
        """Features [N, 64] -> logits [N, classes]."""
        return self.head(F.relu(features))

    def fitted(self, images: Tensor) -> Tensor:
        """Pictures in this net's size and number of channels."""
        if images.shape[1] > self.channels:
            images = images.mean(1, keepdim=True)
        elif images.shape[1] < self.channels:
            images = images.expand(-1, self.channels, -1, -1)
        if images.shape[-2:] != (self.size, self.size):
            images = F.interpolate(images, (self.size, self.size), mode="bilinear", antialias=True)
        return images


def net_name(dataset: str, channels: int) -> str:
    """The dataset whose net judges `dataset`: its own if it has one, else the one for RGB or for gray pictures."""
    if dataset in DATASETS and net_file(dataset).is_file():
        return dataset
    return "emoji" if channels == 3 else "fashion_mnist"


def net_file(name: str) -> Path:
    """Where the net of that dataset lies."""
    return ASSETS / name / "features.safetensors"


def read_metadata(path: Path) -> Mapping[str, str]:
    """The texts kept with the weights in a safetensors file, read without the weights."""
    with path.open("rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
    return header["__metadata__"]


def load_net(dataset: str, channels: int, device: torch.device | str = "cpu") -> FeatureNet:
    """The net that judges `dataset` (or own pictures with that many channels), ready for use."""
    from safetensors.torch import load_file

    path = net_file(net_name(dataset, channels))
    facts = read_metadata(path)
    net = FeatureNet(int(facts["size"]), int(facts["channels"]), tuple(json.loads(facts["class_names"])))
    net.load_state_dict(load_file(path))
    net.eval().fuse()
    return net.to(device, memory_format=torch.channels_last).requires_grad_(False)


def describe_features(dataset: str, channels: int = 1) -> Message:
    """Which features the Fréchet distance is measured in, said plainly."""
    name = net_name(dataset, channels)
    accuracy = float(read_metadata(net_file(name))["accuracy"])
    return Message(
        "Fréchet distance in the {features} features of a small classifier of {dataset} that ships with this"
        " app ({accuracy} % right on held-out pictures); not comparable to published FID.",
        features=FEATURES,
        dataset=Message(DATASETS[name].title),
        accuracy=f"{100 * accuracy:.1f}",
    )


def to_tensor(images: np.ndarray) -> Tensor:
    """uint8 [N, H, W, C] as float [N, C, H, W] from -1 to 1."""
    return torch.tensor(images).permute(0, 3, 1, 2).float().div_(127.5).sub_(1)


def frechet_distance(mean_a: Tensor, cov_a: Tensor, mean_b: Tensor, cov_b: Tensor) -> float:
    """|mean_a - mean_b|² + tr(A + B - 2 √(AB)) between two Gaussians; means [D], covariances [D, D].

    Dowson & Landau 1982; as a score for generated pictures, Heusel et al. 2017 (arXiv:1706.08500). The
    trace is taken through √A B √A, which has the eigenvalues of AB but is symmetric, so that it also
    holds for singular covariances. Computed in float64 on the CPU.
    """
    mean_a, cov_a, mean_b, cov_b = (x.detach().cpu().double() for x in (mean_a, cov_a, mean_b, cov_b))
    values, vectors = torch.linalg.eigh(cov_a)
    root_a = vectors * values.clamp(min=0).sqrt() @ vectors.T
    cross = torch.linalg.eigvalsh(root_a @ cov_b @ root_a).clamp(min=0).sqrt().sum()
    distance = (mean_a - mean_b).square().sum() + cov_a.trace() + cov_b.trace() - 2 * cross
    return max(0.0, distance.item())


def moments(features: Tensor) -> tuple[Tensor, Tensor]:
    """Mean [D] and covariance [D, D] of features [N, D], N at least 2, in float64 on the CPU."""
    features = features.cpu().double()
    return features.mean(0), features.T.cov()


def spread(features: Tensor) -> float:
    """Mean distance between two different pictures' features, among the first 500."""
    return F.pdist(features[:PAIRED].cpu()).mean().item()


@dataclass(frozen=True)
class Scores:
    """What a Judge says about generated pictures."""

    frechet: float  # 0 would be the same distribution as the real pictures
    shares: tuple[float, ...]  # by class, adding up to 1; empty when the classes are not the net's
    diversity: float  # mean pairwise feature distance, where the real pictures' is 1; 0 when all are alike


class Judge:
    """Compares generated pictures with real ones, whose statistics are computed once."""

    def __init__(
        self, real: PictureSet, net: FeatureNet | ImageNetFeatures, device: torch.device | str = "cpu"
    ) -> None:
        """About 2,000 real pictures are enough, drawn at random; `net` moves to `device`."""
        self.real, self.net, self.device = real, net.to(device), device
        self.class_names = real.class_names if real.class_names == net.class_names else ()
        features = self.real_features = self.features(to_tensor(real.images))
        self._mean, self._cov = moments(features)
        self._spread = spread(features)
        self.real_shares = self._shares(features)

    def judge(self, images: Tensor) -> Scores:
        """Scores of generated pictures, float [N, C, H, W] from -1 to 1, N at least 2.

        The distance falls with N, so compare scores of the same N only. Raises ValueError for fewer than
        two pictures or for values that are not finite.
        """
        if len(images) < 2:
            raise ValueError("at least two pictures are needed")
        return self.score(self.features(images))

    def score(self, features: Tensor) -> Scores:
        """The same of pictures whose features [N, D] are known."""
        if not features.isfinite().all():
            raise ValueError("the pictures have values that are not finite")
        mean, cov = moments(features)
        distance = frechet_distance(self._mean, self._cov, mean, cov)
        return Scores(distance, self._shares(features), spread(features) / max(self._spread, 1e-12))

    @torch.inference_mode()
    def features(self, images: Tensor) -> Tensor:
        """What the net makes of pictures as in `judge`: [N, D], in batches that stay in a CPU's cache."""
        batches = images.split(BATCH)
        return torch.cat([self.net.features(batch.to(self.device, torch.float32)) for batch in batches])

    @torch.inference_mode()
    def _shares(self, features: Tensor) -> tuple[float, ...]:
        """The share of the pictures that the classifier puts in each class."""
        if not self.class_names:
            return ()
        counts = self.net.classify(features).argmax(1).bincount(minlength=len(self.class_names))
        return tuple((counts / len(features)).tolist())
