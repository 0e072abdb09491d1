"""A run is forked by its owner, and by one who watches it once the owner allows that."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NARROW, another_run
from tests.browser.test_accessibility import check, tab_to
from tests.browser.test_accessible_trainings import NAMELESS, arrive, state_is

PART = "points_training"
SMALL = "&steps=200&width=16&batch=32"


def open_forks(page):
    page.get_by_role("tab", name=re.compile("^(Fork|分叉)$")).locator("visible=true").click()
    page.locator("#points-fork").wait_for()


@pytest.mark.only("points_training", "comparison")
def test_a_run_is_forked_by_its_owner_and_by_a_watcher_who_may(visit):
    page = arrive(visit, PART, query=SMALL)
    expect(page.locator("#points-preset input")).to_have_value("Your own settings")
    with another_run(page, "points"):
        page.locator("#points-start").click()
    state_is(page, PART, "Finished")
    open_forks(page)
    page.locator("#points-fork-steps input").fill("100")
    with another_run(page, "points"):
        page.locator("#points-fork:enabled").click()
    tree = page.locator("#points-fork-tree")
    expect(tree).to_contain_text("from step 200, Steps: 300: this run", timeout=60_000)
    state_is(page, PART, "Finished")
    expect(page.locator("#points-live .plane-step")).to_have_text("step 300")
    run = page.locator("#points-fork-tree a").get_attribute("href")
    page.locator("#points-fork-allowed input").check()
    page.locator("#points-fork-compare").click()
    expect(page.locator("#comparison-view .runs li")).to_have_count(2)

    other = visit(viewport=NARROW, locale="zh-CN").page
    other.goto(page.url.partition("?")[0] + run)
    other.locator("#points-start[title]").wait_for()
    open_forks(other)
    expect(other.locator("#points-fork")).to_be_disabled()
    expect(other.locator("#points-fork-tree")).to_contain_text("只有发起这次训练的人可以分叉")
    check(other, "a watcher's panel")
    assert other.evaluate(NAMELESS) == []
    assert other.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing stands out at the side"


@pytest.mark.only("points_training")
def test_a_fork_is_made_by_keys(visit):
    page = arrive(visit, PART, theme="dark", query=SMALL)
    expect(page.locator("#points-preset input")).to_have_value("Your own settings")
    with another_run(page, "points"):
        page.locator("#points-start").click()
    state_is(page, PART, "Finished")
    page.get_by_role("tab", name="Fork", exact=True).focus()
    page.keyboard.press("Enter")
    page.locator("#points-fork:enabled").wait_for()
    check(page, "an owner's panel")
    tab_to(page, "#points-fork-point input", most=10)
    tab_to(page, "#points-fork", most=10)
    # Gradio's list throws where its choices change while it is on its way out.
    expect(page.locator("#points-fork-point [role=listbox]")).to_have_count(0)
    page.keyboard.press("Enter")
    expect(page.locator("#points-fork-tree")).to_contain_text("this run", timeout=60_000)
