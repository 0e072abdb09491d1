"""Engines in processes of their own: what comes back, and that the death of one is a sentence to who waits for it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from engines.messages import ConfigError, EngineError, Message
from engines.running.events import Note, Progress
from engines.running.runs import RunLimits, Runs
from engines.running.workers import pool
from engines.running.workers.pool import MODELS, PICTURES, TEXT, TRAINING, Here, Workers
from engines.running.workers.relay import WorkerLostError
from tests import ROOT
from tests.fakes import FakeConfig, counting, wait_until

pytestmark = pytest.mark.slow
ROOMS = (TRAINING, TEXT, PICTURES, MODELS)


@pytest.fixture(scope="module")
def workers():
    made = Workers()
    made.prepare()
    yield made
    made.close()
    assert not made.processes()


def pid_and_steps(count=10**6):
    """An engine that says in which process it runs, and then counts."""
    yield Note(Message("{pid}", pid=os.getpid()))
    for step in range(count):
        if (yield Progress(step, count)):
            return


def spins():
    """An engine that computes for ever and hears nothing."""
    yield Note(Message("{pid}", pid=os.getpid()))
    while True:
        pass


def raises(problem):
    yield Progress(0, 1)
    raise problem


def takes_memory(megabytes):
    yield Progress(0, 1)
    taken = [b"1" * (1 << 20) for _ in range(megabytes)]
    yield Progress(1, len(taken) // megabytes)


def pid_of(events):
    """The process of `pid_and_steps`, once it is there."""
    return next(int(event.message) for event in events if str(getattr(event, "message", "")).isdigit())


def wear_out(events):
    """Take events until there are no more."""
    for _ in events:
        pass


def lives(pid):
    """Whether there is such a process, and it is no zombie."""
    try:
        return ") Z" not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False


@pytest.mark.parametrize("room", ROOMS)
def test_events_are_those_of_the_engine(workers, room):
    told = [event for event in workers.events(room, counting, 3) if event != Note(Message("Loading PyTorch"))]
    assert [repr(event) for event in told] == [repr(event) for event in Here().events(room, counting, 3)]


def test_a_function_is_called_elsewhere(workers):
    assert workers.call(MODELS, os.getpid) != os.getpid()
    assert Here().call(MODELS, os.getpid) == os.getpid()
    with pytest.raises(EngineError, match="no"):
        workers.call(MODELS, _refuse)


def _refuse():
    raise EngineError("no")


def test_what_an_engine_raises_arrives(workers):
    with pytest.raises(ConfigError) as caught:
        list(workers.events(TEXT, raises, ConfigError("Seed must be {n}.", n=3)))
    assert caught.value.message.values == {"n": 3}
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        list(workers.events(TEXT, raises, ZeroDivisionError()))


def test_calls_of_a_room_share_a_process_and_each_training_has_its_own(workers):
    at_work = [workers.events(room, pid_and_steps) for room in (TEXT, TEXT, TRAINING, TRAINING)]
    pids = [pid_of(events) for events in at_work]
    assert pids[0] == pids[1]
    assert len(set(pids)) == 3
    assert {workers.processes()[pid] for pid in pids[2:]} == {TRAINING}
    for events in at_work:
        events.close()
    wait_until(lambda: not any(map(lives, pids[2:])))
    assert lives(pids[0])


def test_a_stop_is_heard(workers):
    events = workers.events(TEXT, pid_and_steps)
    pid_of(events)
    events.send(False)
    with pytest.raises(StopIteration):
        events.send(True)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT, signal.SIGTERM])
@pytest.mark.parametrize("room", ROOMS)
def test_the_death_of_a_process_is_a_sentence_and_the_next_call_has_a_new_one(workers, room, how):
    other = workers.events(next(one for one in ROOMS if one != room), pid_and_steps)
    spared = pid_of(other)
    events = workers.events(room, pid_and_steps)
    pid = pid_of(events)
    os.kill(pid, how)
    began = time.monotonic()
    with pytest.raises(WorkerLostError, match="memory ran out" if how == signal.SIGKILL else "crashed"):
        wear_out(events)
    assert time.monotonic() - began < 2
    assert not lives(pid)
    assert isinstance(next(other), Progress)
    assert lives(spared)
    other.close()
    assert pid_of(workers.events(room, pid_and_steps)) != pid


def test_a_process_that_hangs_is_ended(workers, monkeypatch):
    monkeypatch.setattr(pool, "SILENCE", 1.0)
    events = workers.events(TRAINING, pid_and_steps)
    pid = pid_of(events)
    os.kill(pid, signal.SIGSTOP)
    with pytest.raises(WorkerLostError):
        wear_out(events)
    assert not lives(pid)


def test_one_that_computes_on_is_left_alone_until_it_is_told_to_stop(workers, monkeypatch):
    monkeypatch.setattr(pool, "SILENCE", 2.0)
    events = workers.events(TRAINING, spins)
    pid = pid_of(events)
    with pytest.raises(WorkerLostError):
        events.send(True)
    assert not lives(pid)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux counts a process's data")
def test_a_limit_of_memory_holds():
    limited = Workers(memory_mb=700)
    try:
        with pytest.raises(EngineError, match="memory"):
            list(limited.events(TRAINING, takes_memory, 2000))
        assert list(limited.events(TRAINING, takes_memory, 10))[-1] == Progress(1, 1)
    finally:
        limited.close()


def test_a_run_whose_process_died_can_go_on(workers):
    runs = Runs(RunLimits())
    run = runs.start("fake", FakeConfig(), lambda folder: workers.events(TRAINING, pid_and_steps), "ann")
    wait_until(lambda: run.board.progress)
    [pid] = [pid for pid, room in workers.processes().items() if room == TRAINING]
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: run.board.ended)
    assert run.board.state == "interrupted"
    assert "memory ran out" in run.board.note
    assert run.resumable
    runs.control(run.id, "ann", "resume")
    wait_until(lambda: run.board.state == "running" and run.board.progress)
    runs.stop_all()
    assert run.board.state == "stopped"


PROGRAM = """
import time
from engines.running.workers.pool import TRAINING, Workers
from tests.engines.running.workers.test_pool import pid_and_steps, pid_of
if __name__ == "__main__":
    workers = Workers()
    print(pid_of(workers.events(TRAINING, pid_and_steps)), pid_of(workers.events("text", pid_and_steps)), flush=True)
    at_work = workers.events(TRAINING, pid_and_steps)
    print(pid_of(at_work), flush=True)
    time.sleep(600)
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_nothing_is_left_running_when_the_program_ends(how):
    program = subprocess.Popen([sys.executable, "-c", PROGRAM], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    _, shared = map(int, program.stdout.readline().split())
    alone = int(program.stdout.readline())
    assert lives(shared)
    assert lives(alone)
    program.send_signal(how)
    program.wait(30)
    program.stdout.close()
    wait_until(lambda: not lives(shared) and not lives(alone))


def test_a_new_process_does_not_import_the_program_anew(workers, monkeypatch, tmp_path):
    main = tmp_path / "program.py"
    main.write_text("raise SystemExit('imported')")
    monkeypatch.setattr(sys.modules["__main__"], "__file__", str(main), raising=False)
    monkeypatch.setattr(sys.modules["__main__"], "__spec__", None, raising=False)
    assert pid_of(workers.events(TRAINING, pid_and_steps)) != os.getpid()


def test_ended_workers_take_no_more():
    closed = Workers()
    closed.close()
    with pytest.raises(EngineError, match="ending"):
        closed.call(MODELS, os.getpid)
