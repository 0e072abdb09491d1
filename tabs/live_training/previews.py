"""What the real pictures look like, before a run begins."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engines.data.grids import encode_grid
from engines.data.pictures import PictureSet, load_bundled
from engines.data.uploads import read_uploads
from engines.live_training.data import known_before
from engines.messages import Message
from tabs.page.markup import clip

STRIP = 24  # pictures


def preview(pictures: PictureSet) -> str:
    """A strip of real pictures as a data address."""
    return encode_grid(pictures.sample(STRIP, seed=0).resized(48).images, columns=STRIP // 2).data_uri()


def preview_dataset(name: str) -> str:
    """`preview` of a bundled dataset."""
    return preview(load_bundled(name))


def preview_uploads(paths: Sequence[str], conditional: bool = False) -> tuple[str, list[Message]]:
    """`preview` of uploaded pictures, and what to know before Start; ConfigError if they are not allowed."""
    pictures = read_uploads(paths, 48)
    return preview(pictures), [_counted(pictures), *known_before(pictures, conditional)]


def _counted(pictures: PictureSet) -> Message:
    """How many pictures there are, and in which classes."""
    if not pictures.class_names:
        return Message("{count} pictures, cut to their middle square.", count=len(pictures))
    counts = np.bincount(pictures.labels, minlength=len(pictures.class_names)).tolist()
    classes = [f"{name} ({count})" for name, count in zip(pictures.class_names, counts, strict=True)]
    return Message(
        "{count} pictures, cut to their middle square, in {classes} classes: {names}",
        count=len(pictures),
        classes=len(classes),
        names=clip(", ".join(classes)),
    )
