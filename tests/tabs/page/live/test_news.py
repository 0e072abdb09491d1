import json

import numpy as np
import pytest

from engines.running.board import Board
from engines.running.events import Bars, Metrics, Plane, Samples, Written
from engines.running.runs import Runs
from tabs.page.live.news import Seen, Snapshot, status, words_for_wait
from tests.fakes import FakeConfig, full_board, pictures


@pytest.fixture
def run():
    runs = Runs()
    runs.add(full_board(), FakeConfig(seed=7), owner="ann", run_id="run")
    return runs.get("run")


def test_a_new_viewer_gets_all_and_it_is_json(run):
    all_news = Snapshot(run).news()
    json.dumps(all_news)
    assert all_news["ended"]
    assert all_news["frame"]["step"] == 30
    assert all_news["frame"]["src"].startswith("data:image/png;base64,")
    assert all_news["reference"]
    assert len(all_news["steps"].split(",")) == 30
    assert len(all_news["series"]["losses"]["steps"].split(",")) == 30
    assert ["Seed", 7] in all_news["config"]
    assert [each["kind"] for each in all_news["exhibits"]] == ["sheet", "bars", "scatter"]
    assert ["Objective", "First"] in all_news["config"]


def test_a_viewer_that_has_all_gets_next_to_nothing(run):
    again = Snapshot(run).news(Snapshot(run).seen)
    assert not again["series"]
    assert not again["exhibits"]
    assert not {"frame", "steps", "reference", "config"} & set(again)
    assert len(json.dumps(again)) < 1500


def test_a_snapshot_tells_of_its_moment_whatever_comes_after(run):
    first = Snapshot(run)
    told = json.dumps(first.news())
    run.board.fold(Metrics(31, {"Loss_D": 0.5}))
    run.board.fold(Samples(31, pictures(value=7)))
    assert json.dumps(first.news()) == told
    more = Snapshot(run).news(first.seen)
    assert more["series"]["losses"]["steps"] == "31"
    assert more["frame"]["step"] == 31


def test_only_the_exhibits_that_changed_are_told_again(run):
    seen = Snapshot(run).seen
    run.board.fold(Bars("Loss by noise level", ("0.1", "0.9"), (1.5, 0.25), "nats"))  # as it was
    assert not Snapshot(run).news(seen)["exhibits"]
    run.board.fold(Bars("Loss by noise level", ("0.1", "0.9"), (0.75, 0.25), "nats"))
    (told,) = Snapshot(run).news(seen)["exhibits"]
    assert (told["name"], told["values"]) == ("Loss by noise level", "0.75,0.25")


def test_a_viewer_gets_every_picture_of_the_plane_since_the_last_it_saw(run):
    first = Snapshot(run)
    assert [plane["step"] for plane in first.news()["planes"]] == [30], "one who comes late begins with the newest"
    assert first.news()["plane_steps"] == "10,20,30"
    assert first.news()["ground"]["points"]["shape"] == (4, 2)
    for step in (40, 50):
        run.board.fold(Plane(step, np.zeros((3, 2), np.uint16), np.array([1, 1], np.uint8)))
    news = Snapshot(run).news(first.seen)
    assert [plane["step"] for plane in news["planes"]] == [40, 50]
    assert "ground" not in news
    assert "planes" not in Snapshot(run).news(Snapshot(run).seen)


def test_a_viewer_gets_the_newest_texts_and_the_steps_of_the_others(run):
    first = Snapshot(run)
    assert first.news()["written"] == {"step": 30, "texts": ["春30，", "b"], "starts": ["春", ""]}
    assert first.news()["written_steps"] == "10,20,30"
    assert "written" not in first.news(first.seen)
    run.board.fold(Written(40, ("c",)))
    news = Snapshot(run).news(first.seen)
    assert (news["written"]["texts"], news["written_steps"]) == (["c"], "10,20,30,40")
    run.board.rewind(0)
    assert Snapshot(run).news(first.seen)["written"] is None


def test_after_going_back_the_points_come_anew(run):
    seen = Snapshot(run).seen
    run.board.rewind(10)
    run.board.fold(Metrics(11, {"Loss_D": 0.5}))
    part = Snapshot(run).news(seen)["series"]["losses"]
    assert part["start"] == 0
    assert part["steps"].endswith("9,10,11")


@pytest.mark.parametrize("had", [(1, 10**9, 1), (1, 30, 29), (-1, -1, -1), (2, 30, 30)])
def test_points_that_are_not_these_come_anew(run, had):
    part = Snapshot(run).news(Seen({"losses": had}))["series"]["losses"]
    assert part["start"] == 0
    assert len(part["steps"].split(",")) == 30


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
