"""What only a VAE shows: held-out nats, reconstructions, what each latent number tells, and its map."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from engines.messages import Message
from engines.running.events import Bars, Caption, Event, Metrics, Scatter, Sheet
from engines.vae_training.diagnosis import DEAD
from engines.vae_training.tested import TESTED, Tested

BESIDE, ROWS = 8, 3  # pictures in a row of the sheet, each over its reconstruction; pairs of rows


def extras(tested: Tested, step: int, kl_by_number: Sequence[float], class_names: tuple[str, ...]) -> Iterable[Event]:
    """Everything, measured on held-out pictures; `kl_by_number` is in nats, empty before the first step."""
    reconstruction, kl = tested.elbo()
    yield Metrics(step, {"−ELBO, held out": reconstruction + kl}, "elbo")
    yield Caption("elbo", _about(tested))
    yield _reconstructions(tested, step)
    if kl_by_number:
        yield from latent_numbers(kl_by_number)
    points = tested.survey()
    yield Scatter("Map of the latent space", points.places, points.labels, class_names)


def _about(tested: Tested) -> Message:
    count = min(TESTED, len(tested.images))
    if tested.holds_out:
        return Message("The held-out ELBO is of {count} pictures that it is not trained on.", count=count)
    return Message("There are too few pictures to hold some out: its ELBO is of those that it is trained on.")


def _reconstructions(tested: Tested, step: int) -> Sheet:
    """Pictures, and below each what the decoder makes of the mean of its q(z|x)."""
    pictures, made = tested.redrawn(BESIDE * ROWS)
    columns = min(BESIDE, len(pictures))
    rows = [
        _filled(row[i : i + columns], columns) for i in range(0, len(pictures), columns) for row in (pictures, made)
    ]
    n = tested.config.latent
    note = Message("Above each a picture that it is trained on, below it what {n} numbers say of it.", n=n)
    if tested.holds_out:
        note = Message("Above each a picture that it is not trained on, below it what {n} numbers say of it.", n=n)
    return Sheet("Pictures and their reconstructions", step, np.concatenate(rows), columns, note)


def _filled(row: np.ndarray, columns: int) -> np.ndarray:
    """A row of pictures uint8 [n, S, S, C], with white ones behind it."""
    return np.concatenate([row, np.full((columns - len(row), *row.shape[1:]), 255, np.uint8)])


def latent_numbers(kl_by_number: Sequence[float]) -> Iterable[Event]:
    """The KL divergence of each, the largest first, and which are dead."""
    order = sorted(range(len(kl_by_number)), key=lambda i: -kl_by_number[i])
    kl = tuple(kl_by_number[i] for i in order)
    yield Bars("KL divergence of each latent number", tuple(f"z{i + 1}" for i in order), kl, "nats")
    dead = [f"z{i + 1}" for i in sorted(order) if kl_by_number[i] < DEAD]
    sentence = Message("All {n} latent numbers tell something of a picture.", n=len(kl))
    if len(dead) == len(kl):
        sentence = Message("None of the {n} latent numbers tells anything of a picture.", n=len(kl))
    elif dead:
        sentence = Message("Dead latent numbers, which tell nothing of a picture: {names}.", names=", ".join(dead))
    yield Caption("latent", sentence)
