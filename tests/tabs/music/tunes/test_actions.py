import json
import wave
from pathlib import Path

import gradio as gr
import pytest

from engines.gpt_training.config import ENGINE, GptConfig
from engines.limits import Limits
from engines.music.score.abc import read
from engines.music.score.musicxml import read_musicxml
from engines.music.score.playing import piece_of
from engines.running.board import Board
from engines.running.runs import Runs
from engines.running.workers.pool import Here
from tabs.music.score.view import sheet
from tabs.music.tunes.actions import TuneActions
from tabs.page.gate import Gate
from tests.engines.gpt_training.tiny import trainer, weights_of

ABC = "X:1\nM:6/8\nK:G\nGAB c2d|e6|\n"
COUNTED = "[M:6/8][K:D][N:8]A3B3|d6|A3B3|d6|A3B3|d6|A3B3|d6|"
TUNES = ["[M:6/8][K:D]A3B3|d6|", "[M:6/8][K:D]F3A3|d6|"] * 60


@pytest.fixture
def actions():
    return TuneActions(Runs(), Gate(Limits()), Here())


def a_run(actions, data, documents=TUNES, **more):
    """A finished run's id, of a model that has learnt a little."""
    one = trainer(documents=documents, steps=60, context=40, data=data, **more)
    board = Board(ENGINE, one.config.to_dict())
    board.weights = weights_of(one, documents)
    board.set_state("finished")
    return actions.runs.add(board, one.config, owner="me").id


def test_a_run_that_learnt_tunes_writes_one(actions):
    run = a_run(actions, "tunes")
    assert [known for known, _ in actions.runs_of("me")] == [run]
    assert not actions.runs_of("another")
    line, judged = actions.compose(run, "D", "6/8", 0.9, 1)
    assert line.startswith("[M:6/8][K:D]")
    assert 0 <= judged.bars <= 1
    assert actions.told(run, judged).values["model"].values["step"] == "60"


def test_only_a_run_whose_tunes_say_their_length_is_asked_for_one(actions):
    plain, counted = a_run(actions, "tunes"), a_run(actions, "tunes", [COUNTED, COUNTED] * 60, bars=True)
    assert [actions.takes_length(model) for model in ("bundled", counted, plain)] == [False, True, False]
    assert actions.compose(counted, "D", "6/8", 0.9, 1, 8)[0].startswith("[M:6/8][K:D][N:8]")
    with pytest.raises(gr.Error, match="Length first"):
        actions.tune_write(plain, bars=16)


def test_a_run_of_poems_writes_none(actions):
    run = a_run(actions, "names", ["Anna", "Nora"] * 60)
    assert not actions.runs_of("me")
    with pytest.raises(gr.Error, match="writes no tunes"):
        actions.tune_write(run)


@pytest.mark.parametrize(
    ("settings", "field"),
    [({"key": "H"}, "Key"), ({"meter": "7/8"}, "Metre"), ({"temperature": 9}, "Temperature"), ({"bars": 7}, "Bars")],
)
def test_what_is_asked_for_is_checked(actions, settings, field):
    with pytest.raises(gr.Error, match=f"{field} must be"):
        actions.tune_write(**settings)


def test_notes_are_told_with_repeats_unfolded(actions):
    told = actions.tune_notes("M:2/4\nK:Am\n|:A4c4:|")
    assert told["notes"][:2] == [[69, 0.0, 1.0], [72, 1.0, 1.0]]
    assert len(told["notes"]) == 4
    assert (told["key"], told["meter"], told["tempo"]) == ("Am", "2/4", 120.0)


def test_a_tune_is_taken_home_in_four_forms(actions):
    assert read(Path(actions.tune_file(ABC, "abc")).read_text("utf-8")) == read(ABC)
    assert Path(actions.tune_file(ABC, "midi")).read_bytes().startswith(b"MThd")
    with wave.open(actions.tune_file(ABC, "wav")) as file:
        assert file.getnframes() > 0
    again = read_musicxml(Path(actions.tune_file(ABC, "musicxml")).read_bytes())
    assert [note.pitch for note in again.notes] == [note.pitch for note in piece_of(read(ABC)).notes]
    with pytest.raises(gr.Error, match="abc, midi, wav or musicxml"):
        actions.tune_file(ABC, "../mp3")


def test_files_of_what_a_machine_wrote_say_so(actions):
    value = json.loads(sheet(read(ABC)))
    for kind in ("abc", "midi", "wav", "musicxml"):
        assert b"Machine-made" not in Path(actions.save(json.dumps(value), kind)).read_bytes()
        assert b"Machine-made" in Path(actions.save(json.dumps({**value, "about": "x"}), kind)).read_bytes()


@pytest.mark.parametrize("value", ["", None, "[]", "{", '{"abc": 3}', '"x"'])
def test_what_is_no_score_is_no_file(actions, value):
    with pytest.raises(Exception, match=r"no tune yet|no notes"):
        actions.save(value, "midi")


@pytest.mark.parametrize("abc", ["K:G\n" + "G" * 10**6, {"a": 1}, None])
def test_hostile_abc_gets_one_sentence(actions, abc):
    with pytest.raises(gr.Error, match=r"at most 20,000|text in ABC"):
        actions.tune_notes(abc)


def test_settings_of_tunes_are_checked_as_all_are():
    assert GptConfig(data="tunes").whole
