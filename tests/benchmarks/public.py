"""A demo that strangers come to: python -m tests.benchmarks.public [--quick] prints one JSON line.

The app runs in public mode in a process of its own. First a GAN trains alone; then 50 clients watch it as the page
does while 8 chat and 4 make pictures, each within the limits of a visitor; then it is alone again. Every chat and
every picture is compared with what the same request gave before anybody else was there: a difference would be a
mixed-up session. At the end a second app gets 500 hostile calls an endpoint.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import os
import secrets
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from tests.benchmarks.stream import advance
from tests.fuzz import Caller, endpoints, hostile_calls, small_files, upload

WATCHERS, CHATS, PAINTERS = 50, 8, 4
WATCH_PACE, READING = 0.5, 5.0  # seconds: a page asks at most this often; a person reads before the next request
WORDS = ("sea", "rain", "tea", "cat", "moon", "bread", "train", "snow")
PROMPTS = ("red apple", "crying cat", "rocket", "green tree")
KEPT_ALIVE = 4.0  # seconds that the server holds an idle connection, and a little less
ROOT = Path(__file__).parent.parent.parent


class Server:
    """The app in a process of its own."""

    def __init__(self, folder: str, *options: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}/"
        command = [sys.executable, "app.py", "--port", str(port), "--runs-folder", folder, *options]
        self._process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._wait()

    def _wait(self) -> None:
        for _ in range(1200):
            with contextlib.suppress(OSError):
                urlopen(f"{self.url}health").close()
                return
            time.sleep(0.1)
        raise TimeoutError("the app did not start")

    def resident_mb(self) -> float:
        """Its memory that is in RAM."""
        pages = int(Path(f"/proc/{self._process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6

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
        headers = {"Content-Type": "application/json"}
        if time.monotonic() - self._asked > KEPT_ALIVE:
            self._connection.close()  # the next request opens it anew
        self._connection.request("POST", f"/gradio_api/{path}", json.dumps(body), headers)
        answer = self._connection.getresponse()
        self._asked = time.monotonic()
        content = json.loads(answer.read())
        if answer.status != 200:
            raise RuntimeError(f"{path}: {content}")
        return content

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

    def watch(self, component: int, cursor: dict[str, Any]) -> None:
        """Ask for what is new, as tabs/page/live/view.js does, and move the cursor on."""
        body = {"session_hash": self.session, "component_id": component, "fn_name": "watch", "data": cursor}
        news = self.post("component_server/", body)
        if news.get("run") != cursor["run"]:
            raise RuntimeError(f"another run's news: {news.get('run')}")
        advance(cursor, news)


class Crowd:
    """Clients that go on until `seconds` are over; what went wrong is counted."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds
        self._threads: list[threading.Thread] = []
        self.errors: list[str] = []
        self.mixed_up = self.answers = 0
        self.gaps: list[float] = []  # seconds between a watcher's updates

    def send(self, act: Callable[[], None]) -> None:
        """Let a client do `act` again and again."""

        def work() -> None:
            while time.monotonic() < self._end:
                self._try(act)

        self._threads.append(threading.Thread(target=work, daemon=True))
        self._threads[-1].start()

    def _try(self, act: Callable[[], None]) -> None:
        try:
            act()
        except Exception as problem:
            self.errors.append(repr(problem)[:300])
            time.sleep(1)

    def compare(self, make: Callable[[], Any], expected: Any) -> Callable[[], None]:
        """An act: make something, see that it is one's own, and read it."""

        def act() -> None:
            self.mixed_up += make() != expected
            self.answers += 1
            time.sleep(READING)

        return act

    def watcher(self, person: Person, component: int, run: str) -> Callable[[], None]:
        """An act: get one update of the run."""
        cursor: dict[str, Any] = {"run": run, "version": 0}
        last = time.monotonic()

        def act() -> None:
            nonlocal last
            person.watch(component, cursor)
            now = time.monotonic()
            self.gaps.append(now - last)
            time.sleep(max(0.0, WATCH_PACE - (now - last)))
            last = now

        return act

    def wait(self) -> None:
        """Until everybody has gone."""
        for thread in self._threads:
            thread.join(180)


def steps_per_second(ask: Callable[[], int], seconds: float) -> float:
    """The training's speed over some seconds."""
    began, first = time.monotonic(), ask()
    time.sleep(seconds)
    return (ask() - first) / (time.monotonic() - began)


@contextlib.contextmanager
def serving(*options: str) -> Iterator[Server]:
    """A server that ends with the block."""
    with tempfile.TemporaryDirectory() as folder:
        server = Server(folder, *options)
        try:
            yield server
        finally:
            server.close()


def crowded(seconds: float) -> dict[str, float]:
    """Solo, with everybody, and solo again."""
    with serving("--public") as server:
        owner = Person(server.url)
        with urlopen(f"{server.url}config") as answer:
            components = json.load(answer)["components"]
        live = next(c["id"] for c in components if c["props"].get("elem_id") == "gan-live")
        chats = [Person(server.url).chat(number) for number in range(CHATS)]  # alone, each from its own session
        paintings = [Person(server.url).paint(number) for number in range(PAINTERS)]
        run = owner.call("gan_start", {"seed": 0}, "benchmark")[0]["run"]

        def step() -> int:
            return (owner.call("gan_status", run)[0]["progress"] or {"step": 0})["step"]

        while not step():
            time.sleep(0.2)
        time.sleep(5)  # until it has found its pace
        before, memory = steps_per_second(step, seconds / 3), server.resident_mb()
        crowd = Crowd(seconds)
        for _ in range(WATCHERS):
            crowd.send(crowd.watcher(Person(server.url), live, run))
        for number, text in enumerate(chats):
            person = Person(server.url)
            crowd.send(crowd.compare(lambda person=person, number=number: person.chat(number), text))
        for number, picture in enumerate(paintings):
            person = Person(server.url)
            crowd.send(crowd.compare(lambda person=person, number=number: person.paint(number), picture))
        during = steps_per_second(step, seconds - 1)
        crowd.wait()
        time.sleep(5)
        after = steps_per_second(step, seconds / 3)
        solo = (before + after) / 2
        for error in crowd.errors[:5]:
            print(error, file=sys.stderr)
        return {
            "errors": len(crowd.errors),
            "mixed_up": crowd.mixed_up,
            "answers": crowd.answers,
            "watch_p95_s": statistics.quantiles(crowd.gaps, n=20)[-1],
            "watch_updates": len(crowd.gaps),
            "train_share": during / solo,
            "solo_steps_per_second": solo,
            "memory_mb": memory,
            "memory_ratio": server.resident_mb() / memory,
        }


def fuzzed(calls: int) -> dict[str, int]:
    """How many hostile calls were made, and how many got a bad answer."""
    made = bad = 0
    with serving() as server, Caller(server.url) as caller:
        files = upload(server.url, small_files())
        for endpoint, parameters in endpoints(server.url).items():
            for data in hostile_calls(endpoint, parameters, calls, seed=1, files=files):
                fault = caller.fault(endpoint, data)
                made += 1
                bad += bool(fault)
                if fault:
                    print(f"{endpoint}({str(data)[:200]}): {fault}", file=sys.stderr)
        assert caller.get("/health")[0] == 200
        assert caller.call("gan_samples", ["example", 1, -1])[0] == 200, "the process is in a bad state"
    return {"fuzz_calls": made, "fuzz_bad": bad}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="15 s of the crowd and 20 hostile calls an endpoint")
    options = parser.parse_args()
    result = {**crowded(15 if options.quick else 60), **fuzzed(20 if options.quick else 500)}
    about = {"cores": os.cpu_count(), "watchers": WATCHERS, "chats": CHATS, "painters": PAINTERS}
    print(json.dumps({**about, **{name: round(value, 3) for name, value in result.items()}, "quick": options.quick}))


if __name__ == "__main__":
    main()
