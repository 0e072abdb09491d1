"""Who comes to the app in the benchmarks, and the app itself, in a process of its own."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from tests.fakes import free_port

WORDS = ("sea", "rain", "tea", "cat", "moon", "bread", "train", "snow")
PROMPTS = ("red apple", "crying cat", "rocket", "green tree")
KEPT_ALIVE = 4.0  # seconds that the server holds an idle connection, and a little less
ROOT = Path(__file__).parent.parent.parent


class Server:
    """The app in a process of its own."""

    def __init__(self, folder: str, *options: str) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}/"
        command = [sys.executable, "app.py", "--port", str(port), "--runs-folder", folder, *options]
        self._process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._wait()

    def _wait(self) -> None:
        for _ in range(1200):
            with contextlib.suppress(OSError):
                urlopen(f"{self.url}health").close()
                urlopen(self.url).close()  # Gradio asks for it too, and gives up if it takes more than 3 s
                time.sleep(1)
                return
            time.sleep(0.1)
        raise TimeoutError("the app did not start")

    def resident_mb(self) -> float:
        """Its memory that is in RAM."""
        pages = int(Path(f"/proc/{self._process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6

    def cpu_seconds(self) -> float:
        """What its own process, without the workers, has used of the processor."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def close(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait(60)


class Person:
    """One client, with its own connection and session."""

    def __init__(self, url: str) -> None:
        self._host = url.removeprefix("http://").rstrip("/")
        self._connection = http.client.HTTPConnection(self._host, timeout=120)
        self._asked = time.monotonic()
        self.session = secrets.token_hex(5)

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """The parsed answer; RuntimeError if it is an error."""
        answer, content = self._ask("POST", f"/gradio_api/{path}", json.dumps(body))
        if answer.status != 200:
            raise RuntimeError(f"{path}: {content[:300]}")
        return json.loads(content)

    def _ask(self, method: str, path: str, body: str | None = None) -> tuple[http.client.HTTPResponse, bytes]:
        if time.monotonic() - self._asked > KEPT_ALIVE:
            self._connection.close()  # the next request opens it anew
        self._connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
        answer = self._connection.getresponse()
        content = answer.read()
        self._asked = time.monotonic()
        return answer, content

    def call(self, endpoint: str, *data: Any) -> Any:
        """The last outputs of an endpoint that goes through the queue; RuntimeError if it fails."""
        joined = self.post(f"call/{endpoint}", {"data": data, "session_hash": self.session})
        with contextlib.closing(http.client.HTTPConnection(self._host, timeout=120)) as stream:
            stream.request("GET", f"/gradio_api/call/{endpoint}/{joined['event_id']}")
            event, last = "", None
            for line in stream.getresponse():
                name, _, value = line.decode().strip().partition(": ")
                if name == "event":
                    event = value
                elif name == "data" and event in ("generating", "complete"):
                    last = json.loads(value) or last
                elif name == "data" and event == "error":
                    raise RuntimeError(f"{endpoint}: {value}")
        return last

    def chat(self, number: int) -> str:
        """The greedy answer to this person's own question."""
        asked = [{"role": "user", "content": f"Write two sentences about the {WORDS[number]}."}]
        return self.call("text_chat", asked, "", {"greedy": True, "max_new_tokens": 48})[0]

    def paint(self, number: int) -> bytes:
        """This person's own picture."""
        settings = {"prompt": PROMPTS[number], "seed": number, "batch": 4}
        files, about = self.call("image_generate", settings, None, None, f"painter {self.session}")
        assert about["config"]["prompt"] == PROMPTS[number]
        with urlopen(files[0]["url"]) as answer:
            return answer.read()

    def watch(self, run: str, cursor: str) -> tuple[str, float]:
        """Ask for what is new, as tabs/page/live/view.js does: the new cursor, and seconds to wait for."""
        answer, content = self._ask("GET", f"/live/{run}?since={cursor}")
        if answer.status not in (200, 204):
            raise RuntimeError(f"live/{run}: {answer.status}")
        if answer.status == 200:
            news = json.loads(content)
            if news["run"] != run:
                raise RuntimeError(f"another run's news: {news['run']}")
            cursor = news["cursor"]
        return cursor, int(answer.headers["Look-Again"]) / 1000

    def train(self) -> str:
        """Start a GAN's training and wait until it has found its pace; the run's id."""
        run = self.call("gan_start", {"seed": 0}, "benchmark")[0]["run"]
        while not self.steps(run):
            time.sleep(0.2)
        time.sleep(5)
        return run

    def steps(self, run: str) -> int:
        """How many steps the training has made."""
        return (self.call("gan_status", run)[0]["progress"] or {"step": 0})["step"]

    def pace(self, run: str, seconds: float) -> float:
        """The training's steps per second over some seconds."""
        began, first = time.monotonic(), self.steps(run)
        time.sleep(seconds)
        return (self.steps(run) - first) / (time.monotonic() - began)


@contextlib.contextmanager
def serving(*options: str) -> Iterator[Server]:
    """A server that ends with the block."""
    with tempfile.TemporaryDirectory() as folder:
        server = Server(folder, *options)
        try:
            yield server
        finally:
            server.close()
