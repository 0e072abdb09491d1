import json

from engines.messages import Message
from engines.music.score.abc import read
from tabs.music.score.view import ABCJS, SCRIPTS, score_view, sheet


def test_a_sheet_has_clean_abc_and_notes_with_their_places_in_it():
    shown = json.loads(sheet(read('T:<img>\nM:2/4\nK:G\n|:G4 "<b>"A4:|'), Message("told")))
    assert "<" not in shown["abc"]
    assert [note[0] for note in shown["notes"]] == [67, 69, 67, 69]
    assert {shown["abc"][note[3]] for note in shown["notes"]} == {"G", "A"}
    assert (shown["tempo"], shown["about"]["template"]) == (120.0, "told")


def test_what_draws_can_reach_no_sounds_of_its_own():
    script = ABCJS.read_text("utf-8")
    assert script.startswith("/*! abcjs_basic v6.7.2")
    assert "soundfonts" not in script
    assert len(script) < 600_000


def test_the_view_brings_the_player():
    assert SCRIPTS[0].read_text("utf-8").strip() in score_view("x", {}).js_on_load
