"""Who is in a room, under which name, and what its teacher may do; it outlives pages and programs."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from engines.messages import ConfigError, EngineError
from engines.running import turns
from engines.running.events import Metrics, Progress
from engines.running.room import rooms as rooms_module
from engines.running.room.rooms import NAME_LENGTH, Rooms, check_name
from engines.running.runs import RunLimits, Runs
from engines.running.slots import Slots
from tests.fakes import FakeConfig, counting, wait_until


def make(folder=None, most=40):
    return Rooms(Slots(1), most, folder)


def names(room):
    return [member.name for member in room.present.values()]


def test_who_has_the_code_may_join_however_they_type_it():
    rooms = make()
    room = rooms.open("teacher", "Ms Gauss")
    assert rooms.join(f" {room.code[:3].lower()}-{room.code[3:]} ", "ann", "Ann") is room
    assert names(room) == ["Ms Gauss", "Ann"]
    assert rooms.of("ann") is room
    assert rooms.of("bob") is None
    for wrong in ("", "AAAAAA", None, "x" * 1000, 7):
        with pytest.raises(EngineError, match="no room with this code"):
            rooms.join(wrong, "bob", "Bob")


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("  Ann \n Lee ", "Ann Lee"),
        ("<b>Bob</b>", "<b>Bob</b>"),
        ("小明", "小明"),
        ("A\u202eB\u200bC\x00", "ABC"),
        ("Zoe\u0301", "Zoé"),
        ("<script>alert(1)", "<script>alert(1)"),
        ("{0.__class__} %s", "{0.__class__} %s"),
        ("../../etc/passwd", "../../etc/passwd"),
        ("=1+1;'--", "=1+1;'--"),
    ],
)
def test_a_name_is_plain_text_on_one_line(given, kept):
    assert check_name(given) == kept


@pytest.mark.parametrize("name", ["x" * (NAME_LENGTH + 1), "…!", None, 7, ["a"], "x" * 10**6])
def test_a_name_that_is_none_is_refused(name):
    with pytest.raises(ConfigError, match="A name must be a text of at most 24"):
        check_name(name)


@pytest.mark.parametrize("name", ["", "   ", "\u200b\u202e"])
def test_who_gave_no_name_is_asked_for_it(name):
    with pytest.raises(ConfigError, match="Type your name first"):
        check_name(name)


def test_a_name_stands_once_in_a_room_and_one_may_change_ones_own():
    rooms = make()
    room = rooms.open("teacher", "Ms Gauss")
    rooms.join(room.code, "ann", "Ann")
    with pytest.raises(EngineError, match="has this name already"):
        rooms.join(room.code, "bob", "ANN")
    rooms.join(room.code, "ann", "Anna")
    assert names(room) == ["Ms Gauss", "Anna"]


def test_a_full_room_says_so_and_stays_as_it_is(monkeypatch):
    monkeypatch.setattr(rooms_module, "MOST_MEMBERS", 3)
    rooms = make()
    room = rooms.open("teacher", "Ms Gauss")
    for owner in ("ann", "bob"):
        rooms.join(room.code, owner, owner)
    for late in ("cem", "dan"):
        with pytest.raises(EngineError, match="The room is full: 3 people are in it"):
            rooms.join(room.code, late, late)
        assert rooms.of(late) is None
    assert names(room) == ["Ms Gauss", "ann", "bob"]
    assert rooms.join(room.code, "ann", "Anna"), "who is in it may come again"


def test_five_hundred_join_at_once_and_all_are_in():
    rooms = make()
    room = rooms.open("teacher", "Ms Gauss")
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda number: rooms.join(room.code, f"key-{number}", f"Student {number}"), range(500)))
    assert len(room.present) == 501
    assert rooms.of("key-499") is room
    assert rooms.led("teacher") is room


def test_only_who_opened_it_leads_it():
    rooms = make()
    room = rooms.open("teacher", "Ms Gauss")
    rooms.join(room.code, "ann", "Ann")
    for act in (lambda: rooms.freeze("ann", True), lambda: rooms.show("ann", "x"), lambda: rooms.remove("ann", "Ann")):
        with pytest.raises(EngineError, match="Only the person who opened the room"):
            act()
    rooms.leave("ann")
    assert names(room) == ["Ms Gauss"]
    rooms.leave("teacher")
    with pytest.raises(EngineError, match="no room with this code"):
        rooms.get(room.code)


def test_one_who_was_taken_out_is_gone_and_stays_out():
    rooms = make()
    room = rooms.open("teacher", "Ms Gauss")
    rooms.join(room.code, "ann", "rude words")
    rooms.remove("teacher", "rude words")
    assert names(room) == ["Ms Gauss"]
    assert rooms.of("ann") is None
    with pytest.raises(EngineError, match="You were taken out"):
        rooms.join(room.code, "ann", "Nice")
    for nobody in ("rude words", "Ms Gauss", ""):
        with pytest.raises(EngineError, match="Nobody of this name"):
            rooms.remove("teacher", nobody)


def test_a_room_is_there_again_after_a_restart_and_a_damaged_one_is_left_out(tmp_path):
    rooms = make(tmp_path)
    room = rooms.open("teacher", "Ms Gauss")
    rooms.join(room.code, "ann", "Ann")
    rooms.share("ann", True)
    rooms.freeze("teacher", True)
    (tmp_path / "BROKEN.json").write_text('{"code": 7}', "utf-8")
    again = make(tmp_path)
    assert names(again.of("ann")) == ["Ms Gauss", "Ann"]
    assert again.shows("ann")
    assert again.led("teacher").frozen
    assert "ann" not in (tmp_path / f"{room.code}.json").read_text("utf-8"), "keys are not on disk"


def test_five_hundred_join_at_once_while_others_look():
    rooms = make()
    room = rooms.open("teacher", "Ms Gauss")
    over, seen = threading.Event(), []

    def look():
        while not over.is_set():
            seen.append(len([member.name for member in room.present.values()]))

    def join(first):
        for i in range(first, first + 125):
            rooms.join(room.code, f"key {i}", f"Student {i}")

    watcher = threading.Thread(target=look)
    watcher.start()
    joiners = [threading.Thread(target=join, args=(first,)) for first in range(0, 500, 125)]
    for thread in joiners:
        thread.start()
    for thread in joiners:
        thread.join()
    over.set()
    watcher.join()
    assert len(room.present) == 501
    assert seen == sorted(seen), "who looked saw a whole list each time"


def test_a_full_room_says_so(monkeypatch):
    monkeypatch.setattr(rooms_module, "MOST_MEMBERS", 2)
    rooms = make()
    room = rooms.open("teacher", "Ms Gauss")
    rooms.join(room.code, "ann", "Ann")
    with pytest.raises(EngineError, match="The room is full: 2 people"):
        rooms.join(room.code, "bob", "Bob")


# --- its runs ------------------------------------------------------------------------------------------------------


def a_class(runs, *owners):
    room = runs.rooms.open("teacher", "Ms Gauss")
    for owner in owners:
        runs.rooms.join(room.code, owner, owner.title())
    return room


def start(runs, owner, steps=5, events=None):
    return runs.start("fake", FakeConfig(steps=steps), lambda folder: events or counting(steps), owner)


def test_a_frozen_room_starts_nothing_new_and_lets_go_on_what_goes_on():
    runs, gate = Runs(), threading.Semaphore(0)
    a_class(runs, "ann", "bob")
    going = start(runs, "ann", events=counting(5, gate))
    runs.rooms.freeze("teacher", True)
    with pytest.raises(EngineError, match="The room is frozen"):
        start(runs, "bob")
    start(runs, "outsider")
    start(runs, "teacher")
    for _ in range(5):
        gate.release()
    wait_until(lambda: going.board.state == "finished")
    runs.rooms.freeze("teacher", False)
    assert start(runs, "bob")


def test_a_room_has_at_most_so_many_runs_that_go_on():
    runs, gate = Runs(RunLimits(room_runs=2)), threading.Semaphore(0)
    a_class(runs, "ann", "bob", "cem")
    live = [start(runs, owner, events=counting(3, gate)) for owner in ("ann", "bob")]
    with pytest.raises(EngineError, match="In this room 2 trainings go on"):
        start(runs, "cem")
    for _ in range(6):
        gate.release()
    wait_until(lambda: all(run.board.ended for run in live))
    assert start(runs, "cem")


def working(steps, seconds=0.002):
    """An engine that takes a moment for each step."""
    stop = False
    for step in range(1, steps + 1):
        threading.Event().wait(seconds)
        if stop:
            return
        yield Metrics(step, {"Loss": 1.0})
        stop = yield Progress(step, steps)


@pytest.mark.slow
def test_the_runs_of_a_room_take_turns_and_get_the_same(monkeypatch):
    monkeypatch.setattr(turns, "TURN_SECONDS", 0.05)
    runs = Runs()
    a_class(runs, *"abcdef")
    made = [start(runs, owner, 100_000, working(100_000)) for owner in "abcdef"]
    wait_until(lambda: min(run.board.active_seconds for run in made) > 0.5, 60)
    seconds = [run.board.active_seconds for run in made]
    assert max(seconds) - min(seconds) < 0.25
    for run, owner in zip(made, "abcdef", strict=True):
        runs.control(run.id, owner, "stop")
    wait_until(lambda: all(run.board.ended for run in made), 20)


def test_a_room_lets_others_in_line_go_on_before_it(monkeypatch):
    monkeypatch.setattr(turns, "TURN_SECONDS", 0.02)
    monkeypatch.setattr(rooms_module, "PATIENCE", 0.2)
    runs = Runs()
    a_class(runs, "ann", "bob")
    made = [start(runs, owner, 100_000, working(100_000)) for owner in ("ann", "bob")]
    wait_until(lambda: all(run.board.active_seconds > 0.05 for run in made))
    outsider = start(runs, "outsider", 3)
    wait_until(lambda: outsider.board.state == "finished", 20)
    before = [run.board.active_seconds for run in made]
    wait_until(lambda: all(run.board.active_seconds > then for run, then in zip(made, before, strict=True)), 20)
    for run, owner in zip(made, ("ann", "bob"), strict=True):
        runs.control(run.id, owner, "stop")
    wait_until(lambda: all(run.board.ended for run in made), 20)


def test_a_race_in_a_room_takes_turns_with_the_others(monkeypatch):
    monkeypatch.setattr(turns, "TURN_SECONDS", 0.02)
    runs = Runs()
    a_class(runs, "ann", "bob")
    alone = start(runs, "ann", 100_000, working(100_000))
    entries = [("fake", FakeConfig(), lambda folder: working(100_000)) for _ in range(2)]
    racing = runs.race(entries, "bob", 10)
    wait_until(lambda: all(run.board.active_seconds > 0.1 for run in (alone, *racing)), 30)
    for run, owner in ((alone, "ann"), (racing[0], "bob"), (racing[1], "bob")):
        runs.control(run.id, owner, "stop")
    wait_until(lambda: all(run.board.ended for run in (alone, *racing)), 20)
