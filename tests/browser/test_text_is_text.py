"""What is typed is shown, edited, copied and kept as it is; a tab of the browser keeps its own chat."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import set_slider
from tests.browser.test_text_generation import FIRST_LOAD, NUMBERS, choose_model, send

pytestmark = pytest.mark.only("text_generation")

CODE = "if x:\n    y = 1\n\tz <b>bold</b> &lt;i&gt; **s** $$x$$\n<style>*{display:none}</style> [a](javascript:1) "
CHINESE_NUMBERS = re.compile("词元/秒")


@pytest.fixture
def open_chat(visit):
    """A visitor in the chat, with answers of a few tokens, and the words of its buttons."""

    def go(language):
        visitor = visit(locale=language, permissions=["clipboard-read", "clipboard-write"])
        words = {"tab": "文本生成", "edit": "编辑", "submit": "提交", "copy": "复制"} if language == "zh-CN" else {}
        words = words or {"tab": "Text generation", "edit": "Edit", "submit": "Submit", "copy": "Copy"}
        page = visitor.arrive()
        show(page, words)
        if language == "zh-CN":  # it begins with a poem
            expect(page.locator("#text-text textarea")).to_have_value("春风")
            page.get_by_role("tab", name="对话").click()
            choose_model(page, "SmolLM2 135M")
        return visitor, page, words

    return go


def show(page, words):
    page.get_by_role("tab", name=words["tab"]).click()
    set_slider(page, "text-max_new_tokens", 6)


def say(page, text, numbers=NUMBERS):
    page.locator("#text-message textarea").fill(text)
    page.locator("#text-chat-start").click()
    expect(page.locator("#text-inside .note")).to_have_text(numbers, timeout=FIRST_LOAD)


@pytest.mark.parametrize("language", ["en-US", "zh-CN"])
def test_a_chat_shows_edits_copies_and_keeps_what_was_typed(open_chat, language):
    _, page, words = open_chat(language)
    numbers = NUMBERS if language == "en-US" else CHINESE_NUMBERS
    say(page, CODE, numbers)
    mine = page.locator("#text-chat .user .words")
    assert mine.evaluate("node => node.textContent") == CODE
    assert mine.evaluate("node => node.children.length") == 0
    page.get_by_role("button", name=words["copy"], exact=True).first.click()
    assert page.evaluate("navigator.clipboard.readText()") == CODE
    answer = page.locator("#text-chat .bot .words").evaluate("node => node.textContent")
    page.get_by_role("button", name=words["copy"], exact=True).last.click()
    assert page.evaluate("navigator.clipboard.readText()") == answer
    page.get_by_role("button", name=words["edit"], exact=True).click()
    assert page.locator("#text-chat textarea").input_value() == CODE
    about = page.locator("#text-chat .bot .about")
    before = about.inner_text()
    page.get_by_role("button", name=words["submit"], exact=True).click()
    expect(about).not_to_have_text(before)
    expect(about).to_have_text(numbers, timeout=60_000)
    page.reload()
    page.get_by_role("tab", name=words["tab"]).click()
    expect(mine).to_have_count(1)
    assert mine.evaluate("node => node.textContent") == CODE


def test_two_tabs_keep_their_own_chats_and_a_new_chat_can_be_taken_back(open_chat):
    visitor, page, words = open_chat("en-US")
    say(page, "I am the first tab.")
    other = visitor.context.new_page()
    other.goto(visitor.url)
    show(other, words)
    expect(other.locator("#text-chat .placeholder")).to_be_visible()
    say(other, "I am the second tab.")
    for one, text in ((page, "I am the first tab."), (other, "I am the second tab.")):
        one.reload()
        show(one, words)
        expect(one.locator("#text-chat .user .words")).to_have_text(text)
    page.locator("#text-clear").click()
    expect(page.locator("#text-chat .message")).to_have_count(0)
    page.get_by_role("button", name="Bring the last chat back").click()
    expect(page.locator("#text-chat .user .words")).to_have_text("I am the first tab.")
    say(page, "And again?")  # the server has it back as well
    expect(page.locator("#text-chat .user .words")).to_have_text(["I am the first tab.", "And again?"])


def test_a_cut_answer_goes_on_and_an_error_stands_below_the_chat(open_chat):
    _, page, _ = open_chat("en-US")
    say(page, "Tell me a long story about the sea.")
    answer = page.locator("#text-chat .bot .words")
    first = answer.inner_text()
    page.locator("#text-chat").get_by_role("button", name="Continue", exact=True).click()
    expect(answer).not_to_have_text(first, timeout=60_000)
    assert answer.inner_text().startswith(first.rstrip())
    send(page, " ")
    expect(page.locator("#text-chat .trouble")).to_have_text("Write something first.")
    expect(answer).to_be_visible()


def test_parts_of_a_character_can_be_pointed_at_and_are_shown_as_bytes(open_chat):
    _, page, _ = open_chat("en-US")
    page.get_by_role("tab", name="Continue", exact=True).click()
    expect(page.locator("#text-text textarea")).to_have_value(re.compile("Once upon"))
    page.locator("#text-text textarea").fill("🍎🍊🍎 hi<|im_end|> you ")
    expect(page.locator("#text-hint")).to_contain_text("ends in a blank")  # the server has the text
    page.locator("#text-measure").click()
    expect(page.locator("#text-tokens .note")).to_contain_text("Perplexity", timeout=FIRST_LOAD)
    text = page.locator("#text-tokens .text")
    assert text.evaluate("node => node.textContent") == "🍎🍊🍎 hi<|im_end|> you "
    parts = text.locator("span[data-part]")
    assert parts.count() >= 3
    parts.last.hover()
    expect(page.locator("#text-tokens .which")).to_contain_text(re.compile("⟨[0-9A-F]{2}"))
    assert "�" not in page.locator("#text-tokens").inner_text()
