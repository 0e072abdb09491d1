import threading
from types import SimpleNamespace

import pytest

from engines.gan_training.config import GanConfig
from engines.limits import Limits
from engines.messages import ConfigError, EngineError
from engines.running.runs import Runs
from tabs.page import gate as gate_module
from tabs.page.gate import Gate, address_of
from tests.fakes import FakeConfig, counting, wait_until


def request(host="127.0.0.1", forwarded=""):
    return SimpleNamespace(
        client=SimpleNamespace(host=host), headers={"x-forwarded-for": forwarded} if forwarded else {}
    )


@pytest.mark.parametrize(
    ("host", "forwarded", "address"),
    [
        ("8.8.8.8", "", "8.8.8.8"),
        ("8.8.8.8", "1.1.1.1", "8.8.8.8"),  # not behind a proxy: what the visitor writes does not count
        ("10.0.0.7", "6.6.6.6, 1.1.1.1", "1.1.1.1"),  # the proxy's own entry is the last
        ("127.0.0.1", "", ""),  # a tunnel that names nobody
        ("127.0.0.1", "<script>", ""),
        ("10.0.0.7", "2606:4700::1111", "2606:4700::1111"),
        ("testclient", "", ""),
    ],
)
def test_the_address_is_the_one_that_cannot_be_made_up(host, forwarded, address):
    assert address_of(request(host, forwarded)) == address


def test_no_request_is_fine():
    assert address_of(None) == ""
    Gate(Limits(visitor_requests=1)).count("", None)


def test_one_visitor_is_slowed_and_others_are_not(monkeypatch):
    clock = SimpleNamespace(now=1000.0)
    monkeypatch.setattr(gate_module.time, "monotonic", lambda: clock.now)
    gate = Gate(Limits(visitor_requests=3))
    for _ in range(3):
        gate.count("ann", request())
        clock.now += 10
    with pytest.raises(EngineError, match=r"at most 3 requests a minute. Try again in 31 s"):
        gate.count("ann", request())
    gate.count("bob", request())
    clock.now += 31
    gate.count("ann", request())


def test_an_address_with_many_names_is_slowed():
    gate = Gate(Limits(visitor_requests=2, address_requests=3))
    for name in ("a", "b", "c"):
        gate.count(name, request("8.8.8.8"))
    with pytest.raises(EngineError, match="a lot at once"):
        gate.count("d", request("8.8.8.8"))
    gate.count("d", request("1.1.1.1"))


def test_settings_are_checked_before_anything_is_counted():
    gate = Gate(Limits(steps=100, visitor_requests=1))
    with pytest.raises(ConfigError):
        gate.admit(GanConfig(steps=200), "ann", None)
    assert gate.admit(GanConfig(steps=100), "ann", None) == GanConfig(steps=100)


def test_a_visitor_and_an_address_may_have_so_many_trainings():
    runs, hold = Runs(), threading.Semaphore(0)
    gate = Gate(Limits(visitor_runs=2, address_runs=3))
    started = []
    for owner, engine in (("ann", "one"), ("ann", "two"), ("bob", "one")):
        gate.admit_run(owner, request("8.8.8.8"))
        run = runs.start(engine, FakeConfig(), lambda folder: counting(3, hold), owner)
        gate.note_run(run, request("8.8.8.8"))
        started.append(run)
    with pytest.raises(EngineError, match="2 trainings"):
        gate.admit_run("ann", request("1.1.1.1"))
    with pytest.raises(EngineError, match="3 trainings"):
        gate.admit_run("cleo", request("8.8.8.8"))
    gate.admit_run("cleo", request("1.1.1.1"))
    hold.release(100)
    wait_until(lambda: all(run.board.ended for run in started))
    gate.admit_run("ann", request("8.8.8.8"))
