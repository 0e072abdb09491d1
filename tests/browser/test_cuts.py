"""The network is cut while something is made: it arrives whole and once, and the page stays as it is."""

import time

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from engines.running.events import Answer, Pictures, Progress, Samples, Token
from tabs.image_generation import tab as image_tab
from tabs.text_generation import chat as chat_panel
from tests.browser.conftest import Visitor
from tests.browser.proxy import proxied
from tests.browser.test_resume import server  # noqa: F401
from tests.fakes import wait_until

WORDS = 30
PAUSE = 0.2  # seconds a word, so that an answer goes on over the cuts
ALL = "".join(f"word{i} " for i in range(WORDS))
TYPED = "What I am typing meanwhile"


class Engine:
    """Writes and draws slowly; counts how often it was asked."""

    def __init__(self):
        self.asked = self.ended = 0

    def chat(self, models, config, turns, system="", begun=""):
        self.asked += 1
        for i in range(WORDS):
            time.sleep(PAUSE)
            yield Token(f"word{i} ", i, 0.5, ((f"word{i} ", 0.5),))
        self.ended += 1
        yield Answer(ALL, 3, WORDS, 0.1, 5.0, "end", 1)

    def generate(self, config, models, image=None, mask=None, gans=()):
        self.asked += 1
        config = config.with_seed()
        images = np.zeros((config.batch, 64, 64, 3), np.uint8)
        for step in range(WORDS):
            time.sleep(PAUSE)
            yield Progress(step, WORDS)
            yield Samples(step, images + np.uint8(step))
        self.ended += 1
        yield Pictures(images + np.uint8(200), config, "Emoji", 1.0)


@pytest.fixture
def engine(monkeypatch):
    engine = Engine()
    monkeypatch.setattr(chat_panel, "chat", engine.chat)
    monkeypatch.setattr(image_tab, "generate", engine.generate)
    return engine


@pytest.fixture
def behind(browser, url, only):
    """A visitor who comes through a proxy; its page must not be loaded anew."""
    with proxied(url) as proxy:
        visitor = Visitor(browser, proxy.url, **({"first": only[0]} if only else {}))
        yield visitor, proxy
        assert not visitor.troubles
        visitor.context.close()


def open_tab(visitor, name):
    page = visitor.arrive()
    page.get_by_role("tab", name=name).click()
    page.evaluate("window.sameAsBefore = true")
    return page


def ask(page):
    page.locator("#text-message textarea").fill("Count")
    page.locator("#text-chat-start").click()
    expect(page.locator("#text-chat .bot.message")).to_contain_text("word2 ")
    page.locator("#text-message textarea").fill(TYPED)


def check_answer(page, engine):
    expect(page.locator("#text-chat .bot.message .about")).to_contain_text("tokens/s", timeout=30_000)
    assert page.locator("#text-chat .bot.message .words").inner_text().split() == ALL.split()
    assert page.locator("#text-inside .text").text_content().split() == ALL.split()
    expect(page.locator("#text-message textarea")).to_have_value(TYPED)
    assert page.evaluate("window.sameAsBefore"), "the page was loaded anew"
    assert engine.asked == engine.ended == 1
    expect(page.locator("#text-chat-start")).to_be_enabled()


@pytest.mark.only("text_generation")
@pytest.mark.parametrize("seconds", [1, 8, 40])
def test_a_chat_goes_on_after_a_cut(behind, engine, seconds):
    visitor, proxy = behind
    page = open_tab(visitor, "Text generation")
    ask(page)
    proxy.cut()
    if seconds > 2:
        page.get_by_text("The connection is cut. As soon as").wait_for()
        expect(page.locator("#connection-cut")).to_be_in_viewport()  # above the page, not at its end
    page.wait_for_timeout(1000 * seconds)
    proxy.mend()
    check_answer(page, engine)
    expect(page.locator("#connection-cut")).to_have_count(0)


@pytest.mark.only("text_generation")
def test_a_proxy_that_cuts_every_long_answer_does_no_harm(behind, engine):
    visitor, proxy = behind
    page = open_tab(visitor, "Text generation")
    ask(page)
    for _ in range(4):
        proxy.shake()
        page.wait_for_timeout(1500)
    check_answer(page, engine)


@pytest.mark.only("image_generation")
def test_a_picture_and_a_request_made_during_a_cut_arrive_once(behind, engine):
    visitor, proxy = behind
    page = open_tab(visitor, "Image generation")
    page.locator("#image-stop[title]").wait_for()
    proxy.cut()
    page.locator("#image-start").click()
    page.wait_for_timeout(3000)
    proxy.mend()
    expect(page.locator("#image-stage .note")).to_contain_text("Step", timeout=30_000)
    proxy.cut()
    page.wait_for_timeout(8000)
    proxy.mend()
    expect(page.locator("#image-stage .facts")).to_contain_text("Seed", timeout=30_000)
    expect(page.locator("#image-gallery img")).to_have_count(page.locator("#image-stage img").count())
    assert page.evaluate("window.sameAsBefore")
    assert engine.asked == engine.ended == 1


@pytest.mark.only("image_generation")
def test_an_upload_goes_on_after_a_cut(behind, tmp_path):
    visitor, proxy = behind
    page = open_tab(visitor, "Image generation")
    page.get_by_role("tab", name="Settings from a picture").click()
    file = tmp_path / "plain.png"
    Image.new("RGB", (64, 64), "red").save(file)
    proxy.cut()
    page.locator("#image-file input[type=file]").set_input_files(file)
    page.wait_for_timeout(2500)
    proxy.mend()
    expect(page.locator("#image-file-note")).not_to_be_empty(timeout=30_000)
    assert page.evaluate("window.sameAsBefore")


@pytest.mark.only("text_generation")
def test_a_page_that_is_closed_ends_its_work(behind, engine):
    visitor, _ = behind
    page = open_tab(visitor, "Text generation")
    ask(page)
    page.close()
    time.sleep(WORDS * PAUSE + 1)
    assert (engine.asked, engine.ended) == (1, 0)


def test_a_restart_is_said_and_nothing_typed_is_lost(browser, server, engine):  # noqa: F811
    visitor = Visitor(browser, server.url)
    page = open_tab(visitor, "Text generation")
    ask(page)
    server.end()
    server.start()
    expect(page.locator("#text-chat .trouble")).to_contain_text("The program was started anew", timeout=30_000)
    expect(page.locator("#text-chat .user.message")).to_contain_text("Count")
    expect(page.locator("#text-message textarea")).to_have_value(TYPED)
    assert page.evaluate("window.sameAsBefore")
    page.locator("#text-chat").get_by_role("button", name="Retry").click()  # and the page works on
    wait_until(lambda: engine.asked == 2, 20)
    expect(page.locator("#text-chat .bot.message .about")).to_contain_text("tokens/s", timeout=30_000)
    assert not visitor.troubles
    visitor.context.close()
