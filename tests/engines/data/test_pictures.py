"""Bundled and whole picture sets."""

from __future__ import annotations

import time

import numpy as np
import pytest

from engines.data import pictures
from engines.data.pictures import PictureSet, load_bundled, load_whole
from engines.messages import EngineError


def test_resizing_keeps_everything_else() -> None:
    digits = load_bundled("mnist").sample(20, seed=0)
    larger = digits.resized(32)
    assert larger.images.shape == (20, 32, 32, 1)
    assert larger.class_names == digits.class_names
    np.testing.assert_array_equal(larger.labels, digits.labels)
    assert abs(larger.images.mean() - digits.images.mean()) < 2
    assert digits.resized(28) is digits


def test_shrinking_is_antialiased() -> None:
    stripes = np.zeros((1, 64, 64, 3), np.uint8)
    stripes[:, :, ::2] = 255
    small = PictureSet("own", stripes, np.zeros(1, np.int64)).resized(16)
    assert small.images.std() < 20
    assert abs(small.images.mean() - 127.5) < 3


def test_a_sample_is_repeatable_and_never_repeats_a_picture() -> None:
    whole = load_bundled("emoji")
    once, again, other = (whole.sample(200, seed=s).images for s in (1, 1, 2))
    np.testing.assert_array_equal(once, again)
    assert not np.array_equal(once, other)
    assert len({image.tobytes() for image in once}) == 200
    assert len(whole.sample(10**6, seed=0)) == len(whole)


def test_an_unreachable_network_answers_fast(tmp_path, monkeypatch) -> None:
    datasets = pytest.importorskip("torchvision.datasets")
    # An address kept for documentation: packets to it go nowhere.
    monkeypatch.setattr(datasets.MNIST, "mirrors", ["http://192.0.2.1/", "http://no-such-host.invalid/"])
    monkeypatch.setattr(pictures, "PROBE_SECONDS", 0.5)
    start = time.process_time()
    with pytest.raises(EngineError, match="out of reach"):
        load_whole("mnist", tmp_path)
    assert time.process_time() - start < 3
    assert not list(tmp_path.rglob("*.gz"))


def test_a_set_without_a_whole_version_says_so(tmp_path) -> None:
    with pytest.raises(EngineError, match="no larger version"):
        load_whole("emoji", tmp_path)


def test_the_whole_set_is_fetched_from_a_mirror_that_answers(tmp_path, monkeypatch) -> None:
    """A tiny set in MNIST's format, served on this machine, after a mirror that is dead."""
    datasets = pytest.importorskip("torchvision.datasets")
    served = tmp_path / "served"
    resources = _write_idx_files(served, count=6)
    with _serve(served) as url:
        monkeypatch.setattr(datasets.FashionMNIST, "mirrors", ["http://no-such-host.invalid/", url])
        monkeypatch.setattr(datasets.FashionMNIST, "resources", resources)
        monkeypatch.setattr(pictures, "PROBE_SECONDS", 2.0)
        whole = load_whole("fashion_mnist", tmp_path / "data")
    assert whole.images.shape == (6, 28, 28, 1)
    assert whole.labels.tolist() == [0, 1, 2, 3, 4, 5]
    assert whole.class_names == load_bundled("fashion_mnist").class_names
    assert len(load_whole("fashion_mnist", tmp_path / "data")) == 6  # now from disk, the server being gone


def _write_idx_files(folder, count: int) -> list[tuple[str, str]]:
    import gzip
    import hashlib

    folder.mkdir()
    images = bytes([0, 0, 8, 3]) + np.array([count, 28, 28], ">i4").tobytes() + bytes(count * 28 * 28)
    labels = bytes([0, 0, 8, 1]) + np.array([count], ">i4").tobytes() + bytes(range(count))
    resources = []
    for part in ("train", "t10k"):
        for kind, data in (("images-idx3", images), ("labels-idx1", labels)):
            packed = gzip.compress(data)
            (folder / f"{part}-{kind}-ubyte.gz").write_bytes(packed)
            resources.append((f"{part}-{kind}-ubyte.gz", hashlib.md5(packed).hexdigest()))
    return resources


def _serve(folder):
    import contextlib
    import functools
    import http.server
    import threading

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_) -> None:
            pass

    @contextlib.contextmanager
    def running():
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            server.server_close()

    return running()
