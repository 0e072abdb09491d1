import threading

import pytest

from engines.running.board import Board
from engines.running.events import Progress
from engines.running.slots import Slots, Ticket
from tests.fakes import wait_until


class Claim:
    """One run in line, in a thread; it notes what it is told."""

    def __init__(self, slots, owner, engine="fake"):
        self.slots, self.told, self.gave_up, self.entered = slots, [], False, None
        self.ticket = Ticket(owner, Board(engine, {}))
        before = slots.waiting() + len(slots._at_work)
        threading.Thread(target=self._wait, daemon=True).start()
        wait_until(lambda: slots.waiting() + len(slots._at_work) == before + 1)

    def _wait(self):
        self.entered = self.slots.acquire(self.ticket, lambda *place: self.told.append(place), lambda: self.gave_up)

    @property
    def position(self):
        return self.told[-1][0] if self.told and not self.entered else 0

    @property
    def wait(self):
        return self.told[-1][1]

    def leave(self):
        wait_until(lambda: self.entered)
        self.slots.release(self.ticket)


def order_of_entry(slots, claims):
    """The claims by the turn in which they get their place, each leaving at once."""
    waiting, order = dict(claims), []
    while waiting:
        wait_until(lambda: any(claim.entered for claim in waiting.values()))
        name = next(name for name, claim in waiting.items() if claim.entered)
        order.append(name)
        waiting.pop(name).leave()
    return order


def test_first_come_first_served():
    slots = Slots(1)
    claims = {name: Claim(slots, name) for name in ("ann", "bob", "cleo")}
    wait_until(lambda: claims["cleo"].position == 2)
    assert order_of_entry(slots, claims) == ["ann", "bob", "cleo"]


@pytest.mark.slow
def test_a_visitors_second_run_waits_behind_others_first_ones():
    slots = Slots(1)
    claims = {name: Claim(slots, name[:-1]) for name in ("ann1", "ann2", "ann3", "bob1", "bob2", "cleo1")}
    wait_until(
        lambda: [claims[name].position for name in ("bob1", "cleo1", "ann2", "bob2", "ann3")] == [1, 2, 3, 4, 5]
    )
    assert order_of_entry(slots, claims) == ["ann1", "bob1", "cleo1", "ann2", "bob2", "ann3"]


def test_those_who_come_later_do_not_keep_a_second_run_waiting_for_ever():
    slots = Slots(1)
    ann1, ann2, bob = Claim(slots, "ann"), Claim(slots, "ann"), Claim(slots, "bob")
    ann1.leave()
    wait_until(lambda: bob.entered)
    cleo, dan = Claim(slots, "cleo"), Claim(slots, "dan")
    wait_until(lambda: (ann2.position, cleo.position, dan.position) == (1, 2, 3))
    bob.leave()
    wait_until(lambda: ann2.entered)


def test_a_second_run_may_use_a_place_that_nobody_else_wants():
    slots = Slots(2)
    one, two = Claim(slots, "ann"), Claim(slots, "ann")
    wait_until(lambda: one.entered and two.entered)


def test_who_gives_up_lets_the_next_move_up():
    slots = Slots(1)
    first, second, third = (Claim(slots, name) for name in ("ann", "bob", "cleo"))
    wait_until(lambda: third.position == 2)
    second.gave_up = True
    slots.wake()
    wait_until(lambda: second.entered is False and third.position == 1)
    first.leave()
    wait_until(lambda: third.entered)


def going(claim, steps_left, pace=10.0):
    """Let a claim's board look like a run with so many steps left at `pace` steps a second."""
    for step in (0, 10):
        claim.ticket.board.active_seconds = step / pace
        claim.ticket.board.fold(Progress(step, 10 + steps_left))


def test_the_wait_is_unknown_before_anything_is_known():
    slots = Slots(1)
    first, second = Claim(slots, "ann"), Claim(slots, "bob")
    wait_until(lambda: first.entered and second.told)
    assert second.wait is None


@pytest.mark.parametrize(("places", "waits"), [(1, [60, 160]), (2, [60, 90])])
def test_the_wait_is_what_those_before_still_take(places, waits):
    slots = Slots(places)
    slots.remember("fake", 80.0)
    slots.remember("fake", 120.0)
    at_work = [Claim(slots, f"worker{i}") for i in range(places)]
    for i, claim in enumerate(at_work):
        wait_until(lambda claim=claim: claim.entered)
        going(claim, steps_left=600 + 300 * i)
    second, third = Claim(slots, "ann"), Claim(slots, "bob")
    wait_until(lambda: second.told and third.told)
    assert [second.wait, third.wait] == waits


def test_a_run_without_a_pace_yet_takes_as_long_as_others_did():
    slots = Slots(1)
    slots.remember("fake", 100.0)
    first, second = Claim(slots, "ann"), Claim(slots, "bob")
    wait_until(lambda: first.entered and second.told)
    assert second.wait == 100
