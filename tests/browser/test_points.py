"""A visitor trains on points of the plane: draw, start, watch, look back, go on step by step."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NARROW, WIDE, another_run

pytestmark = pytest.mark.only("points_training")

SCREENS = pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["1280px", "390px"])
REACHED = re.compile(r"step 200: 400 made points over 2,000 real ones; \d+ of \d+ parts are reached")
QUERY = "?tab=points_training&steps=200&width=16&batch=32"


def arrive(visitor, query=QUERY):
    page = visitor.page
    page.emulate_media(reduced_motion="reduce")  # the example holds still
    page.goto(visitor.url + query)
    page.locator("#points-start[title]").wait_for()
    page.locator("#points-family").wait_for()
    expect(page.locator("#points-preset input")).to_have_value("Your own settings")  # the link's are in the form
    return page


def train(page):
    with another_run(page, "points"):
        page.locator("#points-start").click()
    page.wait_for_function(
        "document.querySelector('#points-live .state')?.textContent === 'Finished'", timeout=120_000
    )


def draw(page):
    """A line with the mouse, a dot, and a line with the keyboard."""
    board = page.locator("#points-drawing canvas")
    board.scroll_into_view_if_needed()
    box = board.bounding_box()
    x, y, side = box["x"], box["y"], box["width"]
    page.mouse.move(x + 0.2 * side, y + 0.8 * side)
    page.mouse.down()
    page.mouse.move(x + 0.8 * side, y + 0.8 * side, steps=8)
    page.mouse.up()
    page.mouse.click(x + 0.5 * side, y + 0.2 * side)
    board.focus()
    for key in (" ", *["ArrowRight"] * 6, " "):
        page.keyboard.press(key)
    page.keyboard.press("Tab")
    expect(page.locator("#points-drawing .told")).to_have_text("3 lines and dots")


@SCREENS
def test_own_drawing_from_the_first_stroke_to_step_by_step(visit, viewport):
    owner = visit(viewport=viewport)
    page = arrive(owner)
    page.get_by_role("radio", name="Your own drawing").check()
    page.locator("#points-drawing canvas").wait_for()
    page.locator("#points-start").click()
    page.get_by_text("Nothing is drawn yet").first.wait_for()
    draw(page)
    train(page)
    expect(page.locator("#points-live canvas.plane")).to_have_attribute("aria-label", REACHED)
    expect(page.locator("#points-live .verdict .title")).not_to_have_text("Diagnosis")

    slider = page.locator("#points-live .scrub input")
    slider.focus()
    slider.press("Home")
    expect(page.locator("#points-live .plane-step")).to_have_text("step 0")
    page.locator("#points-live .newest").click()
    expect(page.locator("#points-live .plane-step")).to_have_text("step 200")

    page.locator("#points-both").click()
    expect(page.locator("#points-steps .plane-step")).to_have_text("step 201")
    page.locator("#points-d").click()
    expect(page.locator("#points-steps .plane-step")).to_have_text("step 201 · D alone: 1")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing sticks out"


def test_the_picture_moves_between_two_looks_at_the_run(visit):
    owner = visit()
    page = arrive(owner, "?tab=points_training&steps=100000&width=8&batch=16")
    page.emulate_media(reduced_motion="no-preference")
    page.locator("#points-start").click()
    page.locator("#points-live .plane-step:not(:empty)").wait_for()
    page.wait_for_timeout(1500)
    answers = []
    page.on("response", lambda answer: answers.append(answer) if "/live/" in answer.url else None)
    pictures = page.evaluate(
        """() => new Promise((done) => {
          const seen = new Set();
          const began = performance.now();
          const look = () => {
            seen.add(document.querySelector('#points-live .plane-step').textContent);
            performance.now() - began < 3000 ? requestAnimationFrame(look) : done(seen.size);
          };
          look();
        })"""
    )
    page.locator("#points-stop").click()
    assert pictures > len(answers) > 0, "ten a second where nothing else runs, of two answers"


@pytest.mark.parametrize(
    ("family", "layers"), [("vae", ["To the reconstruction", "The codes"]), ("diffusion", ["The flow", "The ways"])]
)
def test_each_family_shows_its_own_layers(visit, family, layers):
    owner = visit()
    page = arrive(owner, QUERY + f"&family={family}")
    train(page)
    for layer in layers:
        expect(page.get_by_label(layer, exact=True)).to_be_visible()
    expect(page.get_by_label("D's opinion")).to_be_hidden()
    expect(page.locator("#points-objective")).to_be_hidden()
    expect(page.locator("#points-live .way")).to_be_visible(visible=family == "diffusion")
