"""A visitor trains a language model of their own: start, read, look back, use it, come again."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NARROW, WIDE, another_run

pytestmark = pytest.mark.only("text_generation", "gpt_training")
QUERY = "?tab=gpt_training&layers=1&width=32&heads=2&batch=16&part=0.05&steps="
WORDS = {
    "en": {"intro": "from nothing", "tab": "Train your own", "end": "Finished", "step": re.compile(r"step \d")},
    "zh": {"intro": "从零学习", "tab": "训练自己的模型", "end": "已完成", "step": re.compile(r"第 \d+ 步")},
}
VISITS = pytest.mark.parametrize(
    ("language", "viewport", "scheme"),
    [("en", WIDE, "light"), ("zh", NARROW, "dark")],
    ids=["en-1280px", "zh-390px"],
)


def arrive(visitor, steps=60):
    page = visitor.page
    page.goto(f"{visitor.url}{QUERY}{steps}")
    page.locator("#gpt-start[title]").wait_for()
    expect(page.locator("#text-training-button").first).to_have_attribute("aria-selected", "true")
    expect(page.locator("#gpt-steps input[type=number]")).to_have_value(str(steps))  # of the link
    return page


def wait_for_state(page, state):
    page.wait_for_function(
        "state => document.querySelector('#gpt-live .state')?.textContent === state", arg=state, timeout=180_000
    )


def train(page, end):
    """Press Start, and wait until the new run, which takes the place of the example, has ended."""
    with another_run(page, "gpt"):
        page.locator("#gpt-start").click()
    wait_for_state(page, end)


def texts(page):
    return page.locator("#gpt-live .cards li").all_inner_texts()


@VISITS
def test_a_run_from_the_first_text_to_the_reload(visit, language, viewport, scheme):
    words = WORDS[language]
    owner = visit(viewport=viewport, color_scheme=scheme, locale="zh-CN" if language == "zh" else "en-GB")
    page = arrive(owner)
    expect(page.get_by_role("tab", name=words["tab"])).to_be_visible()
    expect(page.locator("#text-settings")).to_be_hidden()
    expect(page.locator("#text-intro")).to_contain_text(words["intro"])
    train(page, words["end"])
    expect(page.locator("#gpt-live .written-step")).to_have_text(words["step"])
    last = texts(page)
    assert len(last) >= 4
    assert page.locator("#gpt-live .cards b").count(), "given beginnings are marked"

    slider = page.locator("#gpt-live .scrub input")
    slider.focus()
    slider.press("Home")
    expect(page.locator("#gpt-live .written-step")).to_have_text(re.compile(r"\b0\b"))
    page.wait_for_function(
        "last => document.querySelector('#gpt-live .cards').innerText !== last", arg="\n".join(last)
    )
    assert texts(page) != last
    page.locator("#gpt-live .newest").click()
    expect(page.locator("#gpt-live .written-step")).not_to_have_text(re.compile(r"\b0\b"))
    assert texts(page) == last
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing sticks out"

    page.reload()
    wait_for_state(page, words["end"])
    assert texts(page) == last


def test_the_bundled_model_writes_an_acrostic_before_anything_is_trained(visit):
    page = arrive(visit())
    page.locator("#gpt-characters textarea, #gpt-characters input").fill("春夏秋冬")
    page.locator("#gpt-acrostic").click()
    marked = page.locator("#gpt-poem .words span")
    expect(marked).to_have_text(["春", "夏", "秋", "冬"])
    page.locator("#gpt-characters textarea, #gpt-characters input").fill("春夏")
    page.locator("#gpt-acrostic").click()
    page.get_by_text("An acrostic needs").first.wait_for()


def test_attention_is_drawn_and_follows_the_hand(visit):
    page = arrive(visit())
    page.locator("#gpt-look-inside-button").first.click()
    page.locator("#gpt-look").click()
    sentence = page.locator("#gpt-heat .sentence")
    expect(sentence.locator("span.chosen")).to_have_count(1)
    told = page.locator("#gpt-heat .told")
    expect(told).to_have_text(re.compile("looks most at"))
    before = told.inner_text()
    sentence.focus()
    page.keyboard.press("ArrowLeft")
    expect(told).not_to_have_text(before)
    expect(page.locator("#gpt-heat .next .number")).to_have_count(10)
    expect(page.locator("#gpt-heat .moments")).to_be_hidden()  # the bundled model has one state


def test_the_panel_opens_on_a_run_that_learnt_to_write(visit):
    page = arrive(visit())
    wait_for_state(page, "Finished")
    expect(page.locator("#gpt-live .written-step")).to_have_text("step 2,500")
    assert len(texts(page)) >= 4
    page.locator("#gpt-live .play").click()
    expect(page.locator("#gpt-live .written-step")).to_have_text(re.compile(r"^step \d{1,3}$"), timeout=2000)
    page.locator("#gpt-live .newest").click()
    page.get_by_role("tab", name="Take home").click()
    page.locator("#gpt-save-model").click()
    page.get_by_text("No model was kept of this run").first.wait_for()
    with page.expect_download() as script:
        page.locator("#gpt-save-script").click()
    assert script.value.suggested_filename.endswith(".zip")


@VISITS
def test_attention_is_seen_to_form(visit, language, viewport, scheme):
    page = arrive(visit(viewport=viewport, color_scheme=scheme, locale="zh-CN" if language == "zh" else "en-GB"), 120)
    train(page, WORDS[language]["end"])
    page.locator("#gpt-look-inside-button").first.click()
    page.locator("#gpt-look").click()
    slider, when = page.locator("#gpt-heat .moments input"), page.locator("#gpt-heat .when")
    expect(when).to_have_text(re.compile("120"))
    expect(page.locator("#gpt-heat .kept")).to_have_text(re.compile("MB"))
    last = page.locator("#gpt-heat .bars").inner_text()
    slider.focus()
    page.keyboard.press("Home")
    expect(when).to_have_text(re.compile(r"\b0\b"))
    assert page.locator("#gpt-heat .bars").inner_text() != last
    redrawn = """() => {
      const slider = document.querySelector("#gpt-heat .moments input");
      const began = performance.now();
      for (let i = 0; i <= Number(slider.max); i++) {
        slider.value = String(i);
        slider.dispatchEvent(new Event("input", { bubbles: true }));
      }
      return (performance.now() - began) / (Number(slider.max) + 1);
    }"""
    assert page.evaluate(redrawn) < 300, "milliseconds of a redraw"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing sticks out"


@VISITS
def test_papers_measures_of_a_run(visit, language, viewport, scheme):
    visitor = visit(viewport=viewport, color_scheme=scheme, locale="zh-CN" if language == "zh" else "en-GB")
    page = visitor.page
    query = "?tab=gpt_training&data=names&layers=1&width=16&heads=2&context=16&batch=16&steps=30"
    page.goto(f"{visitor.url}{query}")
    page.locator("#gpt-start[title]").wait_for()
    expect(page.locator("#gpt-steps input[type=number]")).to_have_value("30")
    train(page, WORDS[language]["end"])
    page.get_by_role("tab", name={"en": "Papers' measures", "zh": "论文中的指标"}[language], exact=True).click()
    page.locator("#gpt-papers-start").click()
    found = page.locator("#gpt-papers-found")
    expect(found.locator("tbody tr")).to_have_count(6, timeout=120_000)
    said = {"en": r"Perplexity: [\d.,]+ a character, 95 % sure between .* held-out characters", "zh": "困惑度：每字符"}
    expect(found).to_contain_text(re.compile(said[language]))
    expect(found.locator("tbody th").first).to_have_text("BLEU")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing sticks out"


def test_ones_own_model_goes_on_with_a_text(visit):
    page = arrive(visit())
    train(page, "Finished")
    page.get_by_role("tab", name="Continue", exact=True).click()
    page.locator("#text-model input").click()
    page.get_by_role("option", name=re.compile("^Your run of .*, Chinese quatrains, step 60$")).click()
    page.locator("#text-text textarea").fill("春")
    page.get_by_role("button", name="Continue", exact=True).click()
    expect(page.locator("#text-tokens .note")).to_have_text(re.compile("tokens/s"), timeout=60_000)
    written = page.locator("#text-text textarea").input_value()
    assert written.startswith("春")
    assert len(written) > 4
    page.locator("#text-text textarea").fill("春风")
    page.locator("#text-measure").click()
    expect(page.locator("#text-tokens .note")).to_contain_text("Perplexity", timeout=30_000)


def test_who_goes_on_to_the_chat_finds_its_settings(visit):
    page = arrive(visit())
    page.get_by_role("tab", name="Chat").click()
    expect(page.locator("#text-settings")).to_be_visible()
    expect(page.locator("#text-learn")).to_be_visible()
    page.get_by_role("tab", name="Train your own").click()
    expect(page.locator("#text-settings")).to_be_hidden()
