"""Trains the small classifiers whose features judge generated pictures: assets/*/features.safetensors.

    python -m assets.classifiers [--fashion DIR] [dataset ...]

The pictures must be there. About five minutes on two CPU cores. The accuracy in each file's metadata
is the one measured here, after training, on pictures that were not trained on.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import Tensor

from assets.sources import FASHION_FOLDER, read_idx
from engines.data.cards import ASSETS, DATASETS
from engines.data.features import FEATURES, FeatureNet, net_file, to_tensor
from engines.data.pictures import PictureSet, load_bundled


@dataclass(frozen=True)
class Recipe:
    """How to train one classifier: sizes, lengths, and how much training pictures are changed."""

    size: int
    epochs: int
    batch: int = 128
    rate: float = 4e-3
    degrees: float = 0.0
    zoom: float = 0.0  # 0.1 is from 0.9 to 1.1 times
    shift: float = 0.0  # of half the picture's side
    flip: bool = False


RECIPES = {
    "fashion_mnist": Recipe(size=28, epochs=9, shift=0.1, zoom=0.05, flip=True),
    "mnist": Recipe(size=28, epochs=16, degrees=10, zoom=0.1, shift=0.1),
    "emoji": Recipe(size=32, epochs=80, batch=64, degrees=15, zoom=0.2, shift=0.15, flip=True),
}


def split(name: str, fashion: Path) -> tuple[PictureSet, PictureSet]:
    """(to train on, held out) pictures."""
    whole = load_bundled(name)
    if name == "fashion_mnist":
        return fashion_file(whole, fashion, "train"), fashion_file(whole, fashion, "t10k")
    if name == "mnist":
        return pick(whole, np.arange(1_000, len(whole))), pick(whole, np.arange(1_000))
    with np.load(ASSETS / "emoji" / "pictures.npz", allow_pickle=False) as arrays:
        names = arrays["names"]
    # By name, so that an emoji's two styles and its skin tones are all on one side.
    held = np.random.default_rng(0).permutation(np.unique(names))[: len(np.unique(names)) // 6]
    held_out = np.isin(names, held)
    return pick(whole, ~held_out), pick(whole, held_out)


def pick(pictures: PictureSet, index: np.ndarray) -> PictureSet:
    """Some of the pictures."""
    return PictureSet(pictures.name, pictures.images[index], pictures.labels[index], pictures.class_names)


def fashion_file(like: PictureSet, folder: Path, part: str) -> PictureSet:
    """All pictures of one of Fashion-MNIST's two files."""
    images = read_idx(folder / f"{part}-images-idx3-ubyte.gz")[..., None]
    labels = read_idx(folder / f"{part}-labels-idx1-ubyte.gz").astype(np.int64)
    return PictureSet(like.name, images, labels, like.class_names)


def changed(images: Tensor, recipe: Recipe) -> Tensor:
    """Each picture turned, zoomed, shifted and mirrored at random; the edges are drawn out."""
    n = len(images)
    angle = torch.empty(n).uniform_(-1, 1) * recipe.degrees * torch.pi / 180
    zoom = 1 + torch.empty(n).uniform_(-1, 1) * recipe.zoom
    mirror = torch.where(torch.rand(n) < 0.5 * recipe.flip, -1.0, 1.0)
    shift_x, shift_y = torch.empty(2, n).uniform_(-1, 1) * recipe.shift
    rows = [zoom * mirror * angle.cos(), -zoom * angle.sin(), shift_x]
    rows += [zoom * mirror * angle.sin(), zoom * angle.cos(), shift_y]
    grid = F.affine_grid(torch.stack(rows, 1).view(n, 2, 3), images.shape, align_corners=False)
    return F.grid_sample(images, grid, padding_mode="border", align_corners=False)


def accuracy(net: FeatureNet, images: Tensor, labels: Tensor) -> float:
    """The share of the pictures that the net puts in their class."""
    net.eval()
    with torch.inference_mode():
        guesses = torch.cat([net(batch).argmax(1) for batch in images.split(500)])
    return (guesses == labels).float().mean().item()


def train(net: FeatureNet, images: Tensor, labels: Tensor, recipe: Recipe, report: Callable[[int], None]) -> None:
    """Adam with one cycle of the learning rate (Smith & Topin 2017, arXiv:1708.07120)."""
    steps = len(images) // recipe.batch
    optimizer = torch.optim.AdamW(net.parameters(), lr=recipe.rate, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, recipe.rate, total_steps=recipe.epochs * steps)
    for epoch in range(recipe.epochs):
        net.train()
        for index in torch.randperm(len(images))[: steps * recipe.batch].split(recipe.batch):
            loss = F.cross_entropy(net(changed(images[index], recipe)), labels[index], label_smoothing=0.05)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
        report(epoch)


def make(name: str, fashion: Path) -> None:
    """Trains, measures and writes the classifier of one dataset."""
    torch.manual_seed(0)
    recipe, card, start = RECIPES[name], DATASETS[name], time.perf_counter()
    seen, held_out = split(name, fashion)
    net = FeatureNet(recipe.size, card.channels, card.class_names).to(memory_format=torch.channels_last)
    images, held_images = net.fitted(to_tensor(seen.images)), net.fitted(to_tensor(held_out.images))
    labels, held_labels = torch.from_numpy(seen.labels), torch.from_numpy(held_out.labels)

    def report(epoch: int) -> None:
        if epoch % max(1, recipe.epochs // 6) == 0 or epoch == recipe.epochs - 1:
            measured = accuracy(net, held_images, held_labels)
            print(f"{name} {epoch + 1}/{recipe.epochs}: {measured:.4f} ({time.perf_counter() - start:.0f} s)")

    train(net, images, labels, recipe, report)
    facts = {
        "dataset": name,
        "accuracy": f"{accuracy(net, held_images, held_labels):.4f}",
        "trained_on": str(len(seen)),
        "held_out": str(len(held_out)),
        "size": str(recipe.size),
        "channels": str(card.channels),
        "features": str(FEATURES),
        "class_names": json.dumps(card.class_names),
    }
    save_file({k: v.contiguous() for k, v in net.state_dict().items()}, net_file(name), facts)
    print(f"{name}: {net_file(name).stat().st_size:,} bytes, {facts}")


def main() -> None:
    """Makes the classifiers named, or all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("datasets", nargs="*", default=list(RECIPES), help="which ones; all by default")
    parser.add_argument("--fashion", type=Path, default=FASHION_FOLDER, help="Fashion-MNIST's four files")
    options = parser.parse_args()
    torch.set_num_threads(2)
    for name in options.datasets:
        make(name, options.fashion)


if __name__ == "__main__":
    main()
