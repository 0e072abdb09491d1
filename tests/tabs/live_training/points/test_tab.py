"""The panel of points over its endpoints, and its handlers."""

import json
from pathlib import Path

import numpy as np
import pytest
from gradio_client import Client

from engines.limits import Limits
from engines.messages import ConfigError, EngineError
from engines.points_training.bench import advance
from engines.points_training.config import ENGINE, PointsConfig
from engines.running.board import ENDED_STATES, Board
from engines.running.run_files import load_run
from engines.running.runs import Runs
from engines.running.workers.pool import Here
from tabs.live_training.points.actions import PointsActions
from tabs.live_training.points.bench import MOST, Benches, places
from tabs.live_training.points.plane.view import shown
from tabs.page.gate import Gate
from tests.fakes import wait_until
from tests.served import served

SMALL = {"width": 8, "batch": 16, "seed": 1, "steps": 20}
BOW = "2020e020"


@pytest.fixture(scope="module")
def client():
    with served() as (url, _):
        yield Client(url, verbose=False)


def finished(client, **settings):
    """The id of a run that has ended."""
    run = client.predict({**SMALL, **settings}, "", api_name="/points_start")["run"]
    wait_until(lambda: status(client, run)["state"] in ENDED_STATES, seconds=120)
    return run


def status(client, run):
    return client.predict(run=run, api_name="/points_status")


@pytest.mark.slow
@pytest.mark.parametrize("family", ["gan", "vae", "diffusion"])
def test_a_script_trains_and_goes_on_step_by_step(client, family):
    run = finished(client, family=family)
    told = status(client, run)
    assert told["state"] == "finished"
    assert {"Reached", "On the data", "Distance"} <= told["metrics"].keys()
    first = client.predict({"run": run}, "both", 1, api_name="/points_step")
    assert first["step"] == 21
    second = client.predict({"bench": first["bench"]}, "both", 5, api_name="/points_step")
    assert second["step"] == 26
    assert len(second["points"]) == 400
    assert all(-3 <= value <= 3 for point in second["points"] for value in point)


def test_d_and_g_alone_over_the_endpoint(client):
    first = client.predict({"settings": SMALL}, "d", 3, api_name="/points_step")
    assert (first["step"], first["alone"]) == (0, {"d": 3})
    second = client.predict({"bench": first["bench"]}, "g", 1, api_name="/points_step")
    assert second["alone"] == {"d": 3, "g": 1}


@pytest.mark.slow
def test_a_drawing_travels_in_the_run_file_and_replays(client):
    run = finished(client, data="own", drawing=BOW)
    path = client.predict(run, api_name="/points_run_file")
    board = load_run(Path(path))
    assert board.config["drawing"] == BOW
    heights = board.planes.ground.points[:, 1] / 65535
    assert np.abs(heights - 0x20 / 255).max() < 0.05


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"data": "own"}, "Nothing is drawn yet"),
        ({"data": "own", "drawing": "zz"}, "drawing can't be read"),
        ({"family": "transformer"}, "Family must be one of"),
        ({"width": 256, "batch": 1024, "steps": 100_000}, "at most"),
    ],
)
def test_bad_settings_get_one_sentence(client, settings, sentence):
    with pytest.raises(Exception, match=sentence):
        client.predict(settings, "", api_name="/points_start")


@pytest.mark.parametrize(
    ("start", "part", "count", "sentence"),
    [
        ({}, "both", 1, "Start must name"),
        ({"bench": "nobody's"}, "both", 1, "not kept any more"),
        ({"run": "nobody's"}, "both", 1, "no such run"),
        ({"settings": SMALL}, "x", 1, "The part must be"),
        ({"settings": SMALL}, "both", 10_000, "Updates at a press must be"),
        ({"settings": {**SMALL, "family": "vae"}}, "d", 1, "Only a GAN"),
    ],
)
def test_a_step_that_cannot_be_gets_one_sentence(client, start, part, count, sentence):
    with pytest.raises(Exception, match=sentence):
        client.predict(start, part, count, api_name="/points_step")


def actions(runs=None):
    return PointsActions(runs or Runs(), Gate(Limits()), Here())


def test_a_run_that_learns_is_not_taken():
    runs = Runs()
    own = actions(runs)
    board = Board(ENGINE, PointsConfig(**SMALL).to_dict())
    run = runs.add(board, PointsConfig(**SMALL), owner="ann")
    board.set_state("running")
    with pytest.raises(EngineError, match="Pause the run first"):
        own.take(run.id)
    board.set_state("paused")
    with pytest.raises(EngineError, match="no weights yet"):
        own.take(run.id)


def test_the_bench_longest_unused_goes_first():
    benches, bench = Benches(), object()
    for number in range(MOST):
        benches.keep(str(number), bench)
    assert benches.get("0") is bench
    benches.keep("one more", bench)
    assert benches.get("0") is bench
    with pytest.raises(EngineError, match="not kept any more"):
        benches.get("1")


def test_a_page_is_shown_numbers_and_arrays():
    told = json.loads(shown(advance(PointsConfig(**SMALL), count=2), goes_on=True))
    assert told["plane"]["step"] == 2
    assert told["goes_on"] is True
    assert told["plane"]["samples"]["shape"] == [400, 2]
    assert 0 <= told["numbers"]["Reached"] <= told["numbers"]["Parts"] == 8


def test_places_are_told_in_units_of_the_plane():
    assert places(np.array([[0, 65535], [32768, 32768]], np.uint16)) == [[-3, 3], [0, 0]]


def test_an_empty_drawing_is_refused_before_a_run_begins():
    with pytest.raises(ConfigError, match="Nothing is drawn yet"):
        PointsConfig(data="own")
