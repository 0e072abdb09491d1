"""A visitor brings words and pictures together: start, watch the matrix, look back, search, sort."""

import re

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from engines.clip_training.pairs import load
from tests.browser.conftest import NARROW, WIDE, another_run

pytestmark = pytest.mark.only("image_generation", "clip_training")
QUERY = "?tab=clip_training&batch=16&steps="
WORDS = {
    "en": {"tab": "Words and pictures", "end": "Finished", "told": "Nearest to their own name", "text": "dog face",
           "open": "Sort your own pictures"},
    "zh": {"tab": "文字与图片", "end": "已完成", "told": "离自己的名称最近的", "text": "红苹果",
           "open": "给自己的图片分类"},
}  # fmt: skip
VISITS = pytest.mark.parametrize(
    ("language", "viewport", "scheme"),
    [("en", WIDE, "light"), ("zh", NARROW, "dark")],
    ids=["en-1280px", "zh-390px"],
)


def arrive(visitor, steps=30):
    page = visitor.page
    page.goto(f"{visitor.url}{QUERY}{steps}")
    page.locator("#clip-start[title]").wait_for()
    expect(page.locator("#clip-steps input[type=number]")).to_have_value(str(steps))  # of the link
    return page


def ink(page):
    """How much of the matrix is not empty, from 0 to 1."""
    return page.evaluate(
        """() => {
          const canvas = document.querySelector("#clip-live canvas.pairs");
          const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
          return data.filter((value, i) => i % 4 === 3 && value).length / (data.length / 4);
        }"""
    )


@VISITS
def test_a_run_its_matrix_and_what_it_is_good_for(visit, tmp_path, language, viewport, scheme):
    words = WORDS[language]
    page = arrive(visit(viewport=viewport, color_scheme=scheme, locale="zh-CN" if language == "zh" else "en-GB"))
    expect(page.get_by_role("tab", name=words["tab"], exact=True)).to_have_attribute("aria-selected", "true")
    expect(page.locator("#clip-live .pairing-told")).to_contain_text(words["told"], timeout=60_000)  # the example
    with another_run(page, "clip"):
        page.locator("#clip-start").click()
    expect(page.locator("#clip-live .state")).to_have_text(words["end"], timeout=180_000)
    expect(page.locator("#clip-live .pairing-told")).to_contain_text(words["told"])
    assert ink(page) > 0.02
    newest = page.locator("#clip-live .pairing-step").inner_text()
    page.locator("#clip-live .scrub input").press("Home")
    expect(page.locator("#clip-live .pairing-step")).not_to_have_text(newest)
    page.locator("#clip-live .newest").click()
    expect(page.locator("#clip-live .pairing-step")).to_have_text(newest)
    page.locator("#clip-search-text").locator("textarea, input").fill(words["text"])
    page.locator("#clip-search").click()
    expect(page.locator("#clip-found li")).to_have_count(12, timeout=60_000)
    page.get_by_role("tab", name=words["open"], exact=True).click()
    pairs = load()
    place = pairs.first_pictures(np.array([pairs.names[0].index("dog face")]))[0]
    Image.fromarray(pairs.images[place]).save(tmp_path / "mine.png")
    page.locator("#clip-files input[type=file]").set_input_files(tmp_path / "mine.png")
    expect(page.locator("#clip-files")).to_contain_text("mine")
    page.locator("#clip-sort").click()
    expect(page.locator("#clip-shares .bars .number")).to_have_count(4, timeout=60_000)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_example_finds_and_words_that_nobody_knows_are_answered(visit):
    page = arrive(visit(viewport=WIDE, locale="en-GB"))
    page.locator("#clip-search-text").locator("textarea, input").fill("dog face")
    page.locator("#clip-search").click()
    expect(page.locator("#clip-found li").first).to_contain_text(re.compile("dog|fox|wolf|bear"), timeout=60_000)
    page.locator("#clip-search-text").locator("textarea, input").fill("qwrtz")
    page.locator("#clip-search").click()
    expect(page.get_by_text("No name of an emoji has a word of").first).to_be_visible(timeout=60_000)
