"""Runs in a folder: they are there again when the program is, and what was cut off can go on."""

import json
import logging
import shutil
import threading

import numpy as np
import pytest

from engines.messages import EngineError, Message
from engines.running import checkpoints, run_store
from engines.running.board import MAX_FRAMES, Board
from engines.running.events import Caption, Evaluation, Metrics, Progress, Resumed, Samples, Weights
from engines.running.run_store import BOARD, CHECKPOINT, RECORD, Keeper, Record, load_board, owner_mark
from engines.running.runs import RunLimits, Runs
from tests.fakes import FULL_DISK, FakeConfig, counting, full_board, pictures, wait_until

ANN, BOB = "key-of-ann", "key-of-bob"
RECORDED = Record("abcdef", "fake", {}, "", 0.0, "running")


def resumable(config, folder, gate=None):
    """Counts to config.steps, on from the step in its checkpoint; with a gate one step for each release."""
    kept = folder / CHECKPOINT / "step"
    step, stop = 0, False
    if kept.exists():
        step = int(kept.read_text("utf-8"))
        yield Resumed(step)
    while step < config.steps and not stop:
        if gate:
            gate.acquire()
        step += 1
        kept.parent.mkdir(exist_ok=True)
        kept.write_text(str(step), "utf-8")
        yield Metrics(step, {"Loss_D": 1.0 / step})
        yield Samples(step, pictures(value=step % 250))
        stop = yield Progress(step, config.steps)
    yield Weights(step, {"w": np.arange(3, dtype=np.float32)})


def opened(folder, limits=None, gate=None):
    """The app's runs as after a start."""
    runs = Runs(limits, folder)
    runs.adopt("fake", FakeConfig, lambda config, own: resumable(config, own, gate))
    return runs


def start(runs, owner=ANN, steps=5, gate=None):
    config = FakeConfig(steps=steps, seed=3)
    return runs.start("fake", config, lambda own: resumable(config, own, gate), owner)


def finished(folder, steps=5):
    run = start(opened(folder), steps=steps)
    run.thread.join(10)
    assert run.board.state == "finished"
    return run


def cut_off(folder, steps=100, after=10):
    """A run that the end of its program stopped after some steps."""
    gate = threading.Semaphore(after)
    runs = opened(folder)
    run = start(runs, steps=steps, gate=gate)
    wait_until(lambda: run.board.progress and run.board.progress.step == after)
    threading.Timer(0.2, gate.release).start()  # the step that is under way
    runs.stop_all()
    run.thread.join(10)
    assert run.board.state == "interrupted"
    return run


def everything(folder):
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_an_ended_run_is_there_again_and_still_its_owners(tmp_path):
    before = finished(tmp_path)
    runs = opened(tmp_path)
    after = runs.get(before.id)
    assert after.board.state == "finished"
    assert after.board.series["losses"].rows == before.board.series["losses"].rows
    assert [frame.step for frame in after.board.frames()] == [1, 2, 3, 4, 5]
    assert after.board.weights.step == 5
    assert after.config == before.config
    assert runs.latest(ANN, "fake") is after
    assert runs.latest(BOB, "fake") is None
    with pytest.raises(EngineError, match="Only the person"):
        runs.control(after.id, after.owner, "stop")  # what is known here is no key
    assert not (tmp_path / before.id / CHECKPOINT).exists(), "an ended run needs none"


def test_no_key_is_written_down(tmp_path):
    run = finished(tmp_path)
    assert ANN.encode() not in everything(tmp_path)
    assert owner_mark(ANN).encode() in (tmp_path / run.id / RECORD).read_bytes()
    assert b"pickle" not in everything(tmp_path)


def test_a_mark_that_was_read_from_the_disk_is_no_key(tmp_path):
    anns = finished(tmp_path)
    runs = opened(tmp_path)
    planted = start(runs, owner=runs.get(anns.id).owner)
    planted.thread.join(10)
    assert runs.latest(ANN, "fake").id == anns.id, "nobody can put a run into another's list"
    for key in ("", None, 5, ["key-of-ann"], "\ud800", owner_mark(ANN)):
        assert not runs.get(anns.id).owned_by(key)


def test_a_run_that_was_cut_off_goes_on_when_its_owner_says_so(tmp_path):
    step = cut_off(tmp_path).board.progress.step
    runs = opened(tmp_path)
    run = runs.latest(ANN, "fake")
    assert run.board.state == "interrupted"
    assert run.board.ended
    assert "can go on" in run.board.note
    assert run.board.progress.step == step
    assert len(run.board.frames()) == step
    with pytest.raises(EngineError, match="Only the person"):
        runs.control(run.id, BOB, "resume")
    runs.control(run.id, ANN, "resume")
    run.thread.join(10)
    assert run.board.state == "finished"
    assert [row[0] for row in run.board.series["losses"].rows] == list(range(1, 101))
    assert [frame.step for frame in run.board.frames()] == list(range(1, 101))
    assert run.board.note is None
    assert opened(tmp_path).get(run.id).board.state == "finished"


def test_what_came_after_the_checkpoint_is_made_anew(tmp_path):
    run = cut_off(tmp_path, after=10)
    (tmp_path / run.id / CHECKPOINT / "step").write_text("4", "utf-8")
    runs, gate = None, threading.Semaphore(0)
    runs = opened(tmp_path, gate=gate)
    run = runs.get(run.id)
    runs.control(run.id, ANN, "resume")
    wait_until(lambda: run.board.progress.step == 4)
    assert [row[0] for row in run.board.series["losses"].rows] == [1, 2, 3, 4]
    gate.release(200)
    run.thread.join(10)
    assert [row[0] for row in run.board.series["losses"].rows] == list(range(1, 101))


def test_without_a_checkpoint_it_begins_anew(tmp_path):
    run = cut_off(tmp_path)
    shutil.rmtree(tmp_path / run.id / CHECKPOINT)
    runs = opened(tmp_path)
    run = runs.get(run.id)
    runs.control(run.id, ANN, "resume")
    run.thread.join(10)
    assert [row[0] for row in run.board.series["losses"].rows] == list(range(1, 101))


def test_a_run_that_waited_in_line_is_interrupted_too(tmp_path):
    gate = threading.Semaphore(0)
    runs = opened(tmp_path)
    start(runs, ANN, gate=gate)
    second = start(runs, BOB)
    wait_until(lambda: second.board.position == 1)
    threading.Timer(0.2, gate.release).start()
    runs.stop_all()
    second.thread.join(10)
    again = opened(tmp_path)
    run = again.latest(BOB, "fake")
    assert run.board.state == "interrupted"
    again.control(run.id, BOB, "resume")
    run.thread.join(10)
    assert run.board.state == "finished"


def test_one_cannot_go_on_with_two_at_once(tmp_path):
    old = cut_off(tmp_path)
    gate = threading.Semaphore(0)
    runs = opened(tmp_path)
    new = start(runs, gate=gate)
    with pytest.raises(EngineError, match="has not ended"):
        runs.control(old.id, ANN, "resume")
    runs.control(new.id, ANN, "stop")
    gate.release(10)
    new.thread.join(10)
    runs.control(old.id, ANN, "resume")
    runs.get(old.id).thread.join(10)
    assert runs.get(old.id).board.state == "finished"


def test_an_ended_or_opened_run_cannot_be_resumed(tmp_path):
    run = finished(tmp_path)
    runs = opened(tmp_path)
    with pytest.raises(EngineError, match="Only a paused run"):
        runs.control(run.id, ANN, "resume")
    board = full_board()
    board.state = "interrupted"
    replayed = runs.add(board, FakeConfig(), ANN)
    with pytest.raises(EngineError, match="only be looked at"):
        runs.control(replayed.id, ANN, "resume")
    assert replayed.board.state == "interrupted"


DAMAGE = {
    "a record that is no JSON": lambda own: (own / RECORD).write_text("{", "utf-8"),
    "an empty record": lambda own: (own / RECORD).write_bytes(b""),
    "a record of something else": lambda own: (own / RECORD).write_text('{"a": 1}', "utf-8"),
    "a board cut short": lambda own: (own / BOARD / "run.json").write_text('{"format": 1', "utf-8"),
    "a missing curve": lambda own: (own / BOARD / "losses.csv").unlink(),
    "a curve of something else": lambda own: (own / BOARD / "losses.csv").write_bytes(b"\xff\xfe"),
    "weights cut short": lambda own: (own / BOARD / "model.safetensors").write_bytes(b"\0\0"),
    "a folder in a file's place": lambda own: ((own / RECORD).unlink(), (own / RECORD).mkdir()),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_folder_is_left_out_and_the_others_are_there(tmp_path, damage, caplog):
    good, bad = finished(tmp_path), finished(tmp_path)
    DAMAGE[damage](tmp_path / bad.id)
    with caplog.at_level(logging.WARNING):
        runs = opened(tmp_path)
    assert runs.get(good.id).board.state == "finished"
    with pytest.raises(EngineError):
        runs.get(bad.id)
    assert bad.id in caplog.text or damage.startswith("a folder")


def test_settings_that_are_not_allowed_any_more_leave_it_out(tmp_path, caplog):
    run = finished(tmp_path)
    record = json.loads((tmp_path / run.id / RECORD).read_text("utf-8"))
    record["config"]["steps"] = -1
    (tmp_path / run.id / RECORD).write_text(json.dumps(record), "utf-8")
    with pytest.raises(EngineError):
        opened(tmp_path).get(run.id)
    assert "Steps must be" in caplog.text


def test_a_record_cannot_name_another_folder(tmp_path):
    run = finished(tmp_path / "runs")
    outside = tmp_path / "outside"
    shutil.copytree(tmp_path / "runs" / run.id, outside)
    record = json.loads((outside / RECORD).read_text("utf-8"))
    for name in ("../outside", "..", str(outside)):
        (tmp_path / "runs" / run.id / RECORD).write_text(json.dumps({**record, "id": name}), "utf-8")
        with pytest.raises(EngineError):
            opened(tmp_path / "runs").get(name)


def test_cut_off_in_its_first_second_it_is_there_with_an_empty_view(tmp_path):
    run = cut_off(tmp_path)
    shutil.rmtree(tmp_path / run.id / BOARD)
    board = opened(tmp_path).get(run.id).board
    assert board.state == "interrupted"
    assert board.progress is None


def test_a_run_that_goes_on_in_another_program_is_left_to_it(tmp_path):
    gate = threading.Semaphore(3)
    one = opened(tmp_path)
    run = start(one, gate=gate)
    wait_until(lambda: (tmp_path / run.id / BOARD / "run.json").exists())
    with pytest.raises(EngineError):
        opened(tmp_path).get(run.id)
    one.control(run.id, ANN, "stop")
    gate.release(10)
    run.thread.join(10)
    assert opened(tmp_path).get(run.id).board.state == "stopped"


def test_old_runs_go_by_age_and_by_number(tmp_path):
    old = [finished(tmp_path) for _ in range(3)]
    runs = opened(tmp_path, RunLimits(kept=2))
    assert not (tmp_path / old[0].id).exists()
    assert (tmp_path / old[2].id).exists()
    (tmp_path / "notes.txt").write_text("mine", "utf-8")
    (tmp_path / "photos").mkdir()
    runs = opened(tmp_path, RunLimits(kept_seconds=0.2))
    # what is not a run is left alone
    wait_until(lambda: {path.name for path in tmp_path.iterdir()} == {"notes.txt", "photos"})
    with pytest.raises(EngineError, match="no such run"):
        runs.get(old[2].id)


def test_old_runs_go_without_a_folder_too():
    runs = Runs(RunLimits(kept_seconds=0.2))
    runs.add(full_board(), FakeConfig(), "", "example")
    run = runs.start("fake", FakeConfig(), lambda own: counting(3), ANN)

    def gone():
        try:
            runs.get(run.id)
        except EngineError:
            return True
        return False

    wait_until(gone)
    assert runs.get("example")


def test_a_full_disk_does_not_end_a_run(tmp_path, monkeypatch, caplog):
    real = run_store.write_atomically

    def refuse(path, data, sync=False):
        if path.name != RECORD:
            raise FULL_DISK
        real(path, data, sync)

    monkeypatch.setattr(run_store, "write_atomically", refuse)
    run = start(opened(tmp_path))
    run.thread.join(10)
    assert run.board.state == "finished"
    assert caplog.text.count("No space left on device") == 1
    monkeypatch.setattr(run_store, "write_atomically", lambda *args, **kwargs: refuse(tmp_path, b""))
    with pytest.raises(EngineError, match="can't be kept on disk: No space left"):
        start(opened(tmp_path), BOB)


def test_a_folder_that_cannot_be_used_is_told_at_once(tmp_path):
    (tmp_path / "file").write_text("", "utf-8")
    with pytest.raises(EngineError, match=r"The folder for runs, .*file, can't be used"):
        Runs(folder=tmp_path / "file")


def test_a_run_may_compute_only_so_long():
    runs = Runs(RunLimits(run_seconds=0.05))
    run = runs.start("fake", FakeConfig(), lambda own: counting(10**9), ANN)
    wait_until(lambda: run.board.ended)
    assert run.board.state == "stopped"
    assert "as long as a run may" in run.board.note


def test_all_that_a_board_shows_comes_back(tmp_path):
    board = full_board()
    truth, probabilities = np.array([0, 1]), np.array([[0.75, 0.25], [0.5, 0.5]], np.float32)
    board.fold(Evaluation("test", ("no", "yes"), ("one", "two"), truth, probabilities))
    board.fold(Caption("pictures", Message("Measured in {n} features", n=64)))
    Keeper(tmp_path, RECORDED, board).close()
    again = load_board(tmp_path, RECORDED)
    for part in ("state", "config", "progress", "verdict", "shares", "captions", "reference", "started"):
        assert getattr(again, part) == getattr(board, part), part
    assert again.evaluations["test"].rows == ("one", "two")
    np.testing.assert_array_equal(again.evaluations["test"].truth, truth)
    np.testing.assert_array_equal(again.evaluations["test"].probabilities, probabilities)


def test_grids_are_written_once_and_thinned_with_the_board(tmp_path):
    board = Board("fake", {})
    for step in range(3 * MAX_FRAMES):
        board.fold(Samples(step, pictures()))
        if step == MAX_FRAMES // 2:
            keeper = Keeper(tmp_path, RECORDED, board)
            wait_until(lambda: (tmp_path / BOARD / "run.json").exists())
            first = (tmp_path / BOARD / "grids" / "00000000.png").stat().st_mtime_ns
    keeper.close()
    kept = sorted(int(path.stem) for path in (tmp_path / BOARD / "grids").iterdir())
    assert kept == [frame.step for frame in board.frames()]
    assert (tmp_path / BOARD / "grids" / "00000000.png").stat().st_mtime_ns == first
    again = load_board(tmp_path, RECORDED)
    board.fold(Samples(step + 1, pictures()))
    again.fold(Samples(step + 1, pictures()))
    assert [f.step for f in again.history][:-2] == [f.step for f in board.history][: len(again.history) - 2]


def stopped(runs, after=10, steps=100):
    """A run that its owner stopped after some steps."""
    gate = threading.Semaphore(after)
    run = start(runs, steps=steps, gate=gate)
    wait_until(lambda: run.board.progress and run.board.progress.step == after)
    runs.control(run.id, ANN, "stop")
    gate.release(1000)  # the step that is under way, and all after it
    run.thread.join(10)
    assert run.board.state == "stopped"
    return run


@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize("kept", [False, True])
def test_a_stopped_run_goes_on_when_its_owner_says_so(tmp_path, kept, restarted):
    if restarted and not kept:
        pytest.skip("nothing is left of it")
    runs = Runs(folder=tmp_path if kept else None)
    run_id = stopped(runs).id
    runs = opened(tmp_path) if restarted else runs
    run = runs.get(run_id)
    assert run.resumable
    with pytest.raises(EngineError, match="Only the person"):
        runs.control(run.id, BOB, "resume")
    runs.control(run.id, ANN, "resume")
    run.thread.join(10)
    assert run.board.state == "finished"
    assert [row[0] for row in run.board.series["losses"].rows] == list(range(1, 101))
    assert not run.resumable
    assert not (run.folder / CHECKPOINT).exists(), "it needs none any more"


def test_only_the_newest_stopped_runs_keep_what_they_need_to_go_on(tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoints, "MOST_STOPPED", 2)
    runs = opened(tmp_path)
    made = [stopped(runs, after=1) for _ in range(3)]
    assert [run.resumable for run in made] == [False, True, True]
    with pytest.raises(EngineError, match="Only a paused run"):
        runs.control(made[0].id, ANN, "resume")


def test_a_run_that_computed_for_as_long_as_it_may_does_not_go_on(tmp_path):
    runs = opened(tmp_path, RunLimits(run_seconds=1e-9))
    run = start(runs, steps=1000)
    run.thread.join(10)
    assert (run.board.state, run.resumable) == ("stopped", False)
