"""A room of students on this machine: how old their tiles are, how long a click takes, and what share each run gets.

    python -m tests.benchmarks.room --students 30 --seconds 180
    python -m tests.benchmarks.room --pictures
    python -m tests.benchmarks.room --joiners 500

starts the app in a process of its own on a free port of this machine, lets a teacher open a room and the students
join, each start a run on points, or with --pictures a GAN on Fashion-MNIST, look at the board as its page does, and
click now and then. With --joiners nobody trains: so many join, eight at a time, while the students look on and one
clicks. Prints one JSON line.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests import ROOT
from tests.fakes import free_port

MOST_SECONDS = 540.0
START_SECONDS = 120.0
CLICK_EVERY = 4.0  # seconds between two clicks of a student, about
AT_ONCE = 8  # joiners
POINTS = ("points", "points_training", {"steps": 100_000, "width": 16, "batch": 32})
PICTURES = ("gan", "gan_training", {"steps": 30_000, "dataset": "fashion_mnist"})
Kind = tuple[str, str, dict[str, Any]]  # how its endpoints begin, the part of the page, and the settings of a run

NEVER = threading.Event()  # nobody sets it


class Student:
    """One browser: it looks at the board, and at the pictures that are new on it."""

    def __init__(self, url: str, code: str) -> None:
        self._url, self._code = url, code
        self.gaps: list[float] = []  # seconds between what two looks told
        self.pictures: list[float] = []  # seconds for a new picture of a tile
        self.errors = 0

    def look_until(self, end: float, over: threading.Event = NEVER) -> None:
        """Look as tabs/room/view.js does, until then or until it is over."""
        cursor, told, seen = "", time.monotonic(), {}
        while time.monotonic() < end and not over.is_set():
            pause = 1.5
            try:
                with urllib.request.urlopen(f"{self._url}room/{self._code}?since={cursor}", timeout=30) as answer:
                    data, pause = answer.read(), int(answer.headers["Look-Again"]) / 1000
                now = time.monotonic()
                self.gaps.append(now - told)
                told = now
                if data:
                    board = json.loads(data)
                    cursor = board["cursor"]
                    self._fetch(board["tiles"], seen)
            except OSError as problem:
                print(repr(problem), file=sys.stderr)
                self.errors += 1
            over.wait(pause)

    def _fetch(self, tiles: list[dict[str, Any]], seen: dict[str, int]) -> None:
        for tile in tiles:
            if tile["picture"] is not None and seen.get(tile["run"]) != tile["picture"]:
                seen[tile["run"]] = tile["picture"]
                began = time.monotonic()
                address = f"{self._url}room/{self._code}/{tile['run']}/{tile['picture']}"
                with urllib.request.urlopen(address, timeout=30) as answer:
                    answer.read()
                self.pictures.append(time.monotonic() - began)


def call(url: str, name: str, *values: Any) -> Any:
    """What an endpoint answers: asked, and then its answer waited for, as a page does."""
    address = f"{url}gradio_api/call/{name}"
    body = json.dumps({"data": values}).encode()
    request = urllib.request.Request(address, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        event = json.loads(answer.read())["event_id"]
    with urllib.request.urlopen(f"{address}/{event}", timeout=60) as answer:
        told = answer.read().decode()
    if "event: complete" not in told:
        raise OSError(told[:300])
    return json.loads(told.rpartition("data: ")[2])[0]


def click_until(url: str, owner: str, end: float, over: threading.Event = NEVER) -> list[float]:
    """Seconds that each click of a student took, as a script's call; they come at random moments."""
    took, draw = [], random.Random(owner)
    while True:
        over.wait(draw.uniform(0.5, 1.5) * CLICK_EVERY)
        if time.monotonic() >= end or over.is_set():
            return took
        began = time.monotonic()
        call(url, "room_control", owner, draw.choice(("share", "unshare")), "")
        took.append(time.monotonic() - began)


def measure(url: str, students: int, seconds: float, kind: Kind) -> dict[str, Any]:
    """Open the room, let everyone in, and watch for so long."""
    code = call(url, "room_open", "Teacher", "")["code"]
    owners = [call(url, "room_join", code, f"Student {number}", "")["owner"] for number in range(students)]
    prefix, _, settings = kind
    files = [[]] if prefix == "gan" else []
    runs = [call(url, f"{prefix}_start", settings, owner, *files)["run"] for owner in owners]
    people, end = [Student(url, code) for _ in owners], time.monotonic() + seconds
    watching = [threading.Thread(target=person.look_until, args=(end,)) for person in people]
    for thread in watching:
        thread.start()
    with ThreadPoolExecutor(students) as pool:
        clicks = [one for each in pool.map(lambda owner: click_until(url, owner, end), owners) for one in each]
    for thread in watching:
        thread.join()
    tiles = {tile["run"]: tile for tile in call(url, "room_board", code)["tiles"]}
    shares = [tiles[run]["seconds"] for run in runs]
    for run, owner in zip(runs, owners, strict=True):
        call(url, f"{prefix}_control", run, owner, "stop")
    gaps, pictures = ([x for person in people for x in values(person)] for values in (_gaps, _pictures))
    mean = statistics.mean(shares)
    return {
        "runs": prefix,
        "students": students,
        "seconds": seconds,
        "errors": sum(person.errors for person in people),
        "tile_age_p95_s": round(_p95(gaps) + _p95(pictures), 2),
        "tile_age_most_s": round(max(gaps) + max(pictures, default=0.0), 2),
        "click_p95_s": round(_p95(clicks), 3),
        "click_most_s": round(max(clicks, default=0.0), 3),
        "clicks": len(clicks),
        "seconds_of_a_run": [min(shares), round(mean, 1), max(shares)],
        "share_of_a_run": [round(min(shares) / max(mean, 1e-9), 3), round(max(shares) / max(mean, 1e-9), 3)],
        "load": round(os.getloadavg()[0], 1),
    }


def crowd(url: str, students: int, joiners: int) -> dict[str, Any]:
    """Let so many join while a few students look at the board and click: what those inside notice of it."""
    code = call(url, "room_open", "Teacher", "")["code"]
    owners = [call(url, "room_join", code, f"Student {number}", "")["owner"] for number in range(students)]
    people, began = [Student(url, code) for _ in owners], time.monotonic()
    over = threading.Event()
    watching = [threading.Thread(target=person.look_until, args=(began + MOST_SECONDS, over)) for person in people]
    for thread in watching:
        thread.start()
    refused: Counter[str] = Counter()

    def join(number: int) -> None:
        try:
            call(url, "room_join", code, f"Joiner {number}", "")
        except OSError as problem:
            refused[str(problem)[-200:]] += 1

    with ThreadPoolExecutor(AT_ONCE + 1) as pool:
        clicking = pool.submit(click_until, url, owners[0], began + MOST_SECONDS, over)
        list(pool.map(join, range(joiners)))
        took = time.monotonic() - began
        over.set()
        clicks = clicking.result()
    for thread in watching:
        thread.join()
    return {
        "joiners": joiners,
        "in_the_room": len(call(url, "room_board", code)["people"]),
        "refused": dict(refused),
        "seconds": round(took, 1),
        "errors_of_those_inside": sum(person.errors for person in people),
        "look_p95_s": round(_p95([gap for person in people for gap in _gaps(person)]), 2),
        "click_p95_s": round(_p95(clicks), 3),
        "load": round(os.getloadavg()[0], 1),
    }


def _gaps(person: Student) -> list[float]:
    return person.gaps[1:]


def _pictures(person: Student) -> list[float]:
    return person.pictures


def _p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[-1] if len(values) > 1 else max(values, default=0.0)


def main() -> None:
    """Parse, serve, measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--students", type=int, default=30)
    parser.add_argument("--seconds", type=float, default=180.0)
    parser.add_argument("--pictures", action="store_true", help="GANs on Fashion-MNIST instead of points")
    parser.add_argument("--joiners", type=int, default=0, help="so many join, and nobody trains")
    args = parser.parse_args()
    kind = PICTURES if args.pictures else POINTS
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "app.py", "--port", str(port), "--runs-folder", folder, "--no-public"]
        command += ["--only", f"{kind[1]},room", "--room-runs", str(args.students + 1)]
        app = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
        try:
            url, end = f"http://127.0.0.1:{port}/", time.monotonic() + START_SECONDS
            while not _is_there(url):
                assert time.monotonic() < end, "the app did not start"
                time.sleep(0.5)
            if args.joiners:
                print(json.dumps(crowd(url, args.students, args.joiners)))
            else:
                print(json.dumps(measure(url, args.students, min(args.seconds, MOST_SECONDS), kind)))
        finally:
            app.terminate()
            app.wait(60)


def _is_there(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}health", timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False


if __name__ == "__main__":
    main()
