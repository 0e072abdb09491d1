"""What is offered to whom, and what is said before a text is sent."""

from types import SimpleNamespace

import pytest

from engines.catalog import DEFAULT_MODEL, MODELS, POEM_MODEL
from engines.text_generation.config import SERVED
from engines.text_generation.models import Models
from engines.text_generation.servers.server import TextServer
from tabs.text_generation import offer as module
from tabs.text_generation.offer import Offer, suit, suited
from tabs.text_generation.own_runs import OwnRuns
from tests.fakes import free_port
from tests.text_server import NAME, text_server

ENGLISH = SimpleNamespace(headers={"accept-language": "en"})
CHINESE = SimpleNamespace(headers={"accept-language": "zh-CN"})


@pytest.fixture
def offer(monkeypatch):
    """The catalog alone; the hub is out of reach unless a test says otherwise."""
    monkeypatch.setattr(module, "out_of_reach", lambda card: "far")
    return Offer(Models(), OwnRuns())


def ids(choices):
    return [model for _, model in choices]


def test_who_reads_chinese_is_offered_first_what_writes_it(offer, monkeypatch):
    assert ids(offer.choices("", ENGLISH))[0] == DEFAULT_MODEL
    assert ids(offer.choices("", CHINESE))[0] == POEM_MODEL
    assert sorted(ids(offer.choices("", CHINESE))) == sorted(MODELS)
    monkeypatch.setattr(module, "out_of_reach", lambda card: None)
    first, second, *_ = Offer(Models(), OwnRuns()).choices("", CHINESE)
    assert first[1] == POEM_MODEL
    assert second == ("Qwen2.5 0.5B Instruct · 1.0 GB", "Qwen2.5-0.5B-Instruct")


def test_the_hub_is_asked_now_and_then_only(offer, monkeypatch):
    asked = []
    monkeypatch.setattr(module, "out_of_reach", asked.append)
    for _ in range(3):
        offer.choices("", CHINESE)
    offer.choices("", ENGLISH)
    assert len(asked) == 1


def test_a_text_server_comes_first_and_a_silent_one_is_left_out():
    with text_server(lambda handler, body: None) as fake:
        served = Offer(Models(server=TextServer(fake.url)), OwnRuns())
        assert served.choices("", ENGLISH)[0] == (f"{NAME}, on the text server", SERVED + NAME)
        assert "文本服务器" in served.choices("", CHINESE)[0][0]
        assert "文本服务器" in served.about(SERVED + NAME, CHINESE)
        assert served.about(f"{SERVED}other", ENGLISH) == ""
    silent = Offer(Models(server=TextServer(f"http://127.0.0.1:{free_port()}")), OwnRuns())
    assert ids(silent.choices("", ENGLISH))[0] == DEFAULT_MODEL


@pytest.mark.parametrize(
    ("model", "text", "chat", "says"),
    [
        (DEFAULT_MODEL, "你好", True, "只懂英文"),
        (DEFAULT_MODEL, "你好", False, "只懂英文"),
        (DEFAULT_MODEL, "Hello", True, ""),
        (DEFAULT_MODEL, "", True, ""),
        (DEFAULT_MODEL, None, True, ""),
        ("Qwen3-0.6B", "你好", True, ""),
        (POEM_MODEL, "春风", False, ""),
        (POEM_MODEL, "春风", True, "只会续写"),
        ("GPT-2", "你好", False, "GPT-2 只懂英文"),
        ("gone", "你好", True, ""),
    ],
)
def test_a_text_that_the_model_cannot_read_gets_a_hint_before_it_is_sent(offer, model, text, chat, says):
    update = offer.hint(model, text, CHINESE, chat)
    assert update["visible"] is bool(says)
    assert says in update["value"]


def test_the_hint_names_models_that_can(offer, monkeypatch):
    assert "写诗模型" in offer.hint(DEFAULT_MODEL, "你好", CHINESE, chat=True)["value"]
    monkeypatch.setattr(module, "out_of_reach", lambda card: None)
    said = Offer(Models(), OwnRuns()).hint(DEFAULT_MODEL, "你好", CHINESE, chat=True)["value"]
    assert "Qwen2.5 0.5B Instruct (1.0 GB)" in said


def test_settings_follow_the_model_unless_they_were_moved():
    usual = {"temperature": 0.7, "repetition_penalty": 1.1}
    poems = suit(MODELS[POEM_MODEL], usual)
    assert poems == {"temperature": 1.0, "repetition_penalty": 1.0}
    assert suit(MODELS[DEFAULT_MODEL], poems) == usual
    assert suit(MODELS[POEM_MODEL], {**usual, "temperature": 1.5}) == {"repetition_penalty": 1.0}
    assert suit(None, usual) == usual


@pytest.mark.parametrize("settings", [{}, {"model": 3}, {"model": []}, {"model": "gone"}, {"model": DEFAULT_MODEL}])
def test_only_known_models_have_settings_of_their_own(settings):
    assert suited(settings) == {}


def test_all_that_is_known_of_a_model_is_told(offer):
    assert "135 million parameters" in offer.about(DEFAULT_MODEL)
    assert "押韵" in offer.about(POEM_MODEL, CHINESE)
    assert offer.describe(DEFAULT_MODEL, CHINESE)["info"].startswith("小到任何电脑")
    assert offer.language_for(DEFAULT_MODEL, CHINESE) == "en"
    assert offer.language_for("Qwen3-0.6B", CHINESE) == "zh"
    assert offer.language_for("gone", CHINESE) == "zh"
