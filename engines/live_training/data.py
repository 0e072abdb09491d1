"""The pictures that a family learns from: a dataset, or a visitor's own.

checkpoint/pictures.npz in a run's folder holds a visitor's own as they were checked, since uploads are soon
deleted, and a run that was cut off goes on with them.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from engines.data.pictures import PictureSet, load_bundled, load_whole
from engines.data.uploads import UploadedPictures, read_uploads
from engines.knobs import Config
from engines.messages import EngineError, Message
from engines.running.events import Caption, Events, Note
from engines.running.run_store import CHECKPOINT, write_atomically
from engines.weights import cache_folder

log = logging.getLogger(__name__)
FEW = 8  # pictures of a class, which a grid shows side by side


def load_pictures(config: Config, uploads: Sequence[str], folder: Path | None = None) -> Events:
    """Returns the pictures at the config's size; the bundled ones where the whole set cannot be had.

    Raises ConfigError or EngineError if a visitor's own are not what is allowed, or missing.
    """
    if config.dataset == "own":
        return (yield from _own_pictures(config, uploads, folder))
    if config.whole:
        yield Note(Message("Downloading the whole dataset"))
        try:
            return load_whole(config.dataset, cache_folder() / "datasets").resized(config.size)
        except EngineError as problem:
            sentence = Message("{problem} The bundled pictures are used.", problem=problem.message)
            yield Caption("pictures", sentence)
    return load_bundled(config.dataset).resized(config.size)


def _own_pictures(config: Config, uploads: Sequence[str], folder: Path | None) -> Events:
    if folder and (kept := kept_pictures(folder)):
        return kept
    if not uploads:
        raise EngineError("Choose your own pictures first: several files, or one ZIP.")
    pictures = read_uploads(uploads, config.size)
    for number, sentence in enumerate(known_before(pictures, config.conditional)):
        yield Caption(f"pictures {number}", sentence)
    if folder:
        keep_pictures(folder, pictures)
    return pictures


def known_before(pictures: UploadedPictures, conditional: bool) -> list[Message]:
    """What a person should know of a visitor's pictures before training on them."""
    counts = np.bincount(pictures.labels, minlength=len(pictures.class_names))
    small = [name for name, count in zip(pictures.class_names, counts, strict=False) if count < FEW]
    if not small or not conditional:
        return pictures.sentences()
    note = "Classes with fewer than {few} pictures, which are learned by heart at best: {names}."
    return [*pictures.sentences(), Message(note, few=FEW, names=", ".join(small))]


def keep_pictures(folder: Path, pictures: PictureSet) -> None:
    """Write a visitor's pictures beside the checkpoint. Without them the run can't be resumed, but goes on."""
    path = folder / CHECKPOINT / "pictures.npz"
    file = io.BytesIO()
    names = np.array(pictures.class_names, dtype=str)
    np.savez(file, images=pictures.images, labels=pictures.labels, class_names=names)
    try:
        path.parent.mkdir(exist_ok=True)
        write_atomically(path, file.getvalue(), sync=True)
    except OSError as problem:
        log.warning("the pictures could not be kept: %s", problem)


def kept_pictures(folder: Path) -> PictureSet | None:
    """The pictures that `keep_pictures` wrote, None if there are none; EngineError if they are damaged."""
    path = folder / CHECKPOINT / "pictures.npz"
    if not path.exists():
        return None
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return PictureSet("own", arrays["images"], arrays["labels"], tuple(arrays["class_names"].tolist()))
    except Exception as problem:  # a damaged file may raise anything
        log.warning("the pictures in %s can't be used: %s", path, problem)
        raise EngineError("What was saved of this run is damaged; start a new one.") from problem
