"""Real or made? A visitor answers by mouse and by keys, in both languages; who only watches a run votes on it too."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NARROW, WIDE, another_run
from tests.browser.test_accessibility import check
from tests.browser.test_accessible_trainings import NAMELESS

SLOW = 120_000  # ms: the first pair waits for PyTorch
NAME = re.compile("^(Real or made|真的还是机器做的)")
VISITS = pytest.mark.parametrize(
    ("language", "viewport", "scheme"),
    [("en", WIDE, "light"), ("zh", NARROW, "dark")],
    ids=["en-1280px", "zh-390px"],
)


def open_card(page, prefix):
    page.get_by_role("tab", name=NAME).click()
    page.locator(f"#{prefix}-pair").wait_for()


def ask(page, prefix):
    page.locator(f"#{prefix}-pair").click()
    expect(page.locator(f"#{prefix}-is-a")).to_be_enabled(timeout=SLOW)


@pytest.mark.only("gpt_training")
@VISITS
def test_two_poems_are_told_apart_by_keys(visit, language, viewport, scheme):
    visitor = visit(viewport=viewport, color_scheme=scheme, locale="zh-CN" if language == "zh" else "en-GB")
    page = visitor.arrive()
    open_card(page, "gpt")
    expect(page.locator("#gpt-is-a")).to_be_disabled()
    ask(page, "gpt")
    sides = [page.locator(f"#gpt-passage-{letter} .words") for letter in "ab"]
    poems = [side.inner_text() for side in sides]
    assert len(poems[0]) == len(poems[1])
    assert poems[0] != poems[1]
    expect(page.locator("#gpt-passage-a figcaption")).to_have_text(
        "真的，还是机器做的？" if language == "zh" else "Real, or made?"
    )
    page.locator("#gpt-is-b").focus()
    page.keyboard.press("Enter")
    said = page.locator("#gpt-blind-said [role=status]")
    expect(said).to_contain_text("唐宋绝句" if language == "zh" else "quatrain of the Tang or the Song")
    expect(said).to_contain_text("1 次答对" if language == "zh" else "of 1 right so far")
    expect(page.locator("#gpt-pair")).to_be_focused()
    for letter in "ab":
        expect(page.locator(f"#gpt-is-{letter}")).to_be_disabled()
    assert [side.inner_text() for side in sides] == poems, "one may look again"
    check(page, "after the answer")
    assert page.evaluate(NAMELESS) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing sticks out"
    page.keyboard.press("Enter")
    expect(page.locator("#gpt-is-a")).to_be_enabled(timeout=SLOW)
    expect(said).to_have_count(0)


@pytest.mark.only("gan_training")
def test_who_watches_a_run_votes_on_it_and_all_see_the_total(visit):
    owner = visit()
    page = owner.page
    page.goto(f"{owner.url}?tab=gan_training&dataset=mnist&architecture=mlp&features=8&batch=16&steps=40")
    page.locator("#gan-start[title]").wait_for()
    with another_run(page, "gan"):
        page.locator("#gan-start").click()
    owner.wait_for_state("Finished", seconds=120)
    open_card(page, "gan")
    ask(page, "gan")
    for letter in "ab":
        assert page.locator(f"#gan-passage-{letter} img").evaluate("one => one.naturalWidth") == 28
    page.locator("#gan-is-a").click()
    expect(page.locator("#gan-blind-all")).to_contain_text("of 1 right so far")

    watcher = visit(locale="zh-CN")
    other = watcher.page
    other.goto(f"{watcher.url}?run={page.locator('#gan-live .live').get_attribute('data-run')}")
    expect(other.locator("#gan-stop")).to_be_disabled()
    open_card(other, "gan")
    expect(other.locator("#gan-blind-all")).to_contain_text("1 次答对")
    ask(other, "gan")
    other.locator("#gan-is-b").click()
    expect(other.locator("#gan-blind-said")).to_contain_text("1 次答对")
    expect(other.locator("#gan-blind-all")).to_contain_text("2 次答对")
    page.get_by_role("tab", name="Explore").click()
    open_card(page, "gan")
    expect(page.locator("#gan-blind-all")).to_contain_text("of 2 right so far")
    page.reload()
    expect(page.locator("#gan-live .captions")).to_contain_text(
        re.compile(r"Real or made\? All votes on this run: \d of 2")
    )
    check(other, "after a vote")
