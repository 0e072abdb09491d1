import threading

import pytest

from engines.messages import EngineError
from engines.running.runs import RunLimits, Runs
from tests.fakes import FULL_DISK, REFUSED, FakeConfig, counting, failing, full_board, wait_until

ANN, BOB, CLEO = "key-of-ann", "key-of-bob", "key-of-cleo"


class Paced:
    """A counting engine that advances only when told to, so that tests decide what happens when."""

    def __init__(self, runs, owner, steps=1000):
        self.gate = threading.Semaphore(0)
        self.run = runs.start("fake", FakeConfig(), lambda folder: counting(steps, self.gate), owner)

    @property
    def step(self):
        progress = self.run.board.progress
        return progress.step if progress else 0

    @property
    def state(self):
        return self.run.board.state

    def advance(self, steps=1):
        before = self.step
        self.gate.release(steps)
        wait_until(lambda: self.step == before + steps)


def start(runs, owner, engine=None):
    return runs.start("fake", FakeConfig(), engine or (lambda folder: counting(3)), owner)


def test_a_run_ends_and_keeps_what_it_made():
    run = start(Runs(), ANN)
    wait_until(lambda: run.board.ended)
    assert run.board.state == "finished"
    assert run.board.progress.step == 3
    assert run.board.latest.step == 3
    assert run.board.weights.step == 3


def test_stop_ends_early_and_keeps_everything():
    runs = Runs()
    paced = Paced(runs, ANN)
    paced.advance(5)
    runs.control(paced.run.id, ANN, "stop")
    paced.gate.release(2)  # the step that is under way
    wait_until(lambda: paced.run.board.ended)
    assert paced.state == "stopped"
    assert paced.run.board.weights.step == paced.step < 10


def test_pause_halts_and_resume_goes_on():
    runs = Runs()
    paced = Paced(runs, ANN)
    paced.advance(2)
    runs.control(paced.run.id, ANN, "pause")
    paced.gate.release(100)
    wait_until(lambda: paced.state == "paused")
    halted = paced.step
    assert halted < 10
    runs.control(paced.run.id, ANN, "resume")
    wait_until(lambda: paced.step > halted)
    runs.control(paced.run.id, ANN, "stop")
    paced.gate.release(1000)
    wait_until(lambda: paced.run.board.ended)


def test_a_resume_before_the_pause_took_effect_cancels_it():
    runs = Runs()
    paced = Paced(runs, ANN, steps=5)
    paced.advance(1)
    runs.control(paced.run.id, ANN, "pause")
    assert paced.state == "pausing"
    runs.control(paced.run.id, ANN, "resume")
    paced.gate.release(10)
    wait_until(lambda: paced.run.board.ended)
    assert paced.state == "finished"


def test_a_paused_run_gives_its_slot_away_and_waits_for_it_when_it_resumes():
    runs = Runs()
    first = Paced(runs, ANN)
    first.advance()
    second = Paced(runs, BOB)
    wait_until(lambda: second.run.board.position == 1)
    assert second.state == "queued"
    runs.control(first.run.id, ANN, "pause")
    first.gate.release(5)
    wait_until(lambda: second.state == "running")
    second.advance()
    runs.control(first.run.id, ANN, "resume")
    wait_until(lambda: first.state == "queued")
    runs.control(second.run.id, BOB, "stop")
    second.gate.release(5)
    wait_until(lambda: first.state == "running")
    runs.control(first.run.id, ANN, "stop")
    first.gate.release(1000)
    wait_until(lambda: first.run.board.ended)


def test_a_run_paused_for_too_long_is_stopped_and_kept():
    runs = Runs(RunLimits(pause_seconds=0.05))
    paced = Paced(runs, ANN)
    paced.advance()
    runs.control(paced.run.id, ANN, "pause")
    paced.gate.release(1000)
    wait_until(lambda: paced.run.board.ended)
    assert paced.state == "stopped"
    assert paced.run.board.weights is not None
    assert "Paused for too long" in paced.run.board.note


def test_places_in_line_move_up_and_one_in_line_can_be_stopped():
    runs = Runs()
    first, second, third = (Paced(runs, key) for key in (ANN, BOB, CLEO))
    wait_until(lambda: third.run.board.position == 2)
    runs.control(second.run.id, BOB, "stop")
    wait_until(lambda: second.state == "stopped")
    wait_until(lambda: third.run.board.position == 1)
    runs.control(first.run.id, ANN, "stop")
    first.gate.release(1000)
    wait_until(lambda: third.state == "running")
    runs.control(third.run.id, CLEO, "stop")
    third.gate.release(1000)
    wait_until(lambda: third.run.board.ended)
    assert second.run.board.progress is None  # it never began


def test_two_slots_run_two_at_once():
    runs = Runs(RunLimits(slots=2))
    first, second = Paced(runs, ANN), Paced(runs, BOB)
    first.advance()
    second.advance()
    assert first.state == second.state == "running"
    for paced, key in ((first, ANN), (second, BOB)):
        runs.control(paced.run.id, key, "stop")
        paced.gate.release(1000)
        wait_until(lambda paced=paced: paced.run.board.ended)


def test_one_more_start_is_refused_while_a_run_is_going():
    runs = Runs()
    paced = Paced(runs, ANN)
    with pytest.raises(EngineError, match="has not ended"):
        start(runs, ANN)
    runs.control(paced.run.id, ANN, "stop")
    paced.gate.release(1000)
    wait_until(lambda: paced.run.board.ended)
    wait_until(lambda: start(runs, ANN).board is not None)


def test_a_run_of_another_engine_waits_in_line_instead():
    runs = Runs()
    paced = Paced(runs, ANN)
    paced.advance()
    other = runs.start("other", FakeConfig(), lambda folder: counting(3), ANN)
    wait_until(lambda: other.board.position == 1)
    runs.control(paced.run.id, ANN, "stop")
    paced.gate.release(1000)
    wait_until(lambda: other.board.state == "finished")


def test_a_run_has_a_folder_that_goes_when_it_is_forgotten():
    runs = Runs(RunLimits(kept=1))

    def writing(folder):
        (folder / "model").write_text("large", "utf-8")
        yield from counting(1)

    first = start(runs, ANN, writing)
    wait_until(lambda: first.board.ended)
    assert (first.folder / "model").read_text("utf-8") == "large"
    second = start(runs, ANN, writing)
    wait_until(lambda: second.board.ended)
    start(runs, BOB)
    assert not first.folder.exists()


def test_a_full_line_refuses():
    runs = Runs(RunLimits(queue=1))
    first = Paced(runs, ANN)
    first.advance()
    second = Paced(runs, BOB)
    wait_until(lambda: second.state == "queued" and second.run.board.position == 1)
    with pytest.raises(EngineError, match="line is full"):
        start(runs, CLEO)
    for paced, key in ((second, BOB), (first, ANN)):
        runs.control(paced.run.id, key, "stop")
        paced.gate.release(1000)
        wait_until(lambda paced=paced: paced.run.board.ended)


def test_only_the_owner_controls():
    runs = Runs()
    paced = Paced(runs, ANN)
    paced.advance()
    for key in (BOB, "", "é"):
        for action in ("pause", "stop"):
            with pytest.raises(EngineError, match="Only the person who started"):
                runs.control(paced.run.id, key, action)
    assert paced.state == "running"
    runs.control(paced.run.id, ANN, "stop")
    paced.gate.release(1000)
    wait_until(lambda: paced.run.board.ended)


def test_a_known_failure_keeps_its_sentence_and_an_unknown_one_gets_a_reference(caplog):
    runs = Runs()
    refused, broken = start(runs, ANN, lambda _: failing(REFUSED)), start(runs, BOB, lambda _: failing(FULL_DISK))
    wait_until(lambda: refused.board.ended and broken.board.ended)
    assert refused.board.state == "failed"
    assert str(refused.board.error) == "It is raining; try again when it is dry."
    assert "reference" in str(broken.board.error)
    assert "No space" not in str(broken.board.error)
    assert broken.board.latest.step == 1  # nothing made is lost
    assert "No space left" in caplog.text
    again = start(runs, ANN)  # and the slot is free again
    wait_until(lambda: again.board.state == "finished")


def test_the_engine_is_closed_when_it_ends_badly():
    closed = threading.Event()

    def engine(folder):
        try:
            yield from failing(REFUSED)
        finally:
            closed.set()

    start(Runs(), ANN, engine)
    assert closed.wait(10)


def test_ended_runs_are_forgotten_oldest_first_but_not_the_example():
    runs = Runs(RunLimits(kept=2))
    runs.add(full_board(), FakeConfig(), owner="", run_id="example")
    kept = [runs.add(full_board(), FakeConfig(), ANN).id for _ in range(4)]
    assert runs.get("example")
    assert runs.get(kept[3])
    assert runs.latest(ANN, "fake").id == kept[3]
    for run_id in (kept[0], "nonsense", None, 5):
        with pytest.raises(EngineError, match="no such run"):
            runs.get(run_id)


def test_ids_cannot_be_guessed():
    runs = Runs()
    ids = {runs.add(full_board(), FakeConfig(), ANN).id for _ in range(20)}
    assert len(ids) == 20
    assert min(map(len, ids)) >= 12


def test_one_in_line_is_told_how_long_it_will_wait():
    runs = Runs()
    first = Paced(runs, ANN, steps=1000)
    first.advance(2)
    first.run.board.active_seconds += 10
    first.advance(2)
    second = Paced(runs, BOB)
    wait_until(lambda: second.run.board.position == 1)
    assert second.run.board.wait_seconds > 100
    third = Paced(runs, CLEO)
    wait_until(lambda: third.run.board.position == 2)
    assert third.run.board.wait_seconds is None, "nothing has ended yet, so how long the second takes is unknown"
    for paced, key in ((third, CLEO), (second, BOB), (first, ANN)):
        runs.control(paced.run.id, key, "stop")
        paced.gate.release(1000)
        wait_until(lambda paced=paced: paced.run.board.ended)


@pytest.mark.slow
def test_a_visitors_run_of_another_engine_waits_behind_others():
    runs = Runs()
    first = Paced(runs, ANN)
    first.advance()
    other = runs.start("other", FakeConfig(), lambda folder: counting(3), ANN)
    wait_until(lambda: other.board.position == 1)
    bob = Paced(runs, BOB)
    wait_until(lambda: (bob.run.board.position, other.board.position) == (1, 2))
    runs.control(first.run.id, ANN, "stop")
    first.gate.release(1000)
    wait_until(lambda: bob.state == "running")
    assert other.board.state == "queued"
    runs.control(bob.run.id, BOB, "stop")
    bob.gate.release(1000)
    wait_until(lambda: other.board.state == "finished")
