"""Runs that another program writes into a folder are shown live, and only shown."""

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from engines.gan_training.family import FAMILY
from engines.limits import Limits
from engines.messages import EngineError
from engines.running import following
from engines.running.board import Board
from engines.running.events import Metrics, Progress, Samples, Weights
from engines.running.run_store import RECORD, Keeper, Record
from engines.running.runs import RunLimits, Runs
from engines.running.workers.pool import Here
from tabs.live_training.actions import FamilyActions
from tabs.page.gate import Gate
from tabs.page.live.news import Snapshot
from tests import ROOT
from tests.fakes import FakeConfig, counting, full_board, pictures, wait_until


def keep(folder, run_id, board=None, engine="fake"):
    """The board of a run as another program would write it, and what writes it."""
    board = board or Board(engine, FakeConfig(seed=7).to_dict(), state="running")
    folder.mkdir(parents=True)
    return board, Keeper(folder, Record(run_id, engine, board.config, "sha256:00", 0.0, "running"), board)


def step_to(board, *steps):
    for step in steps:
        board.active_seconds = step / 10
        board.fold(Metrics(step, {"Loss_D": 1.0 / step}))
        board.fold(Samples(step, pictures(value=step)))
        board.fold(Progress(step, 100))


@pytest.fixture
def runs():
    made = Runs()
    made.adopt("fake", FakeConfig, lambda config, folder: counting(3))
    yield made
    made.stop_all()


def has(runs, run_id):
    try:
        return bool(runs.get(run_id))
    except EngineError:
        return False


@pytest.mark.slow
def test_a_run_is_shown_live_and_to_its_end(runs, tmp_path):
    found = []
    runs.follow(tmp_path / "runs", found.append)
    board, keeper = keep(tmp_path / "runs" / "mine", "followed-1")
    step_to(board, 1, 2)
    wait_until(lambda: found)
    run = runs.get("followed-1")
    assert found == [run]
    wait_until(lambda: run.board.progress and run.board.progress.step == 2)
    assert run.board.state == "running"
    first_page = Snapshot(run)
    step_to(board, 3, 4)
    told = time.monotonic()
    wait_until(lambda: run.board.progress.step == 4)
    assert time.monotonic() - told < 4, "about two seconds late at most, on a machine that is not busy"
    assert [frame.step for frame in run.board.frames()] == [1, 2, 3, 4]
    assert run.board.steps_per_second() == pytest.approx(10)
    more = Snapshot(run).news(first_page.seen)
    assert more["series"]["losses"]["steps"] == "3,4", "a page gets only what it lacks"
    board.fold(Weights(4, full_board().weights.tensors, {"channels": 1, "class_names": []}))
    board.set_state("finished")
    keeper.close()
    wait_until(lambda: run.board.ended)
    assert run.board.weights.step == 4


def test_nobody_controls_it_here_and_it_is_never_deleted(tmp_path):
    runs = Runs(RunLimits(kept_seconds=0.2, kept=1))
    runs.adopt("fake", FakeConfig, lambda config, folder: counting(3))
    keep(tmp_path / "one", "followed-1", full_board())[1].close()
    runs.follow(tmp_path / "one")  # a run's own folder will do
    wait_until(lambda: has(runs, "followed-1"))
    for owner in ("", "sha256:00", "ann"):
        for action in ("stop", "pause", "resume"):
            with pytest.raises(EngineError, match="Only the person"):
                runs.control("followed-1", owner, action)
    for _ in range(3):
        runs.add(full_board(), FakeConfig(), "ann")
    runs.sweep()
    assert has(runs, "followed-1")
    assert (tmp_path / "one" / RECORD).exists()
    runs.stop_all()


def test_what_is_no_run_of_ours_is_passed_over(runs, tmp_path, caplog):
    runs.add(full_board(), FakeConfig(), owner="", run_id="example")
    for name, run_id, engine in (("a", "example", "fake"), ("b", "unknown-1", "unknown"), ("c", "damaged-1", "fake")):
        keep(tmp_path / name, run_id, full_board(), engine)[1].close()
    (tmp_path / "c" / "board" / "run.json").write_text("{", "utf-8")
    (tmp_path / "d").mkdir()
    runs.follow(tmp_path)
    keep(tmp_path / "e", "followed-1", full_board())[1].close()
    wait_until(lambda: has(runs, "followed-1"))
    assert not has(runs, "unknown-1")
    assert not has(runs, "damaged-1")
    assert runs.get("example").folder != tmp_path / "a"
    assert "can't be read as a run" in caplog.text


@pytest.mark.slow
def test_a_run_whose_program_is_gone_says_so_and_comes_back(runs, tmp_path, monkeypatch):
    monkeypatch.setattr(following, "SILENCE_SECONDS", 0.6)
    board, keeper = keep(tmp_path / "one", "followed-1")
    step_to(board, 1)
    keeper.close()  # as if it had been killed: the state on disk is "running"
    record = json.loads((tmp_path / "one" / RECORD).read_text("utf-8"))
    assert record["state"] == "running"
    runs.follow(tmp_path)
    wait_until(lambda: has(runs, "followed-1") and runs.get("followed-1").board.state == "interrupted")
    run = runs.get("followed-1")
    assert "Nothing new for a minute" in run.board.note
    keeper = Keeper(tmp_path / "one", Record("followed-1", "fake", board.config, "", 0.0, "running"), board)
    step_to(board, 2)
    wait_until(lambda: run.board.state == "running")
    board.set_state("finished")
    keeper.close()
    wait_until(lambda: run.board.state == "finished")


def test_a_folder_that_goes_leaves_the_view(runs, tmp_path):
    keep(tmp_path / "one", "followed-1", full_board())[1].close()
    runs.follow(tmp_path)
    wait_until(lambda: has(runs, "followed-1"))
    shutil.rmtree(tmp_path / "one")
    following.Follower(tmp_path, lambda *_: True).look()
    runs._followers[0].look()
    assert runs.get("followed-1").board.latest


@pytest.mark.slow
def test_the_app_follows_a_training_on_the_command_line(tmp_path):
    runs = Runs()
    actions, found = FamilyActions(FAMILY, runs, Gate(Limits()), Here()), []
    runs.follow(tmp_path, found.append)
    settings = ["--dataset", "mnist", "--architecture", "mlp", "--features", "8", "--batch", "16", "--steps", "200"]
    command = [sys.executable, "-m", "engines.gan_training", *settings, "--folder", tmp_path / "mine"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) as training:
        wait_until(lambda: found, seconds=240)
        run_id = found[0].id
        assert run_id == json.loads((tmp_path / "mine" / RECORD).read_text("utf-8"))["id"]
        wait_until(lambda: actions.status(run_id)["progress"], seconds=240)
        assert actions.first_run("", {"run": run_id}) == run_id
        assert training.wait(300) == 0
    wait_until(lambda: actions.status(run_id)["state"] == "finished")
    assert actions.status(run_id)["progress"]["step"] == 200
    assert Path(actions.run_file(run_id)).stat().st_size > 10_000
    runs.stop_all()
