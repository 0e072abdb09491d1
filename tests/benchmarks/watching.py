"""Very many who watch one run, in a process of their own that costs little: plain sockets, nothing but the standard
library. `python -m tests.benchmarks.watching HOST:PORT RUN WATCHERS SECONDS` prints one JSON line.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import resource
import statistics
import sys
import time

PACE = 0.5  # seconds between two looks at least
TIMEOUT = 30.0  # seconds for an answer


class Crowd:
    """What all watchers saw together."""

    def __init__(self, address: str, run: str, end: float) -> None:
        self.host, _, self.port = address.partition(":")
        self.run, self.end = run, end
        self.looks = self.updates = self.received = 0
        self.errors: list[str] = []
        self.gaps: list[float] = []  # seconds between a watcher's updates
        self.waits: list[float] = []  # seconds for an answer
        self._cursors: dict[bytes, str] = {}

    def cursor(self, body: bytes) -> str:
        """Where a page is that was told `body`; many are told the same, which is read once."""
        if body not in self._cursors:
            news = json.loads(gzip.decompress(body))
            assert news["run"] == self.run, f"another run's news: {news['run']}"
            if len(self._cursors) > 50:
                self._cursors.clear()
            self._cursors[body] = news["cursor"]
        return self._cursors[body]


class Watcher(asyncio.Protocol):
    """One page: it looks, takes what is new, and waits for as long as it is told, as tabs/page/live/view.js does."""

    def __init__(self, crowd: Crowd) -> None:
        self._crowd = crowd
        self._loop = asyncio.get_running_loop()
        self._wire: asyncio.Transport | None = None
        self._answer = bytearray()
        self._cursor = ""
        self._asked = self._updated = 0.0
        self._late: asyncio.TimerHandle | None = None  # not None while an answer is awaited
        self.gone = self._loop.create_future()

    def look(self) -> None:
        """Ask for news, over a new connection at first and when the server closed an idle one."""
        if time.monotonic() > self._crowd.end:
            if self._wire:
                self._wire.close()
            self.gone.set_result(None)
        elif self._wire is None:
            connecting = self._loop.create_connection(lambda: self, self._crowd.host, self._crowd.port)
            self._loop.create_task(connecting).add_done_callback(self._connected)
        else:
            self._asked = time.monotonic()
            address = f"/live/{self._crowd.run}?since={self._cursor}"
            self._wire.write(f"GET {address} HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n".encode())
            self._late = self._loop.call_later(TIMEOUT, self._fail, "no answer")

    def _connected(self, connecting: asyncio.Task) -> None:
        if problem := connecting.exception():
            self._fail(repr(problem))
        else:
            self._wire = connecting.result()[0]
            self.look()

    def data_received(self, data: bytes) -> None:
        """Gather an answer."""
        self._answer += data
        end = self._answer.find(b"\r\n\r\n")
        if end < 0:
            return
        first, *lines = self._answer[:end].decode().lower().split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines)
        body = bytes(self._answer[end + 4 :])
        if len(body) == int(headers.get("content-length", 0)):
            self._answer.clear()
            self._answered(first.split()[1], body, headers)

    def _answered(self, status: str, body: bytes, headers: dict[str, str]) -> None:
        self._late.cancel()
        self._late, crowd, now = None, self._crowd, time.monotonic()
        if status not in ("200", "204"):
            return self._fail(f"status {status}")
        crowd.looks += 1
        crowd.received += len(body)
        crowd.waits.append(now - self._asked)
        if status == "200":
            self._cursor = crowd.cursor(body)
            crowd.updates += 1
            if self._updated:
                crowd.gaps.append(now - self._updated)
            self._updated = now
        wait = max(int(headers["look-again"]) / 1000, self._asked + PACE - now)
        self._loop.call_later(wait, self.look)

    def connection_lost(self, problem: Exception | None) -> None:
        """An error only if an answer was awaited."""
        self._wire = None
        if self._late:
            self._fail(f"the connection was cut: {problem}")

    def _fail(self, what: str) -> None:
        if self._late:
            self._late.cancel()
        if self._wire:
            self._wire.close()
        self._wire = self._late = None
        self._crowd.errors.append(what)
        self._answer.clear()
        self._loop.call_later(1.0, self.look)


async def watched(address: str, run: str, watchers: int, seconds: float) -> dict[str, float]:
    """Let them all watch; they arrive within two seconds."""
    began = time.monotonic()
    crowd = Crowd(address, run, began + seconds)
    people = [Watcher(crowd) for _ in range(watchers)]
    for number, person in enumerate(people):
        asyncio.get_running_loop().call_later(2 * number / watchers, person.look)
    await asyncio.gather(*(person.gone for person in people))
    for error in crowd.errors[:5]:
        print(error, file=sys.stderr)
    used = resource.getrusage(resource.RUSAGE_SELF)
    wall = time.monotonic() - began
    return {
        "errors": len(crowd.errors),
        "watch_p95_s": statistics.quantiles(crowd.gaps, n=20)[-1],
        "answer_p95_s": statistics.quantiles(crowd.waits, n=20)[-1],
        "looks_per_second": crowd.looks / wall,
        "updates_per_second": crowd.updates / wall,
        "megabytes_per_second": crowd.received / wall / 1e6,
        "client_cores": (used.ru_utime + used.ru_stime) / wall,
    }


if __name__ == "__main__":
    print(json.dumps(asyncio.run(watched(sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])))))
