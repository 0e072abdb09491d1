import pytest

from engines.running import clock
from engines.running.clock import Clock


@pytest.fixture
def now(monkeypatch):
    """The time, as a list of one number that a test may change."""
    seconds = [100.0]
    monkeypatch.setattr(clock.time, "monotonic", lambda: seconds[0])
    return seconds


def test_work_is_due_at_once_and_then_every_so_often(now):
    one = Clock(2.0)
    assert one.due()
    one.done()
    now[0] += 1.9
    assert not one.due()
    now[0] += 0.2
    assert one.due()


def test_long_work_takes_no_more_than_its_share(now):
    one = Clock(2.0, share=0.1)
    assert one.due()
    now[0] += 1
    one.done()
    now[0] += 8.9
    assert not one.due()
    now[0] += 0.2
    assert one.due()
    one.done(took=0.0)
    now[0] += 2
    assert one.due(), "what it did not take itself does not count"


def test_the_first_work_may_wait(now):
    one = Clock(2.0, wait=30.0)
    now[0] += 29
    assert not one.due()
    now[0] += 1
    assert one.due()
