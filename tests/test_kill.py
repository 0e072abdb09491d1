"""Kill -9 in the middle of a training: after a restart its view is there, and its owner can go on with it."""

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import pytest
from gradio_client import Client

from engines.gan_training.config import ENGINE
from engines.gan_training.family import FAMILY
from engines.limits import Limits
from engines.messages import EngineError
from engines.running.run_store import CHECKPOINT, load_board, read_record
from engines.running.runs import Runs
from engines.running.workers.pool import Here
from tabs.live_training.actions import FamilyActions
from tabs.page.gate import Gate
from tabs.page.live.news import Snapshot
from tests import ROOT
from tests.fakes import free_port, wait_until

PROGRAM = """
import sys, time
from pathlib import Path
from engines.live_training import checkpoint
from engines.gan_training.config import GanConfig
from engines.gan_training.family import FAMILY
from engines.limits import Limits
from engines.running.runs import Runs
from engines.running.workers.pool import Here
from tabs.page.gate import Gate
from tabs.live_training.actions import FamilyActions
from tests import ROOT
checkpoint.SECONDS = 1.0
actions = FamilyActions(FAMILY, Runs(folder=Path(sys.argv[1])), Gate(Limits()), Here())
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
    actions = FamilyActions(FAMILY, runs, Gate(Limits()), Here())
    run = runs.latest("key-of-ann", ENGINE)
    assert run.id == run_id
    assert actions.first_run("key-of-ann", {}) == run_id

    page = Snapshot(run).news()
    assert page["state"] == "interrupted"
    assert "It can go on" in page["note"]["template"]
    assert page["frame"]["src"].startswith("data:image")
    assert page["reference"]
    assert page["series"]["losses"]["steps"]
    assert actions.status(run_id)["metrics"]["Loss_D"] > 0
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


def marked(mark):
    """The processes that were started with this in their environment."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                if mark.encode() in (entry / "environ").read_bytes() and ") Z" not in (entry / "stat").read_text():
                    found.append(int(entry.name))
    return found


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGKILL])
def test_the_program_leaves_no_process_and_loses_no_run(tmp_path, how):
    port = free_port()
    mark = f"AIGC_TEST_MARK={tmp_path}"
    command = [sys.executable, "app.py", "--port", str(port), "--runs-folder", str(tmp_path)]
    environ = {**os.environ, **dict([mark.split("=", 1)])}
    program = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: answers(port), 120)
        client = Client(f"http://127.0.0.1:{port}/", verbose=False)
        settings = {"dataset": "mnist", "architecture": "mlp", "features": 8, "batch": 16, "steps": 20_000, "seed": 1}
        run_id = client.predict(settings, "key-of-ann", api_name="/gan_start")["run"]
        wait_until(lambda: client.predict(run_id, api_name="/gan_status")["progress"], 120)
        client.predict([{"role": "user", "content": "Hi"}], "", {"max_new_tokens": 2}, api_name="/text_chat")
        assert len(marked(mark)) > 3  # the page, where workers come from, a training, the chats
    finally:
        program.send_signal(how)
    program.wait(60)
    wait_until(lambda: not marked(mark), 20)
    runs = Runs(folder=tmp_path)
    FamilyActions(FAMILY, runs, Gate(Limits()), Here())
    assert runs.get(run_id).board.state == "interrupted"
    assert runs.get(run_id).resumable


def answers(port):
    """Whether the app is there."""
    with contextlib.suppress(OSError):
        urlopen(f"http://127.0.0.1:{port}/health").close()
        return True
    return False
