"""A text server's models in the tab: asked from the page's process, and what they wrote stays when they fail."""

import json
from types import SimpleNamespace

import gradio as gr
import pytest

from engines.limits import Limits
from engines.text_generation.config import SERVED
from engines.text_generation.models import Models
from engines.text_generation.servers.server import TextServer
from tabs.page.gate import Gate
from tabs.text_generation import actions as module
from tabs.text_generation.actions import TextActions
from tabs.text_generation.chat import ChatPanel, scene, turns_of
from tabs.text_generation.continuation import ContinuePanel
from tabs.text_generation.settings import text_form
from tests.text_server import NAME, said, text_server, told, written

ME = SimpleNamespace(session_hash="page", headers={"accept-language": "en"})
MODEL = SERVED + NAME


class NoComputer:
    """Nothing is computed here."""

    def events(self, *_):
        raise AssertionError("a text server needs no worker")

    call = events


@pytest.fixture
def panel(monkeypatch):
    """panel(kind, fake server): a panel of the tab, and its settings with the server's model."""
    monkeypatch.setattr(module, "PACE", 0)

    def make(kind, fake):
        actions = TextActions(Models(server=TextServer(fake.url)), Gate(Limits()), NoComputer())
        with gr.Blocks():
            made = kind(actions)
            made.form = text_form("text", actions.offer)
        return made, made.form.show({"model": MODEL, "seed": 1})

    return make


def test_a_chat_with_a_server(panel):
    logs = {"content": [told("Hi", -0.1, ("Hi", -0.1), ("Yo", -2.0))]}
    with text_server(lambda handler, _: handler.stream([said("Hi", "stop", logs)])) as fake:
        chat, settings = panel(ChatPanel, fake)
        *_, (value, lines, _) = chat.answer(scene([]), "", "Hello", ME, *settings)
    assert turns_of(value)[1]["content"] == "Hi"
    assert "1 tokens" in turns_of(value)[1]["about"]
    token = json.loads(lines.splitlines()[-3])
    assert (token[0], [name for name, _ in token[2]]) == ("Hi", ["Hi", "Yo"])


def test_an_answer_that_breaks_off_stays_and_the_reason_stands_below(panel):
    with text_server(lambda handler, _: handler.stream([said("Once "), said("upon")], done=False)) as fake:
        chat, settings = panel(ChatPanel, fake)
        *_, (value, _, _) = chat.answer(scene([]), "", "Hello", ME, *settings)
    assert [turn["content"] for turn in turns_of(value)] == ["Hello", "Once upon"]
    assert "broke off in the middle" in json.loads(value)["trouble"]


def test_a_text_is_written_on_without_probabilities(panel):
    with text_server(lambda handler, _: handler.stream([written(" two"), written(", three", "stop")])) as fake:
        going_on, settings = panel(ContinuePanel, fake)
        *_, (text, lines) = going_on.write("one,", ME, *settings)
    assert text == "one, two, three"
    assert json.loads(lines.splitlines()[-3])[:3] == [", three", None, []]
    assert "this server tells no probabilities" in lines


def test_a_text_that_breaks_off_stays_in_its_box(panel):
    with text_server(lambda handler, _: handler.stream([written(" two")], done=False)) as fake:
        going_on, settings = panel(ContinuePanel, fake)
        seen = []
        with pytest.raises(gr.Error, match="broke off"):
            keep(going_on.write("one,", ME, *settings), seen)
    assert seen[-1][0] == "one, two"


def keep(outputs, seen):
    for output in outputs:
        seen.append(output)


def test_a_script_chats_with_it():
    with text_server(lambda handler, _: handler.stream([said("Hi", "stop")])) as fake:
        actions = TextActions(Models(server=TextServer(fake.url)), Gate(Limits()), NoComputer())
        *_, text = actions.text_chat([{"role": "user", "content": "Hello"}], "", {"model": MODEL}, ME)
        assert text == "Hi"
        with pytest.raises(gr.Error, match="no model called 'other'; there are tiny"):
            list(actions.text_chat([{"role": "user", "content": "Hello"}], "", {"model": f"{SERVED}other"}, ME))
        with pytest.raises(gr.Error, match="does not tell how likely"):
            actions.text_perplexity("a b", MODEL, ME)
