import json

import httpx
import pytest
from gradio_client import Client

from engines.gan_training.config import GanConfig
from engines.running.board import Board
from engines.running.events import Metrics, Progress, Samples
from engines.running.runs import Runs
from tabs.comparison.told import Together
from tests.fakes import pictures, wait_until
from tests.served import served


def a_run(runs, run_id, owner="ann", steps=30, **settings):
    config = GanConfig(seed=1, **settings)
    board = Board("gan_training", config.to_dict(), state="running")
    for step in range(1, steps + 1):
        board.fold(Metrics(step, {"Loss_D": 1 / step, "Loss_G": float(step), "D(x)": 0.5, "D(G(z))": 0.5}))
        board.active_seconds = step / 10
        board.fold(Progress(step, steps))
        board.fold(Metrics(step, {"Fréchet distance": 100 / step + (step % 2), "Diversity": 0.9}, "scores"))
    board.fold(Samples(steps, pictures()))
    return runs.add(board, config, owner, run_id)


@pytest.fixture(scope="module")
def app():
    runs = Runs()
    with served(runs=runs, only=("gan_training", "comparison")) as (url, _):
        a_run(runs, "first-run")
        a_run(runs, "second-run", owner="bob", objective="hinge")
        yield url, runs


def ask(url, ids, since=""):
    return httpx.get(f"{url}comparison/{ids}", params={"since": since})


def test_all_runs_are_told_of_at_once_and_then_only_what_is_new(app):
    url, runs = app
    told = ask(url, "first-run,second-run").json()
    assert [(one["name"], one["title"], one["batch"]) for one in told["runs"]] == [("A", "GAN", 64), ("B", "GAN", 64)]
    assert told["runs"][0]["series"]["losses"]["steps"].startswith("1,2,3")
    assert told["runs"][0]["times"][-1] == [30, 2.9]
    assert told["runs"][0]["steps"] == "30"
    assert "frame" not in told["runs"][0], "pictures are fetched when they are looked at"
    assert ["Objective", ["Non-saturating", "Hinge"]] in told["comparison"]["settings"]
    assert ask(url, "first-run,second-run", told["cursor"]).status_code == 204
    runs.get("second-run").board.fold(Metrics(31, {"Loss_D": 0.1, "Loss_G": 1.0, "D(x)": 0.5, "D(G(z))": 0.5}))
    wait_until(lambda: ask(url, "first-run,second-run", told["cursor"]).status_code == 200)
    more = ask(url, "first-run,second-run", told["cursor"]).json()
    assert not more["runs"][0]["series"]
    assert more["runs"][1]["series"]["losses"]["steps"] == "31"


def test_a_run_that_is_not_here_any_more_is_said_to_be_gone_and_the_others_are_told(app):
    url, _ = app
    told = ask(url, "gone-run,first-run").json()
    assert [one["state"] for one in told["runs"]] == ["gone", "running"]
    assert told["runs"][1]["series"]
    assert told["comparison"]["curves"]


def test_one_that_is_deleted_while_one_looks_is_gone_and_the_others_go_on(app):
    url, runs = app
    for run_id in ("stays-run", "leaves-run"):
        a_run(runs, run_id)
    told = ask(url, "stays-run,leaves-run").json()
    leaves = runs.get("leaves-run")
    leaves.board.set_state("finished")
    leaves.ended_at = 0.0
    runs.sweep()
    runs.get("stays-run").board.fold(Metrics(31, {"Loss_D": 0.1, "Loss_G": 1.0, "D(x)": 0.5, "D(G(z))": 0.5}))
    wait_until(lambda: ask(url, "stays-run,leaves-run", told["cursor"]).status_code == 200)
    more = ask(url, "stays-run,leaves-run", told["cursor"]).json()
    assert [one["state"] for one in more["runs"]] == ["running", "gone"]
    assert more["runs"][0]["series"]["losses"]["steps"] == "31"
    assert more["comparison"]["curves"]


def test_more_than_four_are_refused(app):
    url, _ = app
    assert ask(url, ",".join(["first-run"] * 5)).status_code == 404
    assert ask(url, "a" * 5000).status_code == 200, "no such run: gone"


@pytest.mark.slow
def test_a_script_can_compare(app):
    url, _ = app
    client = Client(url, verbose=False)
    told = client.predict(["first-run", "second-run"], api_name="/compare_runs")
    assert told["standings"][0]["axis"] == ""
    assert told["standings"][0]["sentences"][0]["values"]["measure"]["template"] == "Fréchet distance"
    for wrong in (["first-run"], "first-run", ["first-run"] * 5, ["first-run", "nothing"], [1, 2]):
        with pytest.raises(Exception, match=r"Name two to 4 runs|no such run"):
            client.predict(wrong, api_name="/compare_runs")


def test_four_long_runs_take_few_bytes(app):
    _, runs = app
    chosen = [a_run(runs, f"long-{i}", steps=5_000) for i in range(4)]
    assert len(json.dumps(Together(runs, chosen).news())) < 600_000
