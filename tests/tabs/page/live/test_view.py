import asyncio
import contextlib
import json

import pytest

from engines.running.board import Board
from engines.running.runs import Runs
from tabs.page.live.view import MOST_ANSWERS, SLOWEST, Watching, live_view, news, status, words_for_wait
from tests.fakes import FakeConfig, full_board


@pytest.fixture
def runs():
    runs = Runs()
    runs.add(full_board(), FakeConfig(seed=7), owner="ann", run_id="run")
    return runs


def test_a_new_viewer_gets_all_and_it_is_json(runs):
    all_news = news(runs.get("run"), {})
    json.dumps(all_news)
    assert all_news["ended"]
    assert all_news["frame"]["step"] == 30
    assert all_news["frame"]["src"].startswith("data:image/png;base64,")
    assert all_news["reference"]
    assert len(all_news["steps"].split(",")) == 30
    assert len(all_news["series"]["losses"]["steps"].split(",")) == 30
    assert ["Seed", 7] in all_news["config"]
    assert ["Objective", "First"] in all_news["config"]


def test_a_viewer_that_has_all_gets_next_to_nothing(runs):
    first = news(runs.get("run"), {})
    cursor = {
        "version": first["version"], "frame": 30, "steps": first["steps"], "reference": True,
        "series": {"losses": [1, 30, 30], "scores": [1, 1, 30]},
    }  # fmt: skip
    again = news(runs.get("run"), cursor)
    assert not again["series"]
    assert not {"frame", "steps", "reference", "config"} & set(again)
    assert len(json.dumps(again)) < 1500


@pytest.mark.parametrize("cursor", [{}, {"run": None}, {"run": "x"}, {"run": "run", "version": "x"}, [], None, 5])
def test_a_made_up_question_gets_a_plain_answer(runs, cursor):
    view = live_view(runs, "x", {})
    assert asyncio.run(view.watch(cursor)) == {"state": "gone"}
    assert asyncio.run(view.frame(cursor)) == ""


def test_odd_cursors_count_as_having_nothing(runs):
    of_losses = ("x", [1], [None, 2, 2], [1, 10**9, 1], [1, 30, 29])
    for series in ("x", *({"losses": cursor} for cursor in of_losses)):
        answer = news(runs.get("run"), {"version": 1, "series": series})
        assert answer["series"]["losses"]["start"] == 0


def test_a_grid_of_the_history_is_served(runs):
    view = live_view(runs, "x", {})
    assert asyncio.run(view.frame({"run": "run", "step": 12})).startswith("data:image/png")
    assert asyncio.run(view.frame({"run": "run", "step": 999})) == ""


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, None),
        (0.0, "starts in about 5 s"),
        (40.0, "starts in about 40 s"),
        (170.0, "starts in about 3 min"),
        (7200.0, "starts in about 2.0 h"),
    ],
)
def test_the_wait_in_line_is_told_as_a_person_would(seconds, words):
    assert words_for_wait(seconds) == words
    board = Board("fake", {})
    board.set_state("queued", position=2, wait_seconds=seconds)
    told = status(board)
    assert (told["position"], told["wait_seconds"]) == (2, seconds)
    assert (told["wait"] or {}).get("template") == (words_for_wait(seconds).template if words else None)
    board.set_state("running")
    assert status(board)["wait"] is None


def test_the_more_watch_the_longer_each_waits():
    watching, paces = Watching(), []
    with contextlib.ExitStack() as everybody:
        for number in range(1, 4 * MOST_ANSWERS * round(SLOWEST)):
            everybody.enter_context(watching)
            paces.append(watching.pace())
            assert number / paces[-1] <= MOST_ANSWERS * (1 + 1e-9) or paces[-1] == SLOWEST
    assert paces == sorted(paces)
    assert paces[2] < 0.1, "a few notice nothing"
    assert watching.pace() == 0, "who has gone does not count"
