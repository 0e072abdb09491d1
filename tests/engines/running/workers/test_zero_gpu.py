"""On ZeroGPU an engine works in another process, and its caller notices nothing; elsewhere nothing changes."""

import os
import pickle
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from engines.device import has_gpu
from engines.gan_training import engine as gan_engine
from engines.gan_training.config import GanConfig
from engines.image_generation.models import ImageModels
from engines.messages import ConfigError, EngineError, Message
from engines.running.events import Metrics, Note, Progress, Samples, Weights
from engines.running.run import OVERTIME
from engines.running.runs import Runs
from engines.running.workers.zero_gpu import MARGIN, on_gpu
from engines.text_generation.config import TooLongError
from engines.text_generation.models import Models
from tests.fake_spaces import FakeSpaces
from tests.fakes import FakeConfig, counting, wait_until


@pytest.fixture
def spaces(monkeypatch):
    """ZeroGPU, as far as the app can tell."""
    fake = FakeSpaces()
    monkeypatch.setitem(sys.modules, "spaces", fake)
    monkeypatch.setenv("SPACES_ZERO_GPU", "true")
    yield fake
    fake.end()


def drive(events, replies=()):
    """All events of an engine, given replies for the first ones; what it returned is `drive`'s second value."""
    told, reply, replies = [], None, list(replies)
    while True:
        try:
            told.append(events.send(reply))
        except StopIteration as ended:
            return told, ended.value
        reply = replies.pop(0) if replies else False


@dataclass
class Diary:
    """A file that tells what went on in the other process."""

    path: Path

    def write(self, text):
        with self.path.open("a") as file:
            file.write(f"{text}\n")

    def lines(self):
        return self.path.read_text().splitlines() if self.path.exists() else []


@pytest.fixture
def diary(tmp_path):
    return Diary(tmp_path / "diary")


def writes(diary, steps=1000, seconds=0.0):
    """An engine that also writes its steps down, and that it was closed."""
    try:
        for step in range(1, steps + 1):
            diary.write(step)
            if (yield Progress(step, steps)):
                break
            time.sleep(seconds)
        yield Note(Message("Told to stop at {step}", step=step))
    finally:
        diary.write("closed")


def raises(problem):
    yield Note(Message("Here goes"))
    raise problem


def says_process():
    yield Note(Message("{pid}", pid=os.getpid()))


def steps_of(events):
    return [event.step for event in events if isinstance(event, Progress)]


def left_over():
    return list(Path(tempfile.gettempdir()).glob("aigc-playground-gpu-*"))


# --- elsewhere -------------------------------------------------------------------------------------------------


def test_without_zero_gpu_an_engine_stays_as_it_is(monkeypatch, spaces):
    monkeypatch.delenv("SPACES_ZERO_GPU")
    assert on_gpu(60)(counting) is counting
    monkeypatch.setenv("SPACES_ZERO_GPU", "true")
    monkeypatch.setitem(sys.modules, "spaces", None)  # not installed
    assert on_gpu(60)(counting) is counting
    assert not hasattr(gan_engine.train, "__wrapped__")


# --- on ZeroGPU --------------------------------------------------------------------------------------------------


def test_the_events_are_the_same_in_the_same_order(spaces):
    told, why = drive(on_gpu(60)(counting)(5))
    expected, _ = drive(counting(5))
    assert told[0] == Note(Message("Waiting for a GPU"))
    assert [repr(event) for event in told[1:]] == [repr(event) for event in expected]
    assert told[1].message.template == "Counting"
    assert (why, spaces.durations, left_over()) == (None, [60], [])


def test_a_stop_reaches_the_engine_at_once(spaces, diary):
    told, why = drive(on_gpu(60)(writes)(diary), [False] * 3 + [True])
    assert steps_of(told) == [1, 2, 3]
    assert told[-1].message == "Told to stop at 3"
    assert diary.lines() == ["1", "2", "3", "closed"]
    assert why is None


def test_a_stop_before_a_gpu_is_there_asks_for_none(spaces, diary):
    told, _ = drive(on_gpu(60)(writes)(diary), [True])
    assert (len(told), spaces.workers) == (1, [])


def test_an_engine_waits_while_its_caller_pauses(spaces, diary):
    events = on_gpu(60)(writes)(diary)
    for _ in range(3):
        next(events)
    time.sleep(0.3)
    assert diary.lines() == ["1", "2"]
    next(events)
    assert diary.lines() == ["1", "2", "3"]
    events.close()


def test_closing_ends_the_engine_and_leaves_nothing(spaces, diary):
    events = on_gpu(60)(writes)(diary)
    next(events), next(events)
    assert left_over()
    events.close()
    assert diary.lines() == ["1", "closed"]
    assert not left_over()


def test_closing_is_heard_though_another_process_was_forked_meanwhile(spaces, diary):
    first, second = on_gpu(60)(writes)(diary), on_gpu(60)(says_process)()
    next(first), next(first)
    next(second), next(second)  # forked now, it holds the first one's sockets too
    first.close()
    assert diary.lines() == ["1", "closed"]
    second.close()


def test_a_worker_is_used_again(spaces):
    engine = on_gpu(60)(says_process)
    pids = {drive(engine())[0][1].message for _ in range(3)}
    engine = on_gpu(60)(counting)
    events = engine(1000)
    for _ in range(4):
        next(events)
    events.close()  # also after a call that was cut off
    assert steps_of(drive(engine(2))[0]) == [1, 2]
    assert len(pids) == 1
    assert str(os.getpid()) not in pids
    assert len(spaces.workers) == 2


@pytest.mark.parametrize(
    "problem",
    [
        EngineError("{model} is too {how}.", model=Message("The model"), how="large"),
        ConfigError("Steps may have {braces} as they are.", braces="{x}"),
        TooLongError(2000, 1024),
    ],
)
def test_an_error_for_a_person_arrives_as_itself(spaces, problem):
    with pytest.raises(type(problem)) as raised:
        drive(on_gpu(60)(raises)(problem))
    assert raised.value.message == problem.message
    assert raised.value.message.to_json() == problem.message.to_json()
    assert vars(raised.value).keys() == vars(problem).keys()
    assert pickle.loads(pickle.dumps(problem)).message == problem.message


def test_another_error_arrives_with_its_trace_for_the_log(spaces):
    with pytest.raises(RuntimeError, match="ZeroDivisionError: so much for that"):
        drive(on_gpu(60)(raises)(ZeroDivisionError("so much for that")))


def test_a_worker_is_used_again_after_an_error(spaces):
    engine = on_gpu(60)(raises)
    for _ in range(2):
        with pytest.raises(EngineError, match="Too bad"):
            drive(engine(EngineError("Too bad")))
    assert len(spaces.workers) == 1


def test_a_refusal_is_told_in_zero_gpus_own_words(spaces, diary):
    spaces.refusal = "You have exceeded your quota. Try again in 0:10:00."
    with pytest.raises(EngineError, match="says: You have exceeded your quota"):
        drive(on_gpu(60)(writes)(diary))
    assert not left_over()


def test_an_engine_that_zero_gpu_ends_is_told_of(spaces, diary):
    events = on_gpu(60)(writes)(diary)
    next(events), next(events)
    spaces.workers[0].process.kill()
    with pytest.raises(EngineError, match="GPU task aborted"):
        drive(events)
    assert not left_over()


def test_when_its_time_is_over_an_engine_is_told_to_stop(spaces, diary):
    told, why = drive(on_gpu(MARGIN + 0.3)(writes)(diary, seconds=0.01))
    assert 2 < len(steps_of(told)) < 40
    assert why == OVERTIME


def test_the_time_runs_in_a_pause_too(spaces, diary):
    events = on_gpu(MARGIN + 0.2)(writes)(diary)
    next(events), next(events)
    wait_until(lambda: diary.lines() == ["1", "closed"])
    told, why = drive(events)
    assert told[-1].message == "Told to stop at 1"
    assert why == OVERTIME


def test_a_model_is_fetched_before_a_gpu_is_asked_for(spaces, diary):
    def ready(diary, found):
        yield Note(Message("Fetching"))
        return found

    def engine(diary, found):
        yield from writes(diary, 1)

    told, _ = drive(on_gpu(60, ready)(engine)(diary, None))
    assert [event.message for event in told] == ["Fetching"]
    assert not spaces.workers
    told, _ = drive(on_gpu(60, ready)(engine)(diary, "folder"))
    assert [event.message for event in told[:2]] == ["Fetching", "Waiting for a GPU"]
    assert steps_of(told) == [1]


def test_models_are_the_other_processs_own():
    for models in (Models(allow_any_model=True), ImageModels()):
        there, again = pickle.loads(pickle.dumps(models)), pickle.loads(pickle.dumps(models))
        assert there is again is not models
        assert there.allow_any_model == models.allow_any_model


def test_only_the_gpus_process_has_one(spaces, monkeypatch):
    import torch

    def engine():
        yield Note(Message("{has}", has=has_gpu()))

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)  # as `spaces` makes it say
    assert not has_gpu()
    assert drive(on_gpu(60)(engine)())[0][-1].message == "True"


# --- a run ---------------------------------------------------------------------------------------------------------


def test_a_run_whose_time_is_over_ends_as_stopped(spaces, diary):
    engine, runs = on_gpu(MARGIN + 0.3)(writes), Runs()
    run = runs.start("fake", FakeConfig(), lambda folder: engine(diary, seconds=0.01), "me")
    wait_until(lambda: run.board.ended)
    assert (run.board.state, run.board.note, run.board.error) == ("stopped", OVERTIME, None)
    assert run.board.progress.step > 2


def test_a_run_is_paused_resumed_and_stopped(spaces, diary):
    engine, runs = on_gpu(60)(writes), Runs()
    run = runs.start("fake", FakeConfig(), lambda folder: engine(diary, steps=10**6), "me")
    wait_until(lambda: len(diary.lines()) > 3)
    run.pause()
    wait_until(lambda: run.board.state == "paused")
    before = diary.lines()
    time.sleep(0.2)
    assert diary.lines() == before
    runs.control(run.id, "me", "resume")
    wait_until(lambda: len(diary.lines()) > len(before) + 3)
    run.stop()
    wait_until(lambda: run.board.ended)
    assert run.board.state == "stopped"
    assert diary.lines()[-1] == "closed"


@pytest.mark.slow
def test_a_gan_trains_in_the_other_process_as_here(spaces, tmp_path):
    config = GanConfig(dataset="mnist", architecture="mlp", features=8, batch=16, steps=20, seed=5)
    there, why = drive(on_gpu(120)(gan_engine.train)(config, (), tmp_path / "there"))
    here, _ = drive(gan_engine.train(config, (), tmp_path / "here"))
    assert {type(event) for event in there} == {type(event) for event in here} >= {Samples, Metrics, Weights}
    last, expected = (next(e for e in reversed(told) if isinstance(e, Weights)) for told in (there, here))
    assert why is None
    assert last.step == 20
    for name, values in expected.tensors.items():
        np.testing.assert_allclose(last.tensors[name], values, rtol=1e-4, atol=1e-5)
