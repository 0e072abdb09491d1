"""A visitor talks to a language model, looks inside it, compares, and keeps the chat. The model is the real one."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import set_slider

pytestmark = pytest.mark.only("text_generation")

NUMBERS = re.compile(r"\d+ tokens · [\d.]+ tokens/s · first after [\d.]+ s · seed \d+")
FIRST_LOAD = 240_000  # ms: the files may have to be fetched and converted


@pytest.fixture
def open_tab(visit):
    """A visitor in the text tab, with short answers."""

    def go(panel="", **options):
        visitor = visit(**options)
        page = visitor.arrive()
        page.get_by_role("tab", name="Text generation").click()
        set_slider(page, "text-max_new_tokens", 24)
        if panel:
            page.get_by_role("tab", name=panel, exact=True).click()
        return visitor, page

    return go


def send(page, text):
    page.locator("#text-message textarea").fill(text)
    page.get_by_role("button", name="Send", exact=True).click()


def test_a_chat_streams_is_looked_into_and_survives_a_reload(open_tab):
    _, page = open_tab()
    send(page, "What is the capital of France?")
    note = page.locator("#text-inside .note")
    expect(note).not_to_be_empty(timeout=3000)  # something moves at once
    expect(note).to_have_text(NUMBERS, timeout=FIRST_LOAD)
    answer = page.locator("#text-chat .bot.message").last
    expect(answer).to_contain_text(NUMBERS)
    first = answer.inner_text()

    tokens = page.locator("#text-inside .text span")
    expect(tokens.first).to_be_hidden()  # an answer stands on the page once
    page.locator("#text-inside summary").click()
    assert tokens.count() > 3
    tokens.nth(2).hover()
    assert "of the probability" in page.inner_text("#text-inside .which")
    assert page.locator("#text-inside .alternatives code").count() == 5

    page.reload()
    page.get_by_role("tab", name="Text generation").click()
    expect(page.locator("#text-chat .bot.message").last).to_contain_text(NUMBERS)
    assert page.locator("#text-chat .bot.message").last.inner_text() == first

    page.get_by_role("button", name="Retry").click()
    expect(page.locator("#text-chat .bot.message").last).not_to_have_text(first, timeout=30_000)
    expect(note).to_have_text(NUMBERS, timeout=30_000)
    page.get_by_role("button", name="Undo", exact=True).first.click()
    expect(page.locator("#text-message textarea")).to_have_value("What is the capital of France?")
    expect(page.locator("#text-chat .bot.message")).to_have_count(0)


def test_stop_ends_the_writing(open_tab):
    _, page = open_tab("Continue")
    set_slider(page, "text-max_new_tokens", 1500)
    page.get_by_role("button", name="More settings").locator("visible=true").first.click()
    page.locator("#text-greedy input").check()  # greedily it counts on and on
    page.locator("#text-text textarea").fill("one, two, three, four, five, six, seven, eight, nine, ten, eleven,")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#text-tokens .text span").nth(8)).to_be_visible(timeout=FIRST_LOAD)
    page.keyboard.press("Escape")
    expect(page.locator("#text-tokens .note")).to_contain_text("stopped", timeout=5000)
    assert page.locator("#text-tokens .text span").count() < 1000


def test_two_columns_write_at_once(open_tab):
    _, page = open_tab("Side by side")
    set_slider(page, "right-max_new_tokens", 24)
    page.get_by_role("button", name="Write both").click()
    for side in ("left", "right"):
        expect(page.locator(f"#text-{side} .note")).to_have_text(NUMBERS, timeout=FIRST_LOAD)
        assert page.locator(f"#text-{side} .text span").count() > 3


def test_a_template_is_filled_and_written(open_tab):
    _, page = open_tab("Templates")
    prompt = page.locator("#text-prompt textarea")
    expect(prompt).not_to_have_value("")
    field = page.locator("#text-field-0").locator("input, textarea")
    field.fill("a talking lighthouse")
    expect(prompt).to_have_value(re.compile("a talking lighthouse"))
    page.get_by_role("button", name="Write", exact=True).click()
    expect(page.locator("#text-filled .note")).to_have_text(NUMBERS, timeout=FIRST_LOAD)


def test_a_text_is_continued_and_measured(open_tab):
    _, page = open_tab("Continue")
    box = page.locator("#text-text textarea")
    before = box.input_value()
    page.get_by_role("button", name="Continue", exact=True).click()
    expect(page.locator("#text-tokens .note")).to_have_text(NUMBERS, timeout=FIRST_LOAD)
    assert box.input_value().startswith(before)
    assert len(box.input_value()) > len(before)
    page.locator("#text-undo").click()
    expect(box).to_have_value(before)
    page.get_by_role("button", name="How likely is this text?").click()
    expect(page.locator("#text-tokens .note")).to_contain_text("Perplexity", timeout=60_000)


def test_pairs_are_scored(open_tab):
    _, page = open_tab("Score")
    page.locator("#text-score-start").click()
    expect(page.locator("#text-score-table")).to_contain_text("ROUGE-L")
    expect(page.locator("#text-score-table")).to_contain_text("(all)")
    expect(page.locator("#text-score-csv a[download]")).to_be_visible()


def test_pairs_that_cannot_be_scored_get_a_sentence_and_another_try(open_tab):
    _, page = open_tab("Score")
    page.wait_for_timeout(1000)  # a box that has just come may take its first value once more
    page.locator("#text-pairs textarea").fill("just one")
    page.wait_for_timeout(500)  # the server has the text
    expect(page.locator("#text-pairs textarea")).to_have_value("just one")
    page.locator("#text-score-start").click()
    expect(page.locator(".toast-body")).to_contain_text("needs two texts")
    expect(page.locator("#text-score-start")).to_be_enabled()
    expect(page.locator("#text-score-stop")).to_be_disabled()
    for bare in page.locator("[data-testid=status-tracker] .error").all():
        expect(bare).to_be_hidden()
    page.locator("#text-pairs textarea").fill("output,reference\na b,a b")
    page.locator("#text-score-start").click()
    expect(page.locator("#text-score-table")).to_contain_text("100")


def test_a_prompt_that_is_too_long_is_told_and_can_be_cut(open_tab):
    _, page = open_tab()
    send(page, "Hello!")
    expect(page.locator("#text-inside .note")).to_have_text(NUMBERS, timeout=FIRST_LOAD)
    send(page, "word " * 9000)
    expect(page.locator("#text-inside .note")).to_contain_text("more than this model can read", timeout=30_000)
    expect(page.get_by_role("button", name="Cut the oldest turns and send")).to_be_visible()
    assert page.locator("#text-message textarea").input_value().startswith("word word")
    send(page, "x" * 300_000)
    page.get_by_text(re.compile("at most 200000 are allowed")).first.wait_for()
    expect(page.locator("#text-message textarea")).to_have_value("x" * 300_000)  # nothing is lost


def begin_story(page, tokens=400):
    """Ask for a long answer, and wait until it comes."""
    set_slider(page, "text-max_new_tokens", tokens)
    page.locator("#text-inside summary").click()
    send(page, "Write a long story about a fox.")
    expect(page.locator("#text-inside .text span").nth(5)).to_be_visible(timeout=FIRST_LOAD)


def test_one_types_on_while_an_answer_comes_and_a_new_chat_is_empty(open_tab):
    _, page = open_tab()
    start, stop = page.locator("#text-chat-start"), page.locator("#text-chat-stop")
    expect(stop).to_be_disabled()
    expect(stop).to_have_attribute("title", "Nothing is being written now")
    begin_story(page)
    expect(start).to_be_disabled()
    expect(stop).to_be_enabled()
    box = page.locator("#text-message textarea")
    box.press_sequentially("and then")
    written = page.locator("#text-inside .text span").count()
    expect(page.locator("#text-inside .text span").nth(written + 8)).to_be_visible(timeout=30_000)
    expect(box).to_have_value("and then")
    page.locator("#text-clear").click()
    expect(start).to_be_enabled()
    expect(stop).to_be_disabled()
    page.wait_for_timeout(1000)  # nothing of the old answer may come any more
    expect(page.locator("#text-chat .message")).to_have_count(0)
    expect(page.locator("#text-inside .text span")).to_have_count(0)
    expect(box).to_have_value("and then")


def test_a_reload_in_the_middle_keeps_what_was_said(open_tab):
    _, page = open_tab()
    begin_story(page)
    page.reload()
    page.get_by_role("tab", name="Text generation").click()
    expect(page.locator("#text-chat .user.message").last).to_contain_text("story about a fox", timeout=30_000)
    set_slider(page, "text-max_new_tokens", 24)
    page.get_by_role("button", name="Retry").click()
    expect(page.locator("#text-inside .note")).to_have_text(NUMBERS, timeout=60_000)
    expect(page.locator("#text-chat .bot.message").last).to_contain_text(NUMBERS)


def test_undo_in_the_middle_brings_the_text_back(open_tab):
    _, page = open_tab("Continue")
    set_slider(page, "text-max_new_tokens", 400)
    box = page.locator("#text-text textarea")
    before = box.input_value()
    page.get_by_role("button", name="Continue", exact=True).click()
    expect(page.locator("#text-tokens .text span").nth(5)).to_be_visible(timeout=FIRST_LOAD)
    page.locator("#text-undo").click()
    expect(page.locator("#text-continue-stop")).to_be_disabled()
    expect(box).to_have_value(before)


def open_chinese(visit):
    """(page) of a visitor who reads Chinese and has opened the tab, which begins with a poem."""
    page = visit(locale="zh-CN").arrive()
    page.get_by_role("tab", name="文本生成").click()
    expect(page.locator("#text-text textarea")).to_have_value("春风")
    expect(page.locator("#text-model input")).to_have_value("写诗模型")
    return page


def choose_model(page, name):
    """Choose a model of the list by the beginning of its name."""
    page.locator("#text-model input").click()
    page.get_by_role("option", name=re.compile(f"^{re.escape(name)}")).click()


def test_a_chinese_visitor_begins_with_a_poem(visit):
    page = open_chinese(visit)
    page.get_by_role("button", name="续写", exact=True).click()
    expect(page.locator("#text-tokens .note")).to_have_text(re.compile("词元/秒"), timeout=FIRST_LOAD)
    poem = page.locator("#text-text textarea").input_value()
    assert re.fullmatch(r"春风(\w{3}，\w{5}。\w{5}，\w{5}。|\w{5}，\w{7}。\w{7}，\w{7}。)", poem)
    page.locator("#text-tokens .text span").nth(2).hover()
    expect(page.locator("#text-tokens .which")).to_contain_text("的概率")
    page.locator("#text-measure").click()
    expect(page.locator("#text-tokens .note")).to_contain_text("困惑度", timeout=30_000)
    page.get_by_role("button", name="续写", exact=True).click()
    expect(page.locator(".toast-body")).to_contain_text("已有四句")


def test_a_chinese_text_for_a_model_of_english_gets_a_hint_before_it_is_sent(visit):
    page = open_chinese(visit)
    choose_model(page, "SmolLM2 135M")
    expect(page.locator("#text-text textarea")).to_have_value("Once upon a time, in a small town by the sea,")
    page.locator("#text-text textarea").fill("春天")
    expect(page.locator("#text-continue-hint")).to_contain_text("只懂英文")
    page.get_by_role("tab", name="对话").click()
    page.locator("#text-message textarea").fill("你好")
    expect(page.locator("#text-chat-hint")).to_contain_text("只懂英文")
    page.locator("#text-message textarea").fill("Hello")
    expect(page.locator("#text-chat-hint")).to_be_hidden()


def test_a_chat_with_a_model_that_only_goes_on_is_told_before(visit):
    page = open_chinese(visit)
    page.get_by_role("tab", name="对话").click()
    expect(page.locator("#text-chat .placeholder")).to_contain_text("只会续写")
    page.locator("#text-message textarea").fill("你好")
    expect(page.locator("#text-chat-hint")).to_contain_text("只会续写")


def test_a_chinese_visitor_is_invited_in_chinese(visit):
    page = open_chinese(visit)
    choose_model(page, "SmolLM2 135M")
    page.get_by_role("tab", name="对话").click()
    expect(page.locator("#text-chat .placeholder")).to_contain_text("只懂英文")
    set_slider(page, "text-max_new_tokens", 24)
    page.locator("#text-chat .example").first.click()
    expect(page.locator("#text-inside .note")).to_have_text(re.compile("词元/秒"), timeout=FIRST_LOAD)
    expect(page.locator("#text-chat .user.message").last).to_have_text("Write a haiku about the sea.")
