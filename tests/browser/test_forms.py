"""A form changes only when the person changes it."""

import pytest
from playwright.sync_api import expect

from engines.limits import Limits
from tests.browser.conftest import Visitor, another_run, set_slider
from tests.served import served

PARTS = {
    "gan_training": ("gan-preset", "gan-batch", 32, "Fast and good", "Emoji in colour"),
    "finetuning": ("finetuning-recipe", "finetuning-epochs", 7, None, "Fashion-MNIST pictures"),
}


@pytest.mark.parametrize("part", [pytest.param(part, marks=pytest.mark.only(part)) for part in PARTS])
def test_a_recipe_is_applied_when_it_is_picked_and_at_no_other_time(visit, part):
    recipe, knob, value, first, other = PARTS[part]
    page = visit().arrive()
    names = page.locator(f"#{recipe} input")
    expect(names).to_be_visible()
    if first:
        expect(names).to_have_value(first)
    for button in page.get_by_role("button", name="More settings").all():
        if button.is_visible():
            button.click()
    set_slider(page, knob, value)
    expect(names).to_have_value("Your own settings")
    names.click()
    page.get_by_role("option").first.wait_for()
    page.locator("h1").first.click()
    page.wait_for_timeout(1000)
    expect(page.locator(f"#{knob} input[type=number]")).to_have_value(str(value))
    names.click()
    page.get_by_role("option", name=other).click()
    expect(page.locator(f"#{knob} input[type=number]")).not_to_have_value(str(value))
    expect(names).to_have_value(other)


@pytest.mark.only("gan_training")
def test_settings_changed_during_a_run_are_for_the_next(visit):
    visitor = visit()
    page = visitor.arrive()
    note = page.get_by_text("what you change here is for the next one")
    expect(note).to_be_hidden()
    visitor.start()
    expect(note.first).to_be_visible()
    page.get_by_label("MNIST", exact=True).click()
    expect(page.locator("#gan-preset input")).to_have_value("Your own settings")
    visitor.button("Stop").click()
    visitor.wait_for_state("Stopped, and kept")
    expect(note).to_be_hidden()


@pytest.mark.only("gan_training")
def test_how_long_a_run_takes_is_said_before_start_once_one_has_run(visit):
    visitor = visit()
    page = visitor.arrive()
    said = page.locator("#gan-preset-time")
    expect(said).not_to_be_visible()  # nothing was measured on this machine
    page.get_by_role("button", name="More settings").click()
    set_slider(page, "gan-features", 8)
    set_slider(page, "gan-batch", 8)
    set_slider(page, "gan-steps", 200)
    visitor.start()
    expect(said).not_to_be_visible()
    visitor.wait_for_state("Finished")
    expect(said).to_contain_text("With these settings a run took about")
    told = said.inner_text()
    set_slider(page, "gan-steps", 1000)
    expect(said).not_to_have_text(told)
    expect(said).to_contain_text("on this machine")
    set_slider(page, "gan-batch", 16)  # of this nothing is known
    expect(said).not_to_be_visible()


def test_a_fine_tuning_of_all_rows_that_are_allowed_is_told_as_it_was_asked_for(browser):
    with served(limits=Limits(rows=300), only=["finetuning"]) as (address, _):
        visitor = Visitor(browser, address, first="finetuning")
        page = visitor.arrive()
        with another_run(page, "finetuning"):
            page.locator("#finetuning-start").click()
        mine = page.locator("#finetuning-live .live").get_attribute("data-run")
        page.locator("#finetuning-live .live[data-state=finished]").wait_for(timeout=180_000)
        expect(page.locator("#finetuning-recipe-time")).to_contain_text("With these settings a run took about")
        visitor.arrive()
        page.locator(f"#finetuning-live .live[data-run={mine}]").wait_for()
        expect(page.locator("#finetuning-recipe-time")).to_contain_text("With these settings a run took about")
        expect(page.locator("#finetuning-recipe input")).to_have_value("Fashion-MNIST pictures")
        assert not visitor.troubles
        visitor.context.close()


def test_what_stands_above_a_tab_follows_what_is_open(visit):
    page = visit(locale="zh-CN").arrive()
    page.get_by_role("tab", name="文本生成", exact=True).click()
    expect(page.locator("#text-intro")).to_contain_text("点击 续写")  # who reads Chinese begins there
    page.get_by_role("tab", name="评分", exact=True).click()
    expect(page.locator("#text-intro")).to_contain_text("点击 评分")
    page.get_by_role("tab", name="微调", exact=True).click()
    intro = page.locator("#finetuning-intro")
    expect(intro).to_contain_text("衣物")
    page.locator("#finetuning-recipe input").click()
    page.get_by_role("option", name="影评", exact=True).click()
    expect(page.locator("#finetuning-dataset input")).to_have_value("影评", timeout=60_000)
    expect(intro).to_contain_text("分类")
