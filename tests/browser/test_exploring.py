"""A visitor looks closer at a run: values under the mouse, new samples, and files of the run that is shown."""

import re

import pytest
from playwright.sync_api import expect

from engines.gan_training.config import ENGINE, GanConfig
from engines.running.board import Board
from engines.running.run_files import save_run

pytestmark = pytest.mark.only("gan_training")

LABEL = "#gan-picture label"


def test_each_press_gives_other_samples_that_fill_their_field(visit):
    visitor = visit()
    page = visitor.arrive()
    seen = set()
    for _ in range(2):
        before = page.locator(LABEL).inner_text()
        page.locator("#gan-sample").click()
        expect(page.locator(LABEL)).not_to_have_text(before)
        seen.add(re.search(r"Seed (\d+)", page.locator(LABEL).inner_text())[1])
    assert len(seen) == 2
    expect(page.locator("#gan-picture img")).to_have_css("image-rendering", "pixelated")
    assert page.locator("#gan-picture img").bounding_box()["height"] > 400
    page.locator("#gan-sample-seed input").fill("7")
    page.locator("#gan-sample").click()
    expect(page.locator(LABEL)).to_contain_text("Seed 7")
    page.locator("#gan-sample-seed .dice").or_(page.locator("#gan-sample-seed button")).first.click()
    expect(page.locator("#gan-sample-seed input")).not_to_have_value("7")


def test_the_charts_answer_the_mouse(visit):
    page = visit().arrive()
    losses = page.locator("#gan-live canvas").first
    losses.scroll_into_view_if_needed()
    newest = losses.get_attribute("aria-label")
    losses.hover(position={"x": 60, "y": 80})
    expect(losses).not_to_have_attribute("aria-label", newest)
    other = page.locator("#gan-live canvas").nth(1)
    linked = other.get_attribute("aria-label")
    losses.hover(position={"x": 200, "y": 80})
    expect(other).not_to_have_attribute("aria-label", linked)
    losses.click(position={"x": 200, "y": 80})
    expect(page.locator("#gan-live .newest")).to_be_enabled()
    page.mouse.move(5, 5)
    expect(losses).to_have_attribute("aria-label", newest)


def test_what_was_made_of_one_run_is_not_offered_for_the_next(visit, tmp_path):
    visitor = visit()
    page = visitor.arrive()
    page.locator("#gan-sample").click()
    expect(page.locator(LABEL)).to_contain_text("Seed")
    page.get_by_role("tab", name="Take home").click()
    with page.expect_download() as download:
        visitor.button("Run file").click()  # one press, and it is saved
    assert download.value.suggested_filename.startswith("run-")
    page.locator("#gan-file a[download]").first.wait_for()
    save_run(Board(ENGINE, GanConfig().to_dict(), state="finished"), tmp_path / "other.zip")
    page.get_by_role("tab", name="Open", exact=True).click()
    page.locator("#gan-open input[type=file]").set_input_files(tmp_path / "other.zip")
    page.get_by_role("tab", name="Take home").click()
    expect(page.locator("#gan-file a[download]")).to_have_count(0)
    page.get_by_role("tab", name="Explore").click()
    expect(page.locator(LABEL)).not_to_contain_text("Seed")
