"""A demo that strangers come to: python -m tests.benchmarks.public [--quick] prints one JSON line.

The app runs in public mode in a process of its own. First a GAN trains alone; then 50 clients watch it as the page
does while 8 chat and 4 make pictures, each within the limits of a visitor; then it is alone again. Every chat and
every picture is compared with what the same request gave before anybody else was there: a difference would be a
mixed-up session. At the end a second app gets 500 hostile calls an endpoint.

With --watchers 300 there is only one training and so many who watch it twice a second, or as often as the server lets
them; they are one cheap process (watching.py), whose own use of the processor is `client_cores`.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from tests.benchmarks.people import Person, serving
from tests.fuzz import Caller, endpoints, hostile_calls, small_files, upload

WATCHERS, CHATS, PAINTERS = 50, 8, 4
WATCH_PACE, READING = 0.5, 5.0  # seconds: a page asks at most this often; a person reads before the next request


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

    def watcher(self, person: Person, run: str) -> Callable[[], None]:
        """An act: look at the run once, and wait until it is time for the next look."""
        cursor, last = "", time.monotonic()

        def act() -> None:
            nonlocal cursor, last
            asked, before = time.monotonic(), cursor
            cursor, again = person.watch(run, before)
            now = time.monotonic()
            if cursor != before:
                self.gaps.append(now - last)
                last = now
            time.sleep(max(again, asked + WATCH_PACE - now))

        return act

    def wait(self) -> None:
        """Until everybody has gone."""
        for thread in self._threads:
            thread.join(180)


def crowded(seconds: float) -> dict[str, float]:
    """Solo, with everybody, and solo again."""
    with serving("--public") as server:
        owner = Person(server.url)
        chats = [Person(server.url).chat(number) for number in range(CHATS)]  # alone, each from its own session
        paintings = [Person(server.url).paint(number) for number in range(PAINTERS)]
        run = owner.train()
        before, memory = owner.pace(run, seconds / 3), server.resident_mb()
        crowd = Crowd(seconds)
        for _ in range(WATCHERS):
            crowd.send(crowd.watcher(Person(server.url), run))
        for number, text in enumerate(chats):
            person = Person(server.url)
            crowd.send(crowd.compare(lambda person=person, number=number: person.chat(number), text))
        for number, picture in enumerate(paintings):
            person = Person(server.url)
            crowd.send(crowd.compare(lambda person=person, number=number: person.paint(number), picture))
        during = owner.pace(run, seconds - 1)
        crowd.wait()
        time.sleep(5)
        after = owner.pace(run, seconds / 3)
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


def watched(watchers: int, seconds: float) -> dict[str, float]:
    """A training alone and with very many watchers, in turn, three times."""
    with serving() as server:
        owner = Person(server.url)
        run = owner.train()
        address = server.url.removeprefix("http://").rstrip("/")
        command = [sys.executable, "-m", "tests.benchmarks.watching", address, run, str(watchers), str(seconds + 4)]

        def turn(seconds: float) -> tuple[float, float]:
            """(steps of the training, seconds of the page's process) per second."""
            began, used = time.monotonic(), server.cpu_seconds()
            pace = owner.pace(run, seconds)
            return pace, (server.cpu_seconds() - used) / (time.monotonic() - began)

        alone, among, seen = [turn(seconds / 2)], [], []
        for _ in range(3):
            client = subprocess.Popen(command, stdout=subprocess.PIPE)
            time.sleep(3)  # until all are there
            among.append(turn(seconds))
            seen.append(json.loads(client.communicate(timeout=120)[0]))
            time.sleep(1)
            alone.append(turn(seconds / 2))
    (pace, page_alone), (crowded_pace, page) = (
        [statistics.mean(one) for one in zip(*turns, strict=True)] for turns in (alone, among)
    )
    told = {name: statistics.mean(one[name] for one in seen) for name in seen[0]}
    return {
        **told,
        "errors": sum(one["errors"] for one in seen),
        "train_share": crowded_pace / pace,
        "solo_steps_per_second": pace,
        "page_cores": page,
        "page_cores_alone": page_alone,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="15 s of the crowd and 20 hostile calls an endpoint")
    parser.add_argument("--crowd", action="store_true", help="only the crowd, without hostile calls")
    parser.add_argument("--watchers", type=int, metavar="N", help="only a training, and N who watch it")
    options = parser.parse_args()
    if options.watchers:
        result = watched(options.watchers, 10 if options.quick else 30)
        about = {"cores": os.cpu_count(), "watchers": options.watchers}
        print(json.dumps({**about, **{name: round(value, 3) for name, value in result.items()}}))
        return
    result = crowded(15 if options.quick else 60)
    if not options.crowd:
        print(result, file=sys.stderr)  # the calls take long
        result |= fuzzed(20 if options.quick else 500)
    about = {"cores": os.cpu_count(), "watchers": WATCHERS, "chats": CHATS, "painters": PAINTERS}
    print(json.dumps({**about, **{name: round(value, 3) for name, value in result.items()}, "quick": options.quick}))


if __name__ == "__main__":
    main()
