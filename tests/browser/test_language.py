"""A language is a file: a made-up one, put beside the others, is spoken by the whole page."""

import json

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visitor
from tests.newcomer import copy_program, running

# Under the code of a language that Gradio speaks, since it takes no other.
WORDS = {
    "The page": {
        "Start": "EK",
        "Live training: GAN · VAE · diffusion": "VIVA GAN",
        "Learn: ideas, formulas and papers": "LERNU",
        "Prompt": "PETO",
        "Finished": "FINITA",
        "Generated, from the same noise each time": "FARITAJ",
        "Settings of this run": "AGORDOJ",
    },
    "What can go wrong": {"Write something first.": "SKRIBU"},
}
LESSON = "### La ludo {game}\n\nDu retoj ludas. [[Prompt]]\n"


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    folder = copy_program(tmp_path_factory.mktemp("program"))
    (folder / "assets" / "locale" / "eu.json").write_text(json.dumps(WORDS), "utf-8")
    (folder / "assets" / "learn" / "gan_training.eu.md").write_text(LESSON, "utf-8")
    with running(folder) as url:
        yield url


def test_a_made_up_language_is_spoken_by_page_views_errors_and_lessons(browser, program):
    visitor = Visitor(browser, program, locale="eu")
    page = visitor.arrive()
    expect(page.locator("html")).to_have_attribute("lang", "eu")
    expect(page.locator("#gan-start")).to_have_text("EK")
    expect(page.get_by_role("tab", name="VIVA GAN")).to_be_visible()
    expect(page.get_by_role("tab", name="Fine-tuning", exact=True)).to_be_visible()  # it has no word for that
    expect(page.locator("#gan-live .state")).to_have_text("FINITA")
    expect(page.locator("#gan-live .made-title")).to_have_text("FARITAJ")
    expect(page.locator("#gan-live .about summary")).to_have_text("AGORDOJ")
    expect(page.locator("#gan-live .real-title")).to_have_text("Real pictures")
    page.get_by_role("button", name="LERNU").click()
    expect(page.locator(".learn").first).to_contain_text("Du retoj ludas. PETO")
    page.get_by_role("tab", name="Text generation").click()
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".trouble", has_text="SKRIBU")).to_be_visible()
    assert not visitor.troubles
    visitor.context.close()
