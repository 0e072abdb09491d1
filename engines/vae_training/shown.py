"""What only a VAE shows: held-out nats, reconstructions, what each latent number tells, and its map."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
import torch

from engines.messages import Message
from engines.running.events import Bars, Caption, Event, Metrics, Scatter, Sheet
from engines.vae_training.atlas import MAP
from engines.vae_training.networks import from_pictures, nats, to_pictures

if TYPE_CHECKING:
    from engines.vae_training.step import Trainer

TESTED = 500  # held-out pictures behind each ELBO
BESIDE, ROWS = 8, 3  # pictures in a row of the sheet, each over its reconstruction; pairs of rows
DEAD = 0.02  # nats: a latent number of which q(z|x) tells less is the prior's own


def extras(trainer: Trainer, class_names: tuple[str, ...]) -> Iterable[Event]:
    """Everything, measured with the averaged networks on pictures that were not trained on, if there are enough."""
    yield from _held_out(trainer)
    yield _reconstructions(trainer)
    yield from _latent_numbers(trainer)
    points = trainer.survey()
    yield Scatter(MAP, points.places, points.labels, class_names)


@torch.inference_mode()
def elbo(trainer: Trainer, count: int = TESTED, draws: int = 1) -> tuple[float, float]:
    """Nats of reconstruction and of KL of `count` held-out pictures, the means; their sum is the negative ELBO.

    z is drawn `draws` times for each picture, and so are black-and-white pixels, always in the same way.
    """
    rng = torch.Generator(trainer.device).manual_seed(0)
    net, sums, seen = trainer.best, torch.zeros(2, device=trainer.device), 0
    for _ in range(draws):
        for images, y in zip(trainer.test_images[:count].split(100), trainer.test_labels.split(100), strict=False):
            x = from_pictures(images)
            x = torch.bernoulli(x, generator=rng) if trainer.config.binarise else x
            noise = torch.randn(len(x), trainer.config.latent, generator=rng, device=trainer.device)
            with trainer.autocast():
                logits, q = net(x, y, noise)
            sums += torch.stack([nats(x, logits, trainer.variance(net)).sum(), q.kl().sum()])
            seen += len(x)
    reconstruction, kl = (sums / seen).tolist()
    return reconstruction, kl


def _held_out(trainer: Trainer) -> Iterable[Event]:
    reconstruction, kl = elbo(trainer)
    if trainer.holds_out:
        sentence = Message(
            "The held-out ELBO is of {count} pictures that it is not trained on.",
            count=min(TESTED, len(trainer.test_images)),
        )
    else:
        sentence = Message("There are too few pictures to hold some out: its ELBO is of those that it is trained on.")
    yield Caption("elbo", sentence)
    yield Metrics(trainer.steps, {"−ELBO, held out": reconstruction + kl}, "elbo")


@torch.inference_mode()
def _reconstructions(trainer: Trainer) -> Sheet:
    """Pictures, and below each what the decoder makes of the mean of its q(z|x)."""
    images, y = trainer.test_images[: BESIDE * ROWS], trainer.test_labels[: BESIDE * ROWS]
    with trainer.autocast():
        q = trainer.best.encode(from_pictures(images), y)
        made = to_pictures(trainer.best.decode(q.mean, y))
    pairs = [(a, b) for a, b in zip(images.cpu().split(BESIDE), made.split(BESIDE), strict=True) if len(a)]
    columns = len(pairs[0][0])
    rows = [_filled(row.numpy(), columns) for pair in pairs for row in pair]
    note = Message("Above each a picture that it is not trained on, below what is left after {n} numbers.")
    if not trainer.holds_out:
        note = Message("Above each a picture that it is trained on, below what is left after {n} numbers.")
    note = Message(note.template, n=trainer.config.latent)
    return Sheet("Pictures and their reconstructions", trainer.steps, np.concatenate(rows), columns, note)


def _filled(row: np.ndarray, columns: int) -> np.ndarray:
    """A row of pictures uint8 [n, S, S, C], with white ones behind it."""
    return np.concatenate([row, np.full((columns - len(row), *row.shape[1:]), 255, np.uint8)])


def _latent_numbers(trainer: Trainer) -> Iterable[Event]:
    """The KL divergence of each, the largest first, and which are dead."""
    if not trainer.kl_by_number:
        return
    order = np.argsort(trainer.kl_by_number)[::-1]
    kl = tuple(trainer.kl_by_number[i] for i in order)
    yield Bars("KL divergence of each latent number", tuple(f"z{i + 1}" for i in order), kl, "nats")
    dead = [f"z{i + 1}" for i in sorted(order) if trainer.kl_by_number[i] < DEAD]
    sentence = Message("All {n} latent numbers tell something of a picture.", n=len(kl))
    if dead:
        sentence = Message("Dead, telling nothing of a picture: {names}.", names=", ".join(dead))
    yield Caption("latent", sentence)
