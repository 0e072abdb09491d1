"""The card without a browser: what is asked, what an answer counts for, and where."""

import gradio as gr
import numpy as np
import pytest

from engines.limits import Limits
from engines.messages import EngineError, Message
from engines.running.runs import Runs
from engines.running.votes.pair import Pair
from engines.running.votes.tally import Tally
from tabs.page.blind.card import BlindCard, Kind
from tabs.page.blind.sides import picture_side, side, text_side
from tabs.page.gate import Gate
from tests.fakes import FakeConfig, full_board

WORDS = [Message(text) for text in ("Press it", "Two texts", "The first is real", "The second is real")]


def draw(run, seed):
    if run == "gone":
        raise EngineError("There is no such run here any more.")
    return Pair("真", "<b>made</b>", seed % 2 == 0, Message("The real one is real."))


@pytest.fixture
def runs():
    return Runs()


@pytest.fixture
def card(runs):
    with gr.Blocks():
        card = BlindCard(Kind("fake", *WORDS, side, text_side, str, draw), runs, Gate(Limits()))
        shown = gr.Textbox()
        with gr.Tabs() as place:
            pass
        card.wire(gr.BrowserState(""), place, [shown], str)
    return card


def ask(card, run="", owner="me"):
    return card.show(owner, None, run)


def answer(card, asked, right=True, owner="me", mine=None):
    first = asked[0].first is right
    return card._answer(first)(owner, asked, mine or Tally(), None)


def test_two_are_shown_and_none_says_which_it_is(card):
    asked, one, other, *buttons, said, _ = ask(card)
    assert {one.count("真"), other.count("真")} == {0, 1}
    assert "&lt;b&gt;made" in one + other, "what was made is text"
    assert "The real one" not in one + other
    assert all(button["interactive"] for button in buttons)
    assert not said
    assert asked[1] == ""


def test_an_answer_tells_which_was_real_and_how_often_one_was_right(card):
    asked, *_ = ask(card)
    mine, nothing, one, other, *buttons, said, _ = answer(card, asked, right=False)
    assert mine == Tally(0, 1)
    assert nothing is None
    real = one if asked[0].first else other
    assert "The real one" in real
    assert not any(button["interactive"] for button in buttons)
    assert "No, it is the other one." in said
    assert "You: 0 of 1 right so far." in said


def test_a_question_is_answered_once(card):
    assert all(each == gr.skip() for each in card._answer(True)("me", None, Tally(), None))


def test_votes_on_a_run_add_up_whoever_gives_them(card, runs):
    run = runs.add(full_board(), FakeConfig(), "owner").id
    for who, right in (("owner", True), ("watcher", False), ("watcher", True)):
        asked, *_ = ask(card, run, who)
        *_, standing = answer(card, asked, right, who)
    assert "All votes on this run: 2 of 3 right so far." in standing
    assert standing == card.look("someone else", None, run)
    assert not card.look("me", None, ""), "they are not on the bundled model"


def test_votes_on_a_bundled_model_add_up_in_a_room(card, runs):
    room = runs.rooms.open("teacher", "Ms Gauss")
    runs.rooms.join(room.code, "ann", "Ann")
    for who in ("teacher", "ann", "nobody in it"):
        asked, *_ = ask(card, "", who)
        answer(card, asked, True, who)
    assert "All votes of your room: 2 of 2" in card.look("ann", None, "")
    assert not card.look("nobody in it", None, "")


def test_another_run_begins_anew(card):
    mine, asked, *_ = card.begin_anew("me", None, "")
    assert (mine, asked) == (Tally(), None)


def test_what_can_not_be_drawn_is_said(card):
    with pytest.raises(gr.Error, match="no such run"):
        ask(card, "gone")


def test_a_vote_on_a_run_that_went_meanwhile_is_ones_own(card):
    asked, *_ = ask(card)
    mine, *_, standing = answer(card, (asked[0], "gone"))
    assert mine.answers == 1
    assert not standing


def test_a_picture_is_there_with_words_for_who_does_not_see_it():
    html = picture_side(np.zeros((8, 8, 3), np.uint8), Message("Real, or made?"), str)
    assert 'src="data:image/png;base64,' in html
    assert 'alt="Real, or made?"' in html
