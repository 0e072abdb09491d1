"""Sets of small pictures: the bundled ones, and whole ones from the network."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from http.client import HTTPException
from pathlib import Path
from urllib.request import Request, urlopen

import numpy as np
from PIL import Image

from engines.data.cards import ASSETS
from engines.messages import EngineError

PROBE_SECONDS = 4.0


@dataclass(frozen=True, eq=False)
class PictureSet:
    """Square pictures of one size, with labels when they have classes."""

    name: str
    images: np.ndarray  # uint8 [N, H, W, C], C 1 (gray) or 3 (RGB)
    labels: np.ndarray  # int64 [N]; zeros without classes
    class_names: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.images)

    @property
    def size(self) -> int:
        """Pixels on a side."""
        return self.images.shape[1]

    @property
    def channels(self) -> int:
        """1 for gray, 3 for RGB."""
        return self.images.shape[3]

    def resized(self, size: int) -> PictureSet:
        """The same pictures at `size` x `size` pixels, antialiased."""
        if size == self.size:
            return self
        gray = self.channels == 1
        pictures = (Image.fromarray(image[..., 0] if gray else image) for image in self.images)
        resized = [np.asarray(p.resize((size, size), Image.Resampling.LANCZOS)) for p in pictures]
        return replace(self, images=np.stack(resized).reshape(-1, size, size, self.channels))

    def sample(self, count: int, seed: int) -> PictureSet:
        """At most `count` of the pictures, drawn without replacement; the same for the same seed."""
        chosen = np.random.default_rng(seed).permutation(len(self))[:count]
        return replace(self, images=self.images[chosen], labels=self.labels[chosen])


def load_bundled(name: str) -> PictureSet:
    """The set that ships as assets/<name>/pictures.npz, at its native size."""
    with np.load(ASSETS / name / "pictures.npz", allow_pickle=False) as arrays:
        return PictureSet(name, arrays["images"], arrays["labels"], tuple(arrays["class_names"].tolist()))


def load_whole(name: str, folder: str | Path) -> PictureSet:
    """All 60,000 training pictures of MNIST or Fashion-MNIST, fetched into `folder` the first time.

    Raises EngineError, within seconds, when no mirror answers; the bundled set is then the way on.
    """
    from torchvision import datasets

    bases = {"mnist": datasets.MNIST, "fashion_mnist": datasets.FashionMNIST}
    if name not in bases:
        raise EngineError("There is no larger version of this picture set.")
    try:
        whole = _fetch(bases[name], str(folder))
    except (RuntimeError, OSError, ValueError, EOFError) as error:
        reason = type(error).__name__
        raise EngineError("The whole picture set could not be fetched ({reason}).", reason=reason) from error
    bundled = load_bundled(name)
    return replace(bundled, images=whole.data.numpy()[..., None], labels=whole.targets.numpy())


def _fetch(base: type, folder: str):
    """The torchvision dataset, from disk or else from the mirrors that answer a probe."""
    try:
        return base(folder, train=True)
    except RuntimeError:  # not there yet
        mirrors = _answering(base.mirrors, base.resources[0][0])
    if not mirrors:
        raise EngineError("The whole picture set is out of reach from here.")
    # torchvision waits without end for a dead mirror and names its folder after the class.
    return type(base.__name__, (base,), {"mirrors": mirrors})(folder, train=True, download=True)


def _answering(mirrors: Sequence[str], file: str) -> list[str]:
    """Those mirrors that answer within PROBE_SECONDS, asked all at once.

    A thread that is late is left behind: looking up a name has no timeout of its own.
    """
    answered: list[str] = []

    def probe(mirror: str) -> None:
        with (
            contextlib.suppress(OSError, ValueError, HTTPException),
            urlopen(Request(mirror + file, method="HEAD"), timeout=PROBE_SECONDS),
        ):
            answered.append(mirror)

    threads = [threading.Thread(target=probe, args=(mirror,), daemon=True) for mirror in mirrors]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + PROBE_SECONDS
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    return [mirror for mirror in mirrors if mirror in answered]
