"""What a visitor's clicks and a script's calls do with the text engine: in order, out of order, and when it fails."""

from __future__ import annotations

import json
import re
import sys
import urllib.request
from types import SimpleNamespace

import gradio as gr
import pytest
import torch
from gradio_client import Client

import app as playground
from engines.catalog import MODELS
from engines.limits import Limits
from engines.running.runs import Runs
from engines.running.workers.pool import Here
from engines.text_generation.config import TextConfig
from engines.text_generation.engine import continue_text
from engines.text_generation.models import Models, warm_up
from tabs.page.gate import Gate
from tabs.text_generation import actions as tab_actions
from tabs.text_generation import chat as tab_chat
from tabs.text_generation.actions import TextActions
from tabs.text_generation.chat import ChatPanel, invitation, plain, scene, turns_of
from tabs.text_generation.continuation import ContinuePanel
from tabs.text_generation.scoring import ScorePanel
from tabs.text_generation.settings import text_form
from tabs.text_generation.templates import TemplatePanel
from tests import ROOT
from tests.fakes import wait_until
from tests.served import served
from tests.tiny_models import save_gpt2, save_llama

README = ROOT / "README.md"
SKIP = gr.skip()


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cache")
    save_llama(folder / "models" / "SmolLM2-135M-Instruct")
    save_gpt2(folder / "models" / "GPT-2")
    return folder


@pytest.fixture(scope="module")
def models(cache):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIGC_CACHE", str(cache))
        patch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")  # nothing listens there
        patch.setenv("PIP_NO_INDEX", "1")
        models = Models()
        yield models
        models.close()


@pytest.fixture
def actions(models):
    return TextActions(models, Gate(Limits()), Here())


def visitor(language: str = "en", page: str = "page") -> gr.Request:
    return SimpleNamespace(session_hash=page, headers={"accept-language": language})


ME = visitor()


def settings(panel, **values):
    """The panel's knobs as its widgets hand them over."""
    return panel.form.show({"seed": 1, "max_new_tokens": 8, "temperature": 1.5, **values})


@pytest.fixture
def chat(actions):
    with gr.Blocks():
        panel = ChatPanel(actions)
        panel.form = text_form("text", actions.offer)
    return panel


@pytest.fixture
def going_on(actions):
    with gr.Blocks():
        panel = ContinuePanel(actions)
        panel.form = text_form("text", actions.offer)
    return panel


def send(chat, turns, message, **values):
    return chat.answer(scene(turns), "", message, ME, *settings(chat, **values))


def last_of(outputs):
    """The turns that the page has when a handler has ended."""
    return turns_of(list(outputs)[-1][0])


def trouble(output):
    return json.loads(output[0]).get("trouble", "")


# --- chat ---------------------------------------------------------------------------------------------------------


def test_a_message_is_answered_and_the_box_is_emptied_only_once(chat):
    outputs = list(send(chat, [], "Hello"))
    boxes = [box for _, _, box in outputs]
    assert boxes[0] == ""
    assert boxes[1:] == [SKIP] * len(boxes[1:])  # the person types on
    value, lines, *_ = outputs[-1]
    turns = turns_of(value)
    assert [turn["role"] for turn in turns] == ["user", "assistant"]
    assert "8 tokens" in turns[1]["about"]
    assert "tokens" not in turns[1]["content"]
    assert lines.endswith('{"end":true}\n')
    retry = gr.RetryData(None, {"index": 0, "value": ""})
    again = last_of(chat.retry(value, "", "", retry, ME, *settings(chat)))
    assert again[1]["content"] == turns[1]["content"]  # the same seed
    edit = gr.EditData(None, {"index": 0, "value": "Bye", "previous_value": "Hello"})
    assert last_of(chat.edit(value, "", "", edit, ME, *settings(chat)))[0]["content"] == "Bye"


TEXTS = [
    "if x:\n    y = 1\n\tz\n",
    "  leading and trailing  ",
    "<b>x</b> &lt;i&gt; </span><style>*{display:none}</style><script>alert(1)</script>",
    "[a](javascript:alert(1)) $$x$$ **bold** `code` # title",
    "a\0b\u202e\u200b\r\nc 🍎 好",
    "<eos><|im_end|>",
]


@pytest.mark.parametrize("text", TEXTS)
def test_the_page_and_the_model_get_what_was_typed(chat, monkeypatch, text):
    asked = []
    engine = tab_chat.chat
    monkeypatch.setattr(
        tab_chat,
        "chat",
        lambda models, config, turns, *more: asked.append(turns) or engine(models, config, turns, *more),
    )
    value = list(send(chat, [], text))[-1][0]
    edit = gr.EditData(None, {"index": 0, "value": turns_of(value)[0]["content"], "previous_value": ""})
    edited = list(chat.edit(value, "", "", edit, ME, *settings(chat)))[-1][0]
    assert plain(turns_of(value)) == plain(turns_of(edited))  # the same seed: the same answer
    assert "<" not in value  # else Gradio warns of scripts
    back = chat.undo(value, gr.UndoData(None, {"index": 0, "value": ""}), ME)
    assert [turns[0]["content"] for turns in asked] == [text, text]
    assert back[2] == text


@pytest.mark.parametrize("value", [None, "", "{", "[]", "5", '{"turns": 5}', '{"turns": [{"role": "root"}]}'])
def test_a_scene_that_is_damaged_is_an_empty_chat(value):
    assert turns_of(value) == []


def test_a_chat_is_shown_while_it_is_written(chat, monkeypatch):
    monkeypatch.setattr(tab_actions, "PACE", 0)
    kept = [turns_of(value) for value, *_ in send(chat, [], "Hello", max_new_tokens=40)]
    assert all(turns[0] == {"role": "user", "content": "Hello"} for turns in kept)
    lengths = [len(turns[1]["content"]) for turns in kept if len(turns) == 2]
    assert lengths == sorted(lengths)
    assert len(lengths) > 3


def test_an_answer_that_was_cut_is_written_on(chat):
    turns = last_of(send(chat, [], "Hello", greedy=True))
    assert turns[1]["cut"]
    data = gr.EventData(None, {"index": 1, "value": ""})
    more = last_of(chat.go_on(scene(turns), "", "", data, ME, *settings(chat, greedy=True)))
    assert more[0] == turns[0]
    assert more[1]["content"].startswith(turns[1]["content"])
    assert len(more[1]["content"]) > len(turns[1]["content"])


def test_after_a_reload_a_message_without_an_answer_is_back_in_its_box(chat):
    turns = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b", "about": "fast"}]
    assert chat.show_kept(scene(turns), TextConfig.model, ME)[1] == SKIP
    value, message = chat.show_kept(scene([*turns, {"role": "user", "content": "c"}]), TextConfig.model, ME)
    assert (turns_of(value), message) == (turns, "c")


def test_without_an_answer_all_is_as_before(chat, models, monkeypatch):
    before = last_of(send(chat, [], "Hello"))
    model = models._loaded[TextConfig.model].model
    monkeypatch.setattr(model, "read", lambda *arguments: (_ for _ in ()).throw(torch.OutOfMemoryError()))
    *_, ended, told = send(chat, before, "Once more")
    assert ended[2] == "Once more"
    assert "ran out of memory" in ended[1]
    assert turns_of(told[0]) == before
    assert "ran out of memory" in trouble(told)
    monkeypatch.undo()
    again = list(send(chat, before, "Once more"))
    assert len(turns_of(again[-1][0])) == 4  # and the app goes on
    assert not any(map(trouble, again))


@pytest.mark.parametrize("message", ["", "a\ud800", "x" * 300_000])
def test_a_message_that_cannot_be_sent_is_told_below_the_chat(chat, message):
    before = last_of(send(chat, [], "Hello"))
    *_, told = send(chat, before, message)
    assert turns_of(told[0]) == before
    assert trouble(told).endswith(".")


def test_a_chat_that_is_too_long_is_told_and_cut(chat):
    turns = []
    for number in range(3):
        turns = last_of(send(chat, turns, f"{number} " * 20))
    *_, written, told = send(chat, turns, "x" * 100)  # the tiny model reads 256 tokens
    assert "more than this model can read" in written[1]
    assert "more than this model can read" in trouble(told)
    assert (turns_of(told[0]), written[2]) == (turns, "x" * 100)
    assert json.loads(told[0])["over"]
    cut = last_of(chat.answer_cut(scene(turns), "", "x" * 100, ME, *settings(chat)))
    assert len(cut) < len(turns)
    assert cut[-2]["content"] == "x" * 100
    alone = list(send(chat, [], "x" * 300))
    assert not json.loads(alone[-1][0])["over"]  # there is nothing to cut


@pytest.mark.parametrize("click", ["new_chat", "undo"])
def test_the_chat_is_not_written_on_after_it_was_left(chat, click):
    writing = send(chat, [], "Hello", max_new_tokens=200)
    value = next(output for output in writing if len(turns_of(output[0])) == 2)[0]
    data = gr.UndoData(None, {"index": 0, "value": "Hello"})
    outputs = chat.new_chat(value, ME) if click == "new_chat" else chat.undo(value, data, ME)
    assert outputs == (SKIP,) * 3  # left to the handler that writes, which has the last word
    *_, last = writing
    assert (turns_of(last[0]), last[1]) == ([], "")
    assert last[2] == (SKIP if click == "new_chat" else "Hello")
    new = chat.new_chat(value, ME)  # and when nothing is written, at once
    assert json.loads(new[0]) == {"turns": [], "before": turns_of(value)}


def test_a_stop_before_the_first_word_gives_the_message_back(chat, monkeypatch):
    monkeypatch.setattr(tab_actions, "PACE", 0)
    writing = send(chat, [], "x" * 200)
    next(writing)
    chat.actions.stopper("chat")(ME)
    *_, last = writing
    turns = turns_of(last[0])
    assert (last[2], turns) == ("x" * 200, []) or len(turns) == 2  # unless it was written already


def test_pages_do_not_stop_each_other(actions):
    config = TextConfig(max_new_tokens=100, seed=1, temperature=1.5)
    mine = actions.stream(continue_text(actions.models, config, "a"), visitor(page="1"), "chat")
    other = actions.stream(continue_text(actions.models, config, "b"), visitor(page="2"), "chat")
    next(mine), next(other)
    actions.stopper("chat")(visitor(page="2"))
    assert list(other)[-1].answer.ended == "stopped"
    assert list(mine)[-1].answer.ended == "length"


def test_a_new_text_takes_the_place_of_the_old(actions):
    config = TextConfig(max_new_tokens=200, seed=1, temperature=1.5)
    old = actions.stream(continue_text(actions.models, config, "a"), ME, "continue")
    next(old)
    new = actions.stream(continue_text(actions.models, config, "b"), ME, "continue")
    next(new)
    assert list(old) == []  # it says no more
    batcher = actions.models._loaded[TextConfig.model].batcher
    wait_until(lambda: len(batcher._rows) + len(batcher._reading) == 1)
    actions.stopper("continue")(ME)
    assert list(new)[-1].answer.ended == "stopped"
    assert actions._jobs == {}


def test_examples_are_in_the_visitors_language_and_asked_in_one_that_the_model_knows():
    english = invitation(MODELS["SmolLM2-135M-Instruct"])
    assert english["placeholder"] == "Say hello, or try one of these."
    assert all(example["text"] == example["display_text"] for example in english["examples"])
    small = invitation(MODELS["SmolLM2-135M-Instruct"], "zh")
    assert "只懂英文" in small["placeholder"]
    assert "Qwen" in small["placeholder"]
    assert [example["text"] for example in small["examples"]] == [example["text"] for example in english["examples"]]
    assert all(re.search("[一-鿿]", example["display_text"]) for example in small["examples"])
    large = invitation(MODELS["Qwen2.5-0.5B-Instruct"], "zh")
    assert "只懂英文" not in large["placeholder"]
    assert all(example["text"] == example["display_text"] for example in large["examples"])


# --- the other panels -----------------------------------------------------------------------------------------------


def test_undo_while_a_text_is_continued(going_on):
    writing = going_on.write("one, two", ME, *settings(going_on, max_new_tokens=200))
    next(output for output in writing if output[0] != SKIP)
    assert going_on.take_back("one, two", ME) == (SKIP, SKIP)
    *_, last = writing
    assert last == ("one, two", "")


def test_a_measurement_can_be_stopped_and_leaves_the_text_alone(going_on, models, monkeypatch):
    outputs = list(going_on.perplexity("The cat sat on the mat.", ME, *settings(going_on)))
    assert all(text == SKIP for text, _ in outputs)
    assert "Perplexity" in outputs[-1][1]
    model = models._loaded[TextConfig.model].model
    read = []

    def endless(ids):
        while True:
            read.append(1)
            yield len(read)

    monkeypatch.setattr(model, "score", endless)
    writing = going_on.perplexity("The cat sat on the mat.", ME, *settings(going_on))
    next(writing)
    going_on.actions.stopper("continue")(ME)
    *_, last = writing
    assert '"template":"stopped"' in last[1]
    batcher = models._loaded[TextConfig.model].batcher
    wait_until(lambda: not batcher._jobs)
    pieces = len(read)
    list(going_on.write("a", ME, *settings(going_on)))  # the batcher is free, and does no more of it
    assert len(read) == pieces


def test_templates_are_in_a_language_that_reader_and_model_know(actions):
    with gr.Blocks():
        panel = TemplatePanel(actions)
    chinese, small, large = visitor("zh-CN"), "SmolLM2-135M-Instruct", "Qwen3-0.6B"
    for request, model, expected in ((ME, large, False), (chinese, small, False), (chinese, large, True)):
        *_, prompt = panel.choose("story", model, request)
        assert bool(re.search("[一-鿿]", prompt)) == expected
    _, *fields, _ = panel.choose("story", small, chinese)
    values = [field.get("value", "") for field in fields]
    *changed, prompt = panel.change_model("story", large, chinese, "my own", *values[1:])
    assert changed[0] == "my own"
    assert re.search("[一-鿿]", changed[1])
    assert "my own" in prompt


@pytest.mark.slow
def test_scoring_can_be_stopped(actions):
    with gr.Blocks():
        panel = ScorePanel(actions)
    pairs = "a,b\n" * 50
    ticks = []

    def progress(done):
        ticks.append(done)
        if done == (3, 50):
            actions.stopper("score")(ME)

    with pytest.raises(gr.Error, match="Stopped after 4 of 50 pairs"):
        panel.text_score(pairs, None, False, request=ME, progress=progress)
    assert ticks == [(0, 50), (1, 50), (2, 50), (3, 50)]
    table, _ = panel.text_score("a b c,a b c\n", None, True, "GPT-2", request=ME, progress=lambda done: None)
    assert table["headers"][-1] == "Perplexity"
    assert actions.models.loaded() == ("GPT-2",)


# --- scripts ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def url(models):
    with served(models=models) as (url, _):
        yield url


@pytest.mark.slow
def test_opening_the_tab_prepares_for_the_first_message():
    demo = playground.create_app(Runs())
    [prepares] = [fn for fn in demo.fns.values() if getattr(fn.fn, "__func__", None) is TextActions.prepare]
    assert [event for _, event in prepares.targets] == ["select"]
    assert demo.blocks[prepares.targets[0][0]].id == "text_generation"
    warm_up()
    assert "transformers.models.llama.modeling_llama" in sys.modules


def wire(url: str, endpoint: str, body: str) -> str:
    """What the server answers to a call by hand."""
    call = f"{url}gradio_api/call/{endpoint}"
    request = urllib.request.Request(call, body.encode(), {"Content-Type": "application/json"})
    event = json.loads(urllib.request.urlopen(request).read())["event_id"]
    return urllib.request.urlopen(f"{call}/{event}").read().decode()


HI = '[{"role": "user", "content": "Hi"}]'


@pytest.mark.slow
@pytest.mark.parametrize(
    ("endpoint", "body", "says"),
    [
        ("text_chat", f'[{HI}, "", {{"temperature": NaN}}]', "Temperature must be a number from 0.05 to 2"),
        ("text_chat", f'[{HI}, "", {{"model": "GPT-2"}}]', "GPT-2 follows no instructions"),
        ("text_chat", f'[{HI}, "", {{"model": "nothing"}}]', "There is no model called 'nothing'; there are SmolLM2"),
        (
            "text_chat",
            f'[{HI}, "", {{"model": "SmolLM2-360M-Instruct"}}]',
            "The files of SmolLM2 360M Instruct are",
        ),
        ("text_chat", f'[[{{"role": "user", "content": "{"x" * 10**6}"}}], "", {{}}]', "at most 200000 are allowed"),
        ("text_continue", f'["{"x " * 300}", {{}}]', "The text has 600 tokens, 344 more than this model can read"),
        ("text_perplexity", '["a", "SmolLM2-135M-Instruct"]', "a perplexity needs at least two tokens"),
        ("text_score", '["", null, false, "GPT-2"]', "Paste pairs of output and reference"),
        ("text_score", '["a b,a b", null, true, "nothing"]', "There is no model called 'nothing'"),
    ],
)
def test_what_cannot_be_done_gets_one_clear_sentence(url, endpoint, body, says):
    answer = wire(url, endpoint, f'{{"data": {body}}}')
    assert "event: error" in answer
    assert says in answer
    assert "Traceback" not in answer


@pytest.mark.slow
def test_a_script_measures_and_continues(url):
    client = Client(url, verbose=False)
    result = client.predict(text="The cat sat on the mat.", api_name="/text_perplexity")
    assert result["tokens"] == len("The cat sat on the mat.")
    assert result["perplexity"] > 1
    job = client.submit(text="a", settings={"max_new_tokens": 20, "seed": 1}, api_name="/text_continue")
    assert job.result() == list(job)[-1]
