"""Rooms for a script and behind the tab's buttons."""

import gradio as gr
import pytest

from engines.gan_training.config import GanConfig
from engines.limits import Limits
from engines.running.runs import Runs
from tabs.page.gate import Gate
from tabs.room.actions import RoomActions
from tabs.room.tab import RoomTab
from tests.engines.running.room.test_tiles import training
from tests.fakes import wait_until


@pytest.fixture
def actions():
    return RoomActions(Runs(), Gate(Limits()))


@pytest.fixture
def tab(actions):
    made = RoomTab(actions)
    with gr.Blocks():
        made.build_layout()
    return made


def test_a_script_opens_joins_looks_and_leads(actions):
    opened = actions.room_open("Ms Gauss")
    joined = actions.room_join(opened["code"], "Ann")
    actions.runs.start("gan_training", GanConfig(), training(3.0), joined["owner"])
    wait_until(lambda: actions.runs.count_live() == 0)
    board = actions.room_board(opened["code"])
    assert board["people"] == ["Ms Gauss", "Ann"]
    assert board["tiles"][0]["score"] == {"column": "Fréchet distance", "value": 3.0, "percent": False}
    teacher, run = opened["owner"], board["tiles"][0]["run"]
    assert actions.room_control(teacher, "freeze") == {"code": opened["code"], "frozen": True}
    actions.room_control(teacher, "show", run)
    assert actions.room_board(opened["code"])["shown"] == run
    actions.room_control(teacher, "remove", "Ann")
    assert actions.room_board(opened["code"])["tiles"] == []
    assert actions.room_board(opened["code"])["shown"] == "", "who is taken out leaves the big screen too"
    assert actions.room_summary(teacher).endswith(f"room-{opened['code']}.zip")
    actions.room_control(teacher, "leave")
    with pytest.raises(gr.Error, match="no room with this code"):
        actions.room_board(opened["code"])


def test_what_cannot_be_gets_one_clear_sentence(actions):
    opened = actions.room_open("Ms Gauss")
    ann = actions.room_join(opened["code"], "Ann")["owner"]
    for call, says in (
        (lambda: actions.room_join("", "Bob"), "Type the code"),
        (lambda: actions.room_join("??????", "Bob"), "no room with this code"),
        (lambda: actions.room_join(opened["code"], ""), "Type your name first"),
        (lambda: actions.room_control(ann, "freeze"), "Only the person who opened the room"),
        (lambda: actions.room_control(ann, "explode"), "must be one of freeze, thaw"),
        (lambda: actions.room_control(ann, ["list"]), "must be one of freeze, thaw"),
        (lambda: actions.room_control(opened["owner"], "show", "no-such-run"), "not on the board"),
        (lambda: actions.room_control("stranger", "share"), "You are in no room"),
        (lambda: actions.room_control(["list"], "freeze"), "Only the person who opened the room"),
        (lambda: actions.room_join(opened["code"], "Bob", "x" * 1000), "The owner's key must be"),
        (lambda: actions.room_board(["list"]), "no room with this code"),
        (lambda: actions.room_summary(ann), "Only the person who opened the room"),
    ):
        with pytest.raises(gr.Error, match=says):
            call()


def test_after_a_reload_one_is_where_one_was(tab):
    room = tab.rooms.open("teacher", "Ms Gauss")
    tab.rooms.join(room.code, "ann", "Ann")
    outside, anns, teachers = (tab.arrive(owner, {"room": room.code})[-1] for owner in ("bob", "ann", "teacher"))
    assert (outside, anns, teachers) == ("", room.code, room.code)
    assert tab.arrive("bob", {"room": room.code})[1]["value"] == room.code, "the link's code stands in the box"


def test_a_room_is_closed_only_after_asking(tab):
    room = tab.rooms.open("teacher", "Ms Gauss")
    tab.rooms.join(room.code, "ann", "Ann")
    assert tab.go_out("ann", False, None)[-1] == "", "who joined just leaves"
    sure, *shown = tab.go_out("teacher", False, None)
    assert (sure, shown[-1]) == (True, room.code)
    assert tab.go_out("teacher", sure, None)[-1] == ""
    assert tab.rooms.of("teacher") is None


def test_only_the_teacher_sees_the_tools_and_the_code_to_scan(tab):
    room = tab.rooms.open("teacher", "Ms Gauss")
    tab.rooms.join(room.code, "ann", "Ann")
    link = f"http://127.0.0.1/?tab=room&room={room.code}"
    assert "<svg" in tab.draw_code("teacher", link, None)
    assert tab.draw_code("ann", link, None) == ""
    assert tab.draw_code("teacher", "javascript:alert(1)", None) == ""
    assert "<script" not in tab.draw_code("teacher", "http://x/<script>", None)
    assert tab.list_names("teacher", None)["choices"] == [("Nobody", ""), ("Ann", "Ann")]
    assert tab.list_names("bob", None)["choices"] == [("Nobody", "")]
