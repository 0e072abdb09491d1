"""Several runs at one place of the device, in turns."""

import threading

import pytest

from engines.messages import EngineError
from engines.running import turns
from engines.running.events import Metrics, Progress
from engines.running.runs import RunLimits, Runs
from tests.fakes import FakeConfig, counting, failing, wait_until


class Course:
    """Engines that note whose turn it is at each step, as long as the test lets them."""

    def __init__(self):
        self.order, self.at_work, self.most = [], 0, 0
        self.lock = threading.Lock()

    def entry(self, name, steps=20):
        def events(folder):
            stop = False
            for step in range(1, steps + 1):
                with self.lock:
                    self.at_work += 1
                    self.most = max(self.most, self.at_work)
                    self.order.append(name)
                threading.Event().wait(0.002)
                with self.lock:
                    self.at_work -= 1
                if stop:
                    return
                yield Metrics(step, {"Loss": 1.0})
                stop = yield Progress(step, steps)

        return "fake", FakeConfig(steps=steps), events


@pytest.fixture(autouse=True)
def short_turns(monkeypatch):
    monkeypatch.setattr(turns, "TURN_SECONDS", 0.01)


def ended(runs):
    wait_until(lambda: all(run.board.ended for run in runs), 30)


def test_entries_take_turns_and_never_compute_at_once():
    course, runs = Course(), Runs()
    racing = runs.race([course.entry("a"), course.entry("b"), course.entry("c")], "ann", 10)
    ended(racing)
    assert [run.board.state for run in racing] == ["finished"] * 3
    assert course.most == 1
    assert all(course.order.count(name) == 20 for name in "abc")
    changes = sum(a != b for a, b in zip(course.order, course.order[1:], strict=False))
    assert changes > 3, "none ran from its start to its end"


def test_a_race_takes_one_place_of_the_line_and_gives_it_back():
    course, runs = Course(), Runs(RunLimits(slots=1))
    racing = runs.race([course.entry("a"), course.entry("b")], "ann", 10)
    wait_until(lambda: course.order)
    other = runs.start("fake", FakeConfig(steps=3), lambda folder: counting(3), "bob")
    wait_until(lambda: other.board.state == "queued" or other.board.ended)
    ended([*racing, other])
    assert other.board.state == "finished"
    assert other.ended_at >= max(run.ended_at for run in racing)


def test_one_that_fails_or_is_stopped_leaves_the_others_alone():
    course, runs = Course(), Runs()
    broken = ("fake", FakeConfig(), lambda folder: failing(EngineError("It has diverged.")))
    racing = runs.race([course.entry("a"), broken, course.entry("c", steps=2000)], "ann", 10)
    wait_until(lambda: racing[1].board.ended and racing[0].board.ended, 30)
    assert racing[0].board.state == "finished"
    assert (racing[1].board.state, str(racing[1].board.error)) == ("failed", "It has diverged.")
    runs.control(racing[2].id, "ann", "stop")
    ended(racing)
    assert racing[2].board.state == "stopped"


def test_one_that_pauses_gives_its_turns_to_the_others():
    course, runs = Course(), Runs()
    racing = runs.race([course.entry("a", steps=5000), course.entry("b")], "ann", 10)
    wait_until(lambda: "a" in course.order)
    runs.control(racing[0].id, "ann", "pause")
    ended(racing[1:])
    assert racing[0].board.state in ("pausing", "paused")
    runs.control(racing[0].id, "ann", "resume")
    runs.control(racing[0].id, "ann", "stop")
    ended(racing)


def test_who_has_a_run_that_goes_on_cannot_race_beside_it():
    gate, runs = threading.Semaphore(0), Runs()
    run = runs.start("fake", FakeConfig(), lambda folder: counting(10, gate), "ann")
    course = Course()
    with pytest.raises(EngineError, match="a run that has not ended"):
        runs.race([course.entry("a"), course.entry("b")], "ann", 10)
    runs.control(run.id, "ann", "stop")
    for _ in range(20):
        gate.release()
    ended([run])
