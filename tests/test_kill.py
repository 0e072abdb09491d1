"""Kill -9 in the middle of a training: after a restart its view is there, and its owner can go on with it."""

import signal
import subprocess
import sys

import pytest

from engines.gan_training.config import ENGINE
from engines.limits import Limits
from engines.messages import EngineError
from engines.running.run_store import CHECKPOINT, load_board, read_record
from engines.running.runs import Runs
from engines.running.workers.pool import Here
from tabs.gan_training.actions import GanActions
from tabs.page.gate import Gate
from tabs.page.live.view import news
from tests import ROOT
from tests.fakes import wait_until

PROGRAM = """
import sys, time
from pathlib import Path
from engines.gan_training import checkpoint
from engines.gan_training.config import GanConfig
from engines.limits import Limits
from engines.running.runs import Runs
from engines.running.workers.pool import Here
from tabs.page.gate import Gate
from tabs.gan_training.actions import GanActions
from tests import ROOT
checkpoint.SECONDS = 1.0
actions = GanActions(Runs(folder=Path(sys.argv[1])), Gate(Limits()), Here())
settings = {"dataset": "mnist", "architecture": "mlp", "features": 8, "batch": 16, "steps": 20_000, "seed": 1}
print(actions.begin(GanConfig.from_dict(settings), (), "key-of-ann", None).id, flush=True)
time.sleep(600)
"""


@pytest.fixture
def killed(tmp_path):
    """The folder of runs, and the id of the one that was killed in the middle."""
    program = subprocess.Popen([sys.executable, "-c", PROGRAM, tmp_path], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    run_id = program.stdout.readline().strip()
    folder = tmp_path / run_id

    def board():
        return load_board(folder, read_record(folder))

    def saved_and_shown():
        saved = folder / CHECKPOINT / "training.safetensors"
        return saved.exists() and board().progress

    wait_until(saved_and_shown, seconds=240)
    first = (folder / CHECKPOINT / "training.safetensors").stat().st_mtime_ns
    wait_until(lambda: (folder / CHECKPOINT / "training.safetensors").stat().st_mtime_ns != first, seconds=240)
    wait_until(lambda: board().weights is not None, seconds=240)
    program.send_signal(signal.SIGKILL)
    program.wait(30)
    return tmp_path, run_id


@pytest.mark.slow
def test_a_killed_training_is_there_again_and_goes_on(killed):
    folder, run_id = killed
    runs = Runs(folder=folder)
    actions = GanActions(runs, Gate(Limits()), Here())
    run = runs.latest("key-of-ann", ENGINE)
    assert run.id == run_id
    assert actions.first_run("key-of-ann", {}) == run_id

    page = news(run, {})
    assert page["state"] == "interrupted"
    assert "It can go on" in page["note"]["template"]
    assert page["frame"]["src"].startswith("data:image")
    assert page["reference"]
    assert page["series"]["losses"]["steps"]
    assert actions.gan_status(run_id)["metrics"]["Loss_D"] > 0
    seen = page["progress"]["step"]

    with pytest.raises(EngineError, match="Only the person"):
        runs.control(run_id, "key-of-bob", "resume")
    steps = []
    real = run.board.rewind
    run.board.rewind = lambda step, apart: (steps.append(step), real(step, apart))
    runs.control(run_id, "key-of-ann", "resume")
    wait_until(lambda: steps, seconds=240)
    assert 1 < steps[0] < 20_000, "it goes on from a checkpoint"
    wait_until(lambda: run.board.progress.step > max(seen, steps[0]), seconds=240)
    assert run.board.state == "running"
    rows = [row[0] for row in run.board.series["losses"].rows]
    assert rows == sorted(set(rows))
    runs.control(run_id, "key-of-ann", "stop")
    run.thread.join(240)
    assert run.board.state == "stopped"
    assert (run.folder / CHECKPOINT).exists(), "a stopped run can be continued"
