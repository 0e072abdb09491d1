"""The map of a VAE in a browser: it is drawn when it is opened, and follows the hand and the keys."""

import pytest
from playwright.sync_api import Page, expect

pytestmark = [pytest.mark.slow, pytest.mark.only("vae_training")]


def opened(page: Page):
    page.locator("#families").get_by_role("tab", name="VAE", exact=True).click()
    page.locator("#vae-live .live").wait_for()
    page.get_by_role("tab", name="Map", exact=True).click()
    ground = page.locator("#vae-map .ground")
    expect(ground).to_be_visible(timeout=60_000)
    ground.scroll_into_view_if_needed()
    return ground


def test_the_map_of_the_example_follows_the_hand_and_the_keys(visit):
    page = visit().arrive()
    ground = opened(page)
    here, about = page.locator("#vae-map .here"), page.locator("#vae-map .about")
    expect(here).to_contain_text("(0.00, 0.00)")
    box = ground.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.5)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.75, box["y"] + box["height"] * 0.25)
    page.mouse.up()
    expect(here).not_to_contain_text("(0.00, 0.00)")
    before = here.inner_text()
    ground.focus()
    page.keyboard.press("ArrowLeft")
    expect(here).not_to_have_text(before)
    page.keyboard.press("Enter")
    expect(about).to_contain_text("The ellipse is its q(z|x)")
    expect(page.locator("#vae-map .original")).to_be_visible()
