"""A visitor trains a VAE of melodies, hears what it writes, walks on its map and goes from one melody to another."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NARROW, WIDE, another_run
from tests.browser.test_accessibility import check
from tests.browser.test_accessible_trainings import NAMELESS
from tests.browser.test_music import hear, silence

pytestmark = pytest.mark.only("melodies")
VISITS = pytest.mark.parametrize(
    ("language", "viewport", "scheme"),
    [("en", WIDE, "light"), ("zh", NARROW, "dark")],
    ids=["en-1280px", "zh-390px"],
)


@VISITS
def test_from_a_training_to_a_melody_on_the_way(visit, language, viewport, scheme):
    owner = visit(viewport=viewport, color_scheme=scheme, locale="zh-CN" if language == "zh" else "en-GB")
    page = owner.arrive("?tab=melodies&steps=300&width=32&seed=1")
    with another_run(page, "melody"):
        page.locator("#melody-run-start").click()
    page.wait_for_function(
        "() => /^(Finished|已完成)$/.test(document.querySelector('#melody-live .state')?.textContent)", timeout=180_000
    )
    assert page.locator("#melody-live .hear").count() == 3
    page.locator("#melody-live .hear").nth(1).click()
    hear(page)
    page.locator("#melody-live .hear").nth(1).click()
    silence(page)
    ground = page.locator("#melody-map canvas.ground")
    expect(ground).to_be_visible(timeout=60_000)
    ground.scroll_into_view_if_needed()
    ground.click(position={"x": 40, "y": 40})
    hear(page)
    page.locator("#melody-map .hear").click()
    silence(page)
    for end in ("from", "to"):
        ground.focus()
        page.keyboard.press("Enter")
        expect(page.locator("#melody-map .chosen")).not_to_be_empty()
        page.locator(f"#melody-map .{end}").click()
        for _ in range(9):
            ground.press("ArrowRight")
    expect(page.locator("#melody-path .where")).not_to_be_empty(timeout=60_000)
    page.locator("#melody-path input").press("End")
    expect(page.locator("#melody-path .where")).to_contain_text("100")
    hear(page)
    with page.expect_download(timeout=60_000) as download:
        page.locator("#melody-path [data-kind=mid]").click()
    assert download.value.suggested_filename == "melody.mid"
    assert page.evaluate(NAMELESS) == []
    check(page, "with a way on the map")
