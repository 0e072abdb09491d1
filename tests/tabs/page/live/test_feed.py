import gzip
import heapq
import json
import statistics

import httpx
import pytest

import app as playground
from engines.running.events import Metrics, Samples
from engines.running.runs import RunLimits, Runs
from tabs.page.live.feed import FRESH, MOST_ANSWERS, PACE, REMEMBERED, SLOWEST, Feed, Timetable
from tests.fakes import FakeConfig, full_board, pictures
from tests.served import served


class Clock:
    """Time that passes when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def runs():
    runs = Runs()
    runs.add(full_board(), FakeConfig(seed=7), owner="ann", run_id="run")
    return runs


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def feed(clock):
    return Feed(clock)


def told(answer: bytes) -> dict:
    return json.loads(gzip.decompress(answer))


def step(run, number: int, clock: Clock) -> None:
    run.board.fold(Metrics(number, {"Loss_D": 0.5}))
    run.board.fold(Samples(number, pictures(value=number)))
    clock.now += FRESH


def test_whoever_asks_is_told_what_was_encoded_once(runs, feed, clock):
    run = runs.get("run")
    first, second = feed.since("", run), feed.since("", run)
    assert first is second
    cursor = told(first)["cursor"]
    assert feed.since(cursor, run) is None, "nothing new"
    step(run, 31, clock)
    answers = [feed.since(cursor, run) for _ in range(300)]
    assert feed.encoded == 2
    assert told(answers[0])["series"]["losses"]["steps"] == "31"
    assert told(answers[0])["frame"]["step"] == 31
    assert "config" not in told(answers[0])


def test_watchers_at_different_places_each_get_what_they_lack(runs, feed, clock):
    run = runs.get("run")
    early = told(feed.since("", run))["cursor"]
    step(run, 31, clock)
    late = told(feed.since(early, run))["cursor"]
    step(run, 32, clock)
    assert told(feed.since(early, run))["series"]["losses"]["steps"] == "31,32"
    assert told(feed.since(late, run))["series"]["losses"]["steps"] == "32"
    assert told(feed.since(early, run))["frame"]["step"] == 32, "who fell behind skips a grid"


def test_a_board_that_changes_all_the_time_is_encoded_a_few_times_a_second(runs, feed, clock):
    run = runs.get("run")
    cursor = ""
    for number in range(31, 1031):
        run.board.fold(Metrics(number, {"Loss_D": 0.5}))
        clock.now += 0.001
        news = feed.since(cursor, run)
        cursor = told(news)["cursor"] if news else cursor
    assert feed.encoded <= 1 / FRESH + 1


@pytest.mark.parametrize("cursor", ["", "x", "1", "0.1", ".", "…", "ffffffff.1", "x" * 10_000, "\x00", "null", "[]"])
def test_a_made_up_cursor_counts_as_having_nothing(runs, feed, cursor):
    news = told(feed.since(cursor, runs.get("run")))
    assert news["config"]
    assert news["series"]["losses"]["start"] == 0


def test_a_cursor_of_another_time_counts_as_having_nothing(runs, feed, clock):
    run = runs.get("run")
    cursor = told(Feed(clock).since("", run))["cursor"]  # as before a restart
    assert told(feed.since(cursor, run))["config"]
    old = told(feed.since("", run))["cursor"]
    for number in range(31, 31 + REMEMBERED):
        step(run, number, clock)
        feed.since("", run)
    assert told(feed.since(old, run))["config"], "fallen too far behind"


@pytest.mark.parametrize(
    ("watchers", "seconds"), [(1, PACE), (100, PACE), (2 * MOST_ANSWERS, 2.0), (20 * MOST_ANSWERS, SLOWEST)]
)
def test_the_more_watch_the_later_each_looks_again(clock, watchers, seconds):
    timetable = Timetable(clock)
    due, gaps = [(clock.now + PACE * i / watchers, clock.now) for i in range(watchers)], []
    end = clock.now + 40
    while due[0][0] < end:
        clock.now, before = heapq.heappop(due)
        gaps.append((clock.now, clock.now - before))
        heapq.heappush(due, (clock.now + timetable.wait(PACE), clock.now))
    settled = [gap for now, gap in gaps if now > end - 10]
    assert statistics.mean(settled) == pytest.approx(seconds, rel=0.1)
    assert max(settled) <= 1.3 * seconds, "all have their turn"


SMALL = ("points_training",)  # what there is of the page, where only the routes beside it are asked


# --- over the network ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def site():
    runs = Runs()
    runs.add(full_board(), FakeConfig(seed=7), owner="ann", run_id="run")
    with served(runs) as (address, _):
        yield address.rstrip("/") + "/"


def test_the_answer_is_compressed_kept_by_nobody_and_says_when_to_ask_again(site):
    answer = httpx.get(f"{site}live/run")
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["cache-control"] == "no-store"
    assert 100 <= int(answer.headers["look-again"]) <= 5000
    news = answer.json()
    assert news["state"] == "finished"
    plain = httpx.get(f"{site}live/run", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.json() == news
    nothing = httpx.get(f"{site}live/run", params={"since": news["cursor"]})
    assert (nothing.status_code, nothing.content) == (204, b"")
    assert nothing.headers["look-again"]


@pytest.mark.parametrize("run", ["none", "RUN", "run%2F", "..%2Frun", "%00", "%F0%9F%8E%A8", "x" * 5000, "null"])
def test_a_run_that_is_not_there_is_gone(site, run):
    for path in (f"live/{run}", f"live/{run}/12"):
        answer = httpx.get(site + path)
        assert answer.status_code in (307, 404, 410)  # 307: to the address without the last slash
        assert len(answer.content) < 100


def test_a_run_that_was_deleted_is_gone():
    runs = Runs(RunLimits(kept=1))
    with served(runs, only=SMALL) as (address, _):
        runs.add(full_board(), FakeConfig(), owner="ann", run_id="old")
        assert httpx.get(f"{address}live/old").status_code == 200
        runs.add(full_board(), FakeConfig(), owner="ann", run_id="new")
        assert httpx.get(f"{address}live/old").status_code == 410
        assert httpx.get(f"{address}live/new").status_code == 200


def test_a_grid_of_the_history_is_served_once(site):
    answer = httpx.get(f"{site}live/run/12")
    assert answer.headers["content-type"] == "image/png"
    assert answer.content.startswith(b"\x89PNG")
    assert "private" in answer.headers["cache-control"]
    again = httpx.get(f"{site}live/run/12", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert httpx.get(f"{site}live/run/13", headers={"If-None-Match": answer.headers["etag"]}).status_code == 200


@pytest.mark.parametrize("number", ["999", "-1", "x", "1.5", "NaN", "9" * 5000, "12;drop", "%2e%2e"])
def test_a_made_up_grid_is_gone(site, number):
    assert httpx.get(f"{site}live/run/{number}").status_code in (404, 410)


def test_the_history_of_the_plane_comes_at_once(site):
    answer = httpx.get(f"{site}live/run/planes")
    assert answer.headers["content-encoding"] == "gzip"
    assert [plane["step"] for plane in answer.json()] == [10, 20, 30]
    plain = httpx.get(f"{site}live/run/planes", headers={"Accept-Encoding": "identity"})
    assert plain.json() == answer.json()
    assert httpx.get(f"{site}live/none/planes").status_code == 410


def test_the_history_of_texts_comes_at_once(site):
    told = httpx.get(f"{site}live/run/written").json()
    assert [each["step"] for each in told] == [10, 20, 30]
    assert told[0] == {"step": 10, "texts": ["春10，", "b"], "starts": ["春", ""]}
    assert httpx.get(f"{site}live/none/written").status_code == 410


def test_under_a_subpath(site):
    runs = Runs()
    runs.add(full_board(), FakeConfig(seed=7), owner="ann", run_id="run")
    with served(runs, root_path="/play", only=SMALL) as (address, _):
        base = address.rstrip("/").removesuffix("/play")
        for prefix in ("", "/play"):  # a proxy may or may not take the prefix away
            assert httpx.get(f"{base}{prefix}/live/run").json()["state"] == "finished"


@pytest.mark.slow
def test_behind_a_login_only_who_logged_in_may_watch():
    runs = Runs()
    runs.add(full_board(), FakeConfig(seed=7), owner="ann", run_id="run")
    demo = playground.create_app(runs, only=SMALL)
    options = {**playground.look(), **playground.safe(), **playground.reach(runs)}
    _, address, _ = demo.launch(prevent_thread_lock=True, quiet=True, auth=("ann", "secret"), **options)
    try:
        with httpx.Client(base_url=address) as client:
            for path in ("live/run", "live/run/12", "live/run/planes", "live/run/written", "live/none"):
                answer = client.get(path)
                assert (answer.status_code, answer.content) == (401, b"")
            made_up = {f"access-token-unsecure-{demo.app.cookie_id}": "made-up"}
            assert httpx.get(f"{address}live/run", cookies=made_up).status_code == 401
            assert client.post("login", data={"username": "ann", "password": "secret"}).status_code == 200
            assert client.get("live/run").json()["state"] == "finished"
            assert client.get("live/run/12").status_code == 200
            assert client.get("live/none").status_code == 410
    finally:
        demo.close(verbose=False)
